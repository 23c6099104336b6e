"""Counterpoint of a tune and its bass: no octaves or fifths that run along with each other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from generation.engines.arranger.events import Event
from generation.engines.arranger.spans import Harmony

PERFECT = frozenset({0, 7})
"""Octaves and fifths, in semitones: two voices that move from one to the next sound like one voice."""
FARTHEST = 5
"""So many semitones from where it was written a note of the tune may be put."""
LARGEST_STEP = 9


def without_parallels(
    tune: tuple[Event, ...], bass: Sequence[Event], harmony: Harmony, register: tuple[int, int]
) -> tuple[Event, ...]:
    """The tune with another chord note where, from one beat to the next, it moves along with the bass in octaves or
    fifths. Notes of both are compared on whole beats of the grid; the tune's last note stays."""
    out, lows = sorted(tune, key=_start), sorted(bass, key=_start)
    if not out or not lows:
        return tune
    starts, low_starts = [event.start for event in out], [event.start for event in lows]
    before: tuple[int, int] | None = None
    for beat in range(int(out[0].start), int(out[-1].start)):
        index, low = _sounding(starts, out, beat), _sounding(low_starts, lows, beat)
        if index is None or low is None:
            before = None
            continue
        here = (lows[low].pitch, out[index].pitch)
        if before is not None and runs_along(before, here):
            here = (here[0], _instead(before, here, harmony.at(beat).pitch_classes, register))
            out[index] = replace(out[index], pitch=here[1])
        before = here
    return tuple(out)


def runs_along(before: tuple[int, int], here: tuple[int, int]) -> bool:
    """Whether two voices (low, high) move the same way from one octave or fifth to another."""
    low, high = here[0] - before[0], here[1] - before[1]
    interval = (before[1] - before[0]) % 12
    return low * high > 0 and interval in PERFECT and (here[1] - here[0]) % 12 == interval


def _instead(before: tuple[int, int], here: tuple[int, int], tones: tuple[int, ...], register: tuple[int, int]) -> int:
    """The nearest other chord note in reach that does not run along; the one written when there is none."""
    low, high = max(register[0], here[1] - FARTHEST), min(register[1], here[1] + FARTHEST)
    free = [
        pitch
        for pitch in range(low, high + 1)
        if pitch % 12 in tones and abs(pitch - before[1]) <= LARGEST_STEP and not runs_along(before, (here[0], pitch))
    ]
    return min(free, key=lambda pitch: (abs(pitch - here[1]), pitch), default=here[1])


def _sounding(starts: list[float], events: list[Event], beat: float) -> int | None:
    """The index of the note that sounds at a beat, None in a rest."""
    index = bisect_right(starts, beat + 1e-6) - 1
    return index if index >= 0 and events[index].end > beat else None


def _start(event: Event) -> float:
    return event.start
