"""Measures of a score: what a listener would notice, counted on its notes."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from generation.engines.arranger.compose import Composition, compose
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.theory import CHORD_SIGNS, PLAIN_NAMES, chord_pitch_classes, scale_of
from generation.engines.base import EngineJob
from generation.hearing import Hearing
from generation.request import Operation, Request

_QUALITY_OF_SIGN = {sign: quality for quality, sign in CHORD_SIGNS.items()}


def composed(
    operation: Operation, prompt: str, seed: int = 1, hearing: Hearing | None = None, **wishes: Any
) -> Composition:
    """A composition without its sound."""
    clips, hearings = (("clip",), (hearing,)) if hearing is not None else ((), ())
    *_, last = compose(EngineJob("job", Request(operation, prompt, clips, **wishes), seed, (), hearings))
    assert isinstance(last, Composition)
    return last


def part(score: Score, name: str) -> Part | None:
    """A part by name."""
    return next((found for found in score.parts if found.name == name), None)


def melodic(score: Score) -> list[Part]:
    """The parts whose notes have pitches."""
    return [p for p in score.parts if not p.is_drums and not p.name.startswith(("effects", "texture"))]


def chord_classes(name: str) -> tuple[int, ...]:
    """The pitch classes of a chord name of the recipe."""
    root = next(plain for plain in sorted(PLAIN_NAMES, key=len, reverse=True) if name.startswith(plain))
    sign = name[len(root) :]
    return chord_pitch_classes(PLAIN_NAMES.index(root), _QUALITY_OF_SIGN.get(sign, sign))


def share_in_harmony(composition: Composition) -> float:
    """Share of the pitched notes that lie in the key's scale or in the chord that sounds (with 60 ms of grace)."""
    spans = composition.details["chords"]
    starts = [span["start_s"] for span in spans]
    scale = set(scale_of(composition.frame.key))
    good = total = 0
    for found in melodic(composition.score):
        for note in found.notes:
            near = {max(bisect_right(starts, note.start_s + shift) - 1, 0) for shift in (-0.06, 0.06, 0.4)}
            allowed = scale.union(*(chord_classes(spans[index]["chord"]) for index in near))
            good += note.pitch % 12 in allowed
            total += 1
    return good / max(total, 1)


def bars_of(score: Score, found: Part, steps_per_beat: int = 4) -> list[frozenset[tuple[int, int]]]:
    """What a part plays in each bar: (step, pitch) of its notes on the grid."""
    beats, size = score.beats_s, score.beats_per_bar
    bars: list[set[tuple[int, int]]] = [set() for _ in range(len(beats) // size)]
    for note in found.notes:
        index = min(max(bisect_right(beats, note.start_s + 0.03) - 1, 0), len(beats) - 2)
        place = index + (note.start_s - beats[index]) / (beats[index + 1] - beats[index])
        bar = int((place + 0.12) // size)
        if bar < len(bars):
            bars[bar].add((round((place - bar * size) * steps_per_beat), note.pitch))
    return [frozenset(bar) for bar in bars]


def longest_run(bars: list[frozenset[tuple[int, int]]]) -> int:
    """How many bars in a row are exactly alike (empty bars do not count)."""
    longest = run = 0
    before: frozenset[tuple[int, int]] | None = None
    for bar in bars:
        run = run + 1 if bar and bar == before else int(bool(bar))
        before, longest = bar, max(longest, run)
    return longest


def strokes_of(made: Composition) -> frozenset[tuple[str, int, int, int]]:
    """(part, bar, step, pitch) of every note, counted from the key's tonic, so that the same piece in another key or
    tempo is the same; drums by their instruments."""
    tonic = made.frame.key.tonic
    return frozenset(
        (found.name, bar, step, pitch if found.is_drums else (pitch - tonic) % 12)
        for found in made.score.parts
        if not found.name.startswith(("effects", "texture"))
        for bar, notes in enumerate(bars_of(made.score, found))
        for step, pitch in notes
    )


def likeness(one: Composition, other: Composition, name: str | None = None) -> float:
    """How much of two pieces, or of the part of this name, is the same: notes in both, of all there are (Jaccard)."""
    a, b = ({stroke for stroke in strokes_of(made) if name in (None, stroke[0])} for made in (one, other))
    return len(a & b) / max(len(a | b), 1)
