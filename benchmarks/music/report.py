"""Tables of the benchmark: by engine and operation, promises, the worst cases and the line that makes each again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.music.cases import Case
from benchmarks.music.figures import Figures

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


@dataclass(frozen=True)
class Result:
    """A case and its figures."""

    case: Case
    figures: Figures


def groups(results: Sequence[Result]) -> dict[str, list[Result]]:
    """By engine and operation, in the order of the cases."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(f"{result.case.engine} {result.case.operation.value}", []).append(result)
    return found


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


def _values(items: Sequence[Result], name: str) -> np.ndarray:
    found = [result.figures.numbers.get(name, math.nan) for result in items]
    return np.array([value for value in found if not math.isnan(value)])


def _cell(items: Sequence[Result], name: str, how: str, form: str) -> str:
    values = _values(items, name)
    if not values.size:
        return ""
    if how == "range":
        return f"{values.min():{form}} to {values.max():{form}}"
    return f"{SUMMED[how](values):{form}}"


def _counted(items: Sequence[Result], word: str) -> str:
    counts = Counter(result.figures.words[word] for result in items if word in result.figures.words)
    return ", ".join(f"{name} {number}" for name, number in counts.most_common())


def _obeyed(items: Sequence[Result]) -> str:
    wanted = _values(items, "words").sum()
    return f"{_values(items, 'words obeyed').sum():.0f} of {wanted:.0f}" if wanted else ""


def targets(results: Sequence[Result]) -> list[tuple[str, str, str, bool]]:
    """What the product promises: (promise, aim, measured, kept); promises that no case speaks of are left out."""
    rows: list[tuple[str, str, str, bool]] = []

    def share(name: str, found: list[bool], aim: float) -> None:
        if found:
            mean = float(np.mean(found))
            rows.append((name, f">= {aim:.0%}", f"{mean:.1%} of {len(found)}", mean >= aim))

    def mean_of(name: str, values: np.ndarray, aim: float) -> None:
        if values.size:
            rows.append((name, f">= {aim}", f"{values.mean():.3f} of {values.size}", bool(values.mean() >= aim)))

    own = [result for result in results if result.case.engine != "musicgen"]
    kinds = [r.figures.words["tempo"] for r in own if "tempo" in r.figures.words]
    share("tempo within 2 %", [kind == "right" for kind in kinds], 0.95)
    share("tempo within 2 %, half, double and thirds allowed", [kind != "wrong" for kind in kinds], 0.95)
    for word in ("key said", "key of the notes"):
        keys = [r.figures.words[word] for r in own if word in r.figures.words]
        share(f"{word}: same or relative", [key in ("same", "relative") for key in keys], 0.85)
    for operation in ("accompany", "blend"):
        chosen = [r for r in own if r.case.operation.value == operation]
        mean_of(f"beat F, {operation}", _values(chosen, "beat F"), 0.9)
        mean_of(f"downbeat F, {operation}", _values(chosen, "downbeat F"), 0.8)
    for engine in ("arranger", "musicgen"):
        joined = [r for r in results if r.case.operation.value == "extend" and r.case.engine == engine]
        share(
            f"joins that can't be heard, {engine}",
            [not _says(r, "join at") for r in joined if _has(r, "step ratio")],
            1.0,
        )
        share(
            f"the same in the MP3 that is posted, {engine}",
            [not _says(r, "join in mp3") for r in joined if _has(r, "mp3 step ratio")],
            1.0,
        )
    loops = [r for r in results if r.case.operation.value == "loop" and _has(r, "step ratio")]
    share("loops: seam that can't be heard", [not _says(r, "seam:", "a hole") for r in loops], 1.0)
    share("loops: no gap in wav, flac, ogg", [not _says(r, "gap of", "moved by") for r in loops], 1.0)
    taken = [r for r in results if _has(r, "LUFS")]
    share("loudness -14 LUFS +-1", [not _says(r, "loudness") for r in taken], 1.0)
    share("true peak <= -1 dBFS", [not _says(r, "true peak") for r in taken], 1.0)
    share("lengths as asked", [not _says(r, "s long instead") for r in taken if _has(r, "length off s")], 1.0)
    share(
        "replay identical",
        [r.figures.numbers["replay identical"] == 1 for r in taken if _has(r, "replay identical")],
        1.0,
    )
    share("no unexplained error", [not _says(r, "unexplained") for r in results], 1.0)
    share("no refusal of usable input", [not _says(r, "refused") for r in results], 1.0)
    for clocked in (r.figures.numbers for r in results if _has(r, "clock s")):
        seconds, slowest = clocked["clock s"], clocked["slowest clock s"]
        found = f"{seconds:.2f} s (the slowest of five {slowest:.2f} s)"
        rows.append(("hear, finish and check 30 s of music on two cores", "<= 1.5 s", found, seconds <= 1.5))
    words, obeyed = _values(results, "words").sum(), _values(results, "words obeyed").sum()
    if words:
        rows.append(
            ("prompt words obeyed", ">= 95%", f"{obeyed / words:.1%} of {words:.0f}", bool(obeyed / words >= 0.95))
        )
    return rows


def _has(result: Result, name: str) -> bool:
    return name in result.figures.numbers


def _says(result: Result, *beginnings: str) -> bool:
    return any(start in sentence for sentence in result.figures.short for start in beginnings)


def worst(results: Sequence[Result], number: int = 40) -> list[tuple[str, str]]:
    """The cases in which most falls short, each with what does, and the command that makes it again."""
    order = sorted((r for r in results if r.figures.short), key=lambda r: -len(r.figures.short))
    return [
        (f"python -m benchmarks.musicality --case {r.case.name}", "; ".join(r.figures.short)) for r in order[:number]
    ]


def markdown(results: Sequence[Result], heading: Sequence[str]) -> str:
    """The whole report as a page."""
    from benchmarks.music.listing import case_tables

    lines = [*heading, "", "## Promises", "", "| promise | aim | measured | kept |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {aim} | {found} | {'yes' if kept else '**no**'} |" for name, aim, found, kept in targets(results)
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
