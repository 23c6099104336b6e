"""What the product promises of its music, held against what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.music.result import Result, values_of

Promise = tuple[str, str, str, bool]
"""The promise, its aim, what was measured, and whether it is kept."""


def promises(results: Sequence[Result]) -> list[Promise]:
    """All of them; those that no case speaks of are left out."""
    own = [result for result in results if result.case.engine != "musicgen"]
    taken = [result for result in results if result.has("LUFS")]
    return [*_hearing(own), *_playing(own), *_joins(results), *_signal(taken), *_answers(results), *_effort(results)]


def _hearing(own: Sequence[Result]) -> list[Promise]:
    tempos = [r.figures.words["tempo"] for r in own if "tempo" in r.figures.words]
    rows = _share("tempo within 2 %", [tempo == "right" for tempo in tempos], 0.95)
    rows += _share("tempo within 2 %, half, double and thirds allowed", [tempo != "wrong" for tempo in tempos], 0.95)
    for word in ("key said", "key of the notes"):
        keys = [r.figures.words[word] for r in own if word in r.figures.words]
        rows += _share(f"{word}: same or relative", [key in ("same", "relative") for key in keys], 0.85)
    return rows


def _playing(own: Sequence[Result]) -> list[Promise]:
    rows: list[Promise] = []
    for operation in ("accompany", "blend"):
        chosen = [r for r in own if r.case.operation.value == operation]
        rows += _mean(f"beat F, {operation}", values_of(chosen, "beat F"), 0.9)
        rows += _mean(f"downbeat F, {operation}", values_of(chosen, "downbeat F"), 0.8)
    return rows


def _joins(results: Sequence[Result]) -> list[Promise]:
    rows: list[Promise] = []
    for engine in ("arranger", "musicgen"):
        joined = [r for r in results if r.case.operation.value == "extend" and r.case.engine == engine]
        heard = [r.falls_short("join at") for r in joined if r.has("step ratio")]
        rows += _none(f"joins that can't be heard, {engine}", heard)
        heard = [r.falls_short("join in mp3") for r in joined if r.has("mp3 step ratio")]
        rows += _none(f"the same in the MP3 that is posted, {engine}", heard)
    loops = [r for r in results if r.case.operation.value == "loop" and r.has("step ratio")]
    rows += _none("loops: seam that can't be heard", [r.falls_short("seam:", "a hole") for r in loops])
    rows += _none("loops: no gap in wav, flac, ogg", [r.falls_short("gap of", "moved by") for r in loops])
    return rows


def _signal(taken: Sequence[Result]) -> list[Promise]:
    replays = [r.figures.numbers["replay identical"] for r in taken if r.has("replay identical")]
    return [
        *_none("loudness -14 LUFS +-1", [r.falls_short("loudness") for r in taken]),
        *_none("true peak <= -1 dBFS", [r.falls_short("true peak") for r in taken]),
        *_none("lengths as asked", [r.falls_short("s long instead") for r in taken if r.has("length off s")]),
        *_none("replay identical", [replay != 1 for replay in replays]),
    ]


def _answers(results: Sequence[Result]) -> list[Promise]:
    return [
        *_none("no unexplained error", [r.falls_short("unexplained") for r in results]),
        *_none("no refusal of usable input", [r.falls_short("refused") for r in results]),
    ]


def _effort(results: Sequence[Result]) -> list[Promise]:
    rows: list[Promise] = []
    for clocked in (r.figures.numbers for r in results if r.has("clock s")):
        seconds, slowest = clocked["clock s"], clocked["slowest clock s"]
        found = f"{seconds:.2f} s (the slowest of five {slowest:.2f} s)"
        rows.append(("hear, finish and check 30 s of music on two cores", "<= 1.5 s", found, seconds <= 1.5))
    words, obeyed = values_of(results, "words").sum(), values_of(results, "words obeyed").sum()
    if words:
        found = f"{obeyed / words:.1%} of {words:.0f}"
        rows.append(("prompt words obeyed", ">= 95%", found, bool(obeyed / words >= 0.95)))
    return rows


def _none(name: str, faults: Sequence[bool]) -> list[Promise]:
    return _share(name, [not fault for fault in faults], 1.0)


def _share(name: str, kept: Sequence[bool], aim: float) -> list[Promise]:
    share = float(np.mean(kept)) if kept else 0.0
    return [(name, f">= {aim:.0%}", f"{share:.1%} of {len(kept)}", share >= aim)] if kept else []


def _mean(name: str, values: np.ndarray, aim: float) -> list[Promise]:
    if not values.size:
        return []
    return [(name, f">= {aim}", f"{values.mean():.3f} of {values.size}", bool(values.mean() >= aim))]
