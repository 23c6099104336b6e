"""Tables of the benchmark: by engine and operation, promises, the worst cases and the line that makes each again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.music.listing import case_tables
from benchmarks.music.promises import promises
from benchmarks.music.result import Result, groups, values_of

NUMBERS: dict[str, tuple[str, str]] = {
    # name: (how it is summed up, format)
    "heard beat F": ("mean", ".2f"),
    "heard downbeat F": ("mean", ".2f"),
    "beat F": ("mean", ".2f"),
    "downbeat F": ("mean", ".2f"),
    "sound beat F": ("mean", ".2f"),
    "beat off ms": ("median", ".0f"),
    "lag ms": ("median", "+.0f"),
    "tempo of the sound error %": ("median", ".2f"),
    "in scale": ("mean", ".2f"),
    "chord tones of the lead": ("mean", ".2f"),
    "chord tones of the band": ("mean", ".2f"),
    "not kept s": ("max", ".2f"),
    "step ratio": ("max", ".2f"),
    "jump excess dB": ("max", "+.1f"),
    "mp3 step ratio": ("max", ".2f"),
    "mp3 jump excess dB": ("max", "+.1f"),
    "jump excess ogg dB": ("max", "+.1f"),
    "weight off": ("max", ".2f"),
    "hole ms": ("max", ".0f"),
    "gap wav": ("worst", ".0f"),
    "gap flac": ("worst", ".0f"),
    "gap ogg": ("worst", ".0f"),
    "gap mp3": ("worst", ".0f"),
    "bars off %": ("max", ".1f"),
    "start off ms": ("max", ".0f"),
    "two beats off ms": ("median", ".0f"),
    "two bars off ms": ("median", ".0f"),
    "stretch %": ("max", ".0f"),
    "length off s": ("worst", "+.2f"),
    "LUFS": ("range", ".1f"),
    "true peak": ("max", ".1f"),
    "replay identical": ("mean", ".2f"),
    "hear s": ("median", ".2f"),
    "make s": ("median", ".2f"),
    "finish s": ("median", ".2f"),
    "keep s": ("median", ".2f"),
    "encode s": ("median", ".2f"),
}
SUMMED: dict[str, Callable[[np.ndarray], float]] = {
    "mean": np.mean, "median": np.median, "max": np.max, "worst": lambda values: values[np.abs(values).argmax()],
}  # fmt: skip
Row = tuple[str, ...]


def table(results: Sequence[Result]) -> list[Row]:
    """A row for each figure, a column for each engine and operation; the first row has their names."""
    by_group = groups(results)
    rows: list[Row] = [("", *by_group), ("cases", *(str(len(items)) for items in by_group.values()))]
    for name, (how, form) in NUMBERS.items():
        cells = [_cell(items, name, how, form) for items in by_group.values()]
        if any(cells):
            rows.append((name if how == "range" else f"{name}, {how}", *cells))
    for word in ("tempo", "key heard", "key said", "key of the notes", "keys of the two"):
        rows.append((word, *(_counted(items, word) for items in by_group.values())))
    rows.append(("prompt words obeyed", *(_obeyed(items) for items in by_group.values())))
    rows.append(
        ("something falls short", *(str(sum(bool(r.figures.short) for r in items)) for items in by_group.values()))
    )
    return rows


def _cell(items: Sequence[Result], name: str, how: str, form: str) -> str:
    values = values_of(items, name)
    if not values.size:
        return ""
    if how == "range":
        return f"{values.min():{form}} to {values.max():{form}}"
    return f"{SUMMED[how](values):{form}}"


def _counted(items: Sequence[Result], word: str) -> str:
    counts = Counter(result.figures.words[word] for result in items if word in result.figures.words)
    return ", ".join(f"{name} {number}" for name, number in counts.most_common())


def _obeyed(items: Sequence[Result]) -> str:
    wanted = values_of(items, "words").sum()
    return f"{values_of(items, 'words obeyed').sum():.0f} of {wanted:.0f}" if wanted else ""


def worst(results: Sequence[Result], number: int = 40) -> list[tuple[str, str]]:
    """The cases in which most falls short, each with what does, and the command that makes it again."""
    order = sorted((r for r in results if r.figures.short), key=lambda r: -len(r.figures.short))
    return [
        (f"python -m benchmarks.musicality --case {r.case.name}", "; ".join(r.figures.short)) for r in order[:number]
    ]


def markdown(results: Sequence[Result], heading: Sequence[str]) -> str:
    """The whole report as a page."""
    lines = [*heading, "", "## Promises", "", "| promise | aim | measured | kept |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {aim} | {found} | {'yes' if kept else '**no**'} |" for name, aim, found, kept in promises(results)
    ]
    lines += ["", "## By engine and operation", ""]
    for engine in dict.fromkeys(result.case.engine for result in results):
        first, *rest = table([result for result in results if result.case.engine == engine])
        lines += [f"| {' | '.join(first)} |", "| --- " * len(first) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in rest if any(row[1:])] + [""]
    lines += ["## What falls short, and the line that makes it again", ""]
    lines += [f"- `{command}`: {sentence}" for command, sentence in worst(results)]
    answers = [(r.case.name, r.figures.words["answer"]) for r in results if "answer" in r.figures.words]
    lines += ["", "## Sentences instead of a take", "", *(f"- {name}: {sentence}" for name, sentence in answers)]
    lines += ["", "## Every case", "", *case_tables(results)]
    return "\n".join(lines) + "\n"
