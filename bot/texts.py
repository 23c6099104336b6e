"""What the bot writes into a channel: the check-in, the progress, the recipe in short; user words made harmless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from generation.request import Request, Take
from generation.service import CheckIn, JobState, JobStatus

MAX_MESSAGE_CHARACTERS = 2000
"""Discord's limit on a message's content."""
MAX_HEAD_CHARACTERS = 1200
"""Of a progress message's head (the check-in), so that every sentence still fits under it."""
MAX_TAKES_TEXT_CHARACTERS = 1900
"""Of a result's text, so that a note about where it is posted still fits under it."""
PROGRESS_BAR_STEPS = 12

_SPACES = re.compile(r"\s+")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Unicode categories that draw nothing or turn the line around: controls, bidi marks, zero-width signs."""


def plain(text: str, max_characters: int = 200) -> str:
    """One line of visible characters, cut at `max_characters`."""
    one_line = _SPACES.sub(" ", text)
    visible = "".join(c for c in one_line if unicodedata.category(c) not in _HIDDEN_CATEGORIES).strip()
    return visible if len(visible) <= max_characters else visible[: max_characters - 1].rstrip() + "…"


def quoted(text: str, max_characters: int = 200) -> str:
    """User words as inline code, in which Discord reads no mention, no markdown, no link and no invite.

    Empty when nothing visible is left.
    """
    visible = plain(text, max_characters).replace("`", "ˋ")
    return f"`{visible}`" if visible else ""


def duration(seconds: float) -> str:
    """A length for people: "8 s", "1 min 05 s", "5 min"."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"


def size(num_bytes: int) -> str:
    """A file size for people: "9.8 MB" (Discord counts 1024 * 1024 bytes as one MB)."""
    return f"{num_bytes / 1024**2:.1f} MB"


def headline(request: Request, person_id: str) -> str:
    """The first line of a job's messages: what, with which words, for whom."""
    words = quoted(request.prompt)
    return f"**{request.operation.value.capitalize()}**{' ' + words if words else ''} · <@{person_id}>"


def check_in_lines(check_ins: Iterable[CheckIn]) -> list[str]:
    """What was heard in each clip, and what was trimmed."""
    lines = []
    for check_in in check_ins:
        lines.append(f"Heard in {quoted(check_in.name, 80) or 'the clip'}: {check_in.hearing.sentence()}")
        lines += [small(remark) for remark in dict.fromkeys(check_in.remarks)]
    return lines


def small(sentence: str) -> str:
    """A sentence in Discord's small print. The sentence may carry user words (a file's name, a word of the prompt)."""
    return f"-# {escaped(sentence)}"


def escaped(sentence: str) -> str:
    """A sentence of ours that may carry a few user words: one line, markdown and mentions made harmless."""
    return re.sub(r"([\\*_~|`<>@#\[\]()])", r"\\\1", plain(sentence, 600)).replace("://", ":\u2060//")


def progress_bar(fraction: float) -> str:
    """`■■■□□□ 50 %` for a fraction of 0..1."""
    done = round(min(max(fraction, 0.0), 1.0) * PROGRESS_BAR_STEPS)
    return f"`{'■' * done}{'□' * (PROGRESS_BAR_STEPS - done)}` {round(fraction * 100)} %"


def status_line(status: JobStatus) -> str:
    """Where a job stands: its place and estimate while it waits, the bar while it runs, one sentence at its end."""
    match status.state:
        case JobState.QUEUED:
            place = "Next in line" if status.place <= 1 else f"Number {status.place} in line"
            return place + _estimate(status)
        case JobState.RUNNING:
            parts = [progress_bar(status.fraction), plain(status.stage, 40)]
            parts += [f"{duration(status.made_s)} of music"] if status.made_s >= 1 else []
            return " · ".join(part for part in parts if part) + _estimate(status)
        case JobState.FAILED:
            return escaped(status.sentence) or "That could not be made."
        case JobState.CANCELLED:
            return "Cancelled."
        case JobState.UNDELIVERABLE:
            return "Made, but it could not be posted; `/take show` has it."
        case _:
            return "Made."


def preview_line(duration_s: float) -> str:
    """What hangs under a job that is being made."""
    return small(f"Preview of what is there so far: {duration(duration_s)}")


def _estimate(status: JobStatus) -> str:
    return "" if status.estimate_s is None else f" · about {duration(max(status.estimate_s, 1))}"


def recipe_line(take: Take) -> str:
    """The recipe in short, in small print: length, engine, seed, licence, that it was generated, the take's id."""
    recipe = take.recipe
    engine = recipe.request.engine + (f" {recipe.request.model}" if recipe.request.model else "")
    parts = [duration(take.duration_s), engine, f"seed {recipe.seed}", recipe.licence, "AI-generated"]
    return "-# " + " · ".join(plain(part, 60) for part in parts) + f" · take `{plain(take.take_id, 80)}`"


def takes_text(head: str, takes: Sequence[Take], remarks: Iterable[str]) -> str:
    """The text of a finished job: headline, each take's recipe, the remarks (each told once)."""
    lines = [head]
    for number, take in enumerate(takes, start=1):
        lines.append(recipe_line(take) if len(takes) == 1 else recipe_line(take).replace("-# ", f"-# **{number}** · "))
    told = dict.fromkeys(remark for take in takes for remark in take.remarks) | dict.fromkeys(remarks)
    return cut([*lines, *(small(remark) for remark in told if remark)], MAX_TAKES_TEXT_CHARACTERS)


def pages(lines: Iterable[str]) -> list[str]:
    """The lines as texts that each fit a message; no line is torn."""
    found: list[str] = []
    for line in lines:
        if found and len(found[-1]) + 1 + len(line) <= MAX_MESSAGE_CHARACTERS:
            found[-1] += "\n" + line
        else:
            found.append(line[:MAX_MESSAGE_CHARACTERS])
    return found


def cut(lines: Sequence[str], max_characters: int = MAX_MESSAGE_CHARACTERS) -> str:
    """The lines as one text; the last ones are dropped when it would be too long for a message."""
    kept: list[str] = []
    left = max_characters
    for line in lines:
        if len(line) + 1 > left:
            break
        kept.append(line)
        left -= len(line) + 1
    return "\n".join(kept)
