"""Voicings: which notes of a chord sound where, with as little movement from chord to chord as can be."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from generation.engines.arranger.spans import ChordSpan

LOWEST_THIRD = 52
"""Below this pitch (E3) close thirds get muddy: the voicing is opened or moved up."""


PARALLEL_COST, INNER_PARALLEL_COST = 9.0, 1.5
"""In semitones of movement: what it costs when the highest voice, or one below it, goes along with the bass in octaves
or fifths."""


@lru_cache(maxsize=8192)
def voice(
    span: ChordSpan,
    kind: str,
    low: int,
    high: int,
    before: tuple[int, ...] = (),
    basses: tuple[int, int] | None = None,
) -> tuple[int, ...]:
    """The MIDI pitches of a chord, ascending, in low..high.

    `kind` is a voicing of the style files: "close" and "open" use all chord notes, "triad" the first three, "shell"
    third and seventh, "rich" leaves the root to the bass where there are more notes, "power" is root, fifth, octave.
    `before` is the voicing before, which the voices move from, and `basses` are the pitch classes of the bass under it
    and under this chord, None where it stays: voices that move from the one's octave or fifth to that of the other are
    kept for where nothing else fits.
    """
    if kind == "power":
        return _power(span, low, high)
    candidates = [c for c in _candidates(_chosen(span, kind), low, high, kind) if c[0] >= low and c[-1] <= high]
    if not candidates:
        candidates = _candidates(_chosen(span, "triad"), low, high + 12, "close")
    centre = (low + high) / 2
    return min(candidates, key=lambda chord: (_cost(chord, before, centre) + _parallels(chord, before, basses), chord))


def _power(span: ChordSpan, low: int, high: int) -> tuple[int, ...]:
    """Root, fifth, octave; the root in the lowest octave of the register (diminished chords keep their own fifth)."""
    root = low + (span.root - low) % 12
    fifth = next((step for step in (7, 6, 8) if (span.root + step) % 12 in span.pitch_classes), 7)
    chord = (root, root + fifth, root + 12)
    return chord if chord[-1] <= high + 5 else chord[:2]


def _chosen(span: ChordSpan, kind: str) -> tuple[int, ...]:
    tones = span.pitch_classes
    if kind == "triad" or len(tones) <= 3:
        return tones[:3]
    if kind == "shell":
        return (tones[1], tones[3], *tones[4:5])
    if kind == "rich":
        return tones[1:]
    return tones[:4]


def _candidates(tones: tuple[int, ...], low: int, high: int, kind: str) -> list[tuple[int, ...]]:
    """Every inversion in every octave of the register; open ones have their second highest note an octave down."""
    found = []
    for bottom in range(low - 12, high):
        if bottom % 12 not in tones:
            continue
        chord = tuple(sorted(bottom + (pc - bottom) % 12 for pc in tones))
        if kind == "open" and len(chord) >= 3:
            chord = tuple(sorted((*chord[:-2], chord[-2] - 12, chord[-1])))
        found.append(chord)
    return found


def _cost(chord: tuple[int, ...], before: tuple[int, ...], centre: float) -> float:
    away = abs(sum(chord) / len(chord) - centre)
    mud = sum(3.0 for a, b in pairwise(chord) if b - a <= 4 and a < LOWEST_THIRD)
    rub = sum(1.5 for a, b in pairwise(chord) if b - a == 1 and b == chord[-1])
    if not before:
        return away + mud + rub
    moved = sum(min(abs(note - other) for other in before) for note in chord)
    moved += sum(min(abs(note - other) for note in chord) for other in before)
    return 0.35 * away + mud + rub + 0.5 * moved + 0.6 * abs(chord[-1] - before[-1])


def _parallels(chord: tuple[int, ...], before: tuple[int, ...], basses: tuple[int, int] | None) -> float:
    """The cost of voices, counted from above, that keep an octave or a fifth with the bass."""
    if basses is None:
        return 0.0
    pairs = zip(reversed(before), reversed(chord), strict=False)
    kept = [(old - basses[0]) % 12 == (new - basses[1]) % 12 in (0, 7) for old, new in pairs]
    return sum(PARALLEL_COST if place == 0 else INNER_PARALLEL_COST for place, bad in enumerate(kept) if bad)
