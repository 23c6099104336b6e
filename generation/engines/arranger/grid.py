"""The grid: beats and bars as times, steady or the clip's own wavering ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import linear_regression, median

GLIDE_SHARE = 0.015
"""Six beats that are heard to 10 ms have a pace that is known to half a per cent."""

EVEN_BEATS = 8
EVEN_WITHIN_S = 0.015
"""Beats of a steady clip are heard this exactly (50 frames a second); one that is off by twice as much was misheard."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Beats in seconds. Beat 0 is a downbeat at or before second 0 (so its time may be negative).

    `beats_s` is strictly rising; `beats_per_bar` groups them; `steps_per_beat` is how many sixteenth-note steps of a
    pattern a beat has: 4, or 2 in 6/8, whose beats are eighths.
    """

    beats_s: tuple[float, ...]
    beats_per_bar: int
    steps_per_beat: int

    @property
    def steps_per_bar(self) -> int:
        """16 in 4/4, 12 in 3/4 and 6/8."""
        return self.beats_per_bar * self.steps_per_beat

    @property
    def beat_s(self) -> float:
        """The median length of a beat in seconds."""
        return median(b - a for a, b in pairwise(self.beats_s))

    @property
    def bar_s(self) -> float:
        """The median length of a bar in seconds."""
        return self.beat_s * self.beats_per_bar

    def seconds(self, beat: float) -> float:
        """The time of a position in beats; beyond the grid it goes on at the tempo of the nearest beat."""
        last = len(self.beats_s) - 1
        index = min(max(int(beat // 1), 0), last - 1)
        left, right = self.beats_s[index], self.beats_s[index + 1]
        return left + (beat - index) * (right - left)

    def beat_at(self, seconds: float) -> float:
        """The inverse of `seconds`."""
        index = min(max(bisect_right(self.beats_s, seconds) - 1, 0), len(self.beats_s) - 2)
        left, right = self.beats_s[index], self.beats_s[index + 1]
        return index + (seconds - left) / (right - left)

    def bar_of(self, beat: float) -> int:
        """The bar that a position lies in."""
        return int(beat // self.beats_per_bar)

    def downbeats_s(self) -> tuple[float, ...]:
        """The times of the first beats of all bars."""
        return self.beats_s[:: self.beats_per_bar]

    def rescaled(self, rate: float) -> Grid:
        """The grid with 2, 4, 0.5 or 0.25 times as many beats to the second, so that a style finds its own tempo."""
        if rate == 4:
            return self.rescaled(2).rescaled(2)
        if rate == 0.25:
            return self.rescaled(0.5).rescaled(0.5)
        if rate == 2:
            times = self.beats_s
            between = [t for a, b in pairwise(times) for t in (a, (a + b) / 2)]
            return Grid((*between, times[-1]), self.beats_per_bar, self.steps_per_beat)
        if rate == 0.5:
            return Grid(self.beats_s[::2], self.beats_per_bar, self.steps_per_beat)
        return self


def steps_per_beat(beats_per_bar: int) -> int:
    """How many sixteenths a beat of this metre has: the beats of 6/8 are eighths."""
    return 2 if beats_per_bar == 6 else 4


def steady_grid(beat_s: float, duration_s: float, beats_per_bar: int, first_beat: float = 0.0) -> Grid:
    """A grid of even beats from before 0 to two bars past `duration_s`; `first_beat` is the beat that lies at second 0.

    `first_beat` may be fractional and lies in 0..beats_per_bar.
    """
    num_beats = int(duration_s / beat_s + first_beat) + 2 * beats_per_bar + 2
    times = tuple((index - first_beat) * beat_s for index in range(num_beats))
    return Grid(times, beats_per_bar, steps_per_beat(beats_per_bar))


def heard_grid(beats_s: Sequence[float], downbeats_s: Sequence[float], beats_per_bar: int, duration_s: float) -> Grid:
    """The clip's own beats as a grid: holes filled, carried on to both sides at the tempo found there.

    The bar line is where most of the heard downbeats fall.
    """
    times = _with_likely_end(_filled(sorted(beats_s)))
    phase = _bar_phase(times, downbeats_s, beats_per_bar)
    lead, tail = _pace(times[:16]), _end_pace(times[-16:])
    before = 0
    while times[0] - before * lead > 1e-6 or (before + phase) % beats_per_bar:
        before += 1
    after = max(0, int((duration_s - times[-1]) / tail) + 2 * beats_per_bar + 2)
    start = [times[0] - index * lead for index in range(before, 0, -1)]
    end = [times[-1] + index * tail for index in range(1, after + 1)]
    return Grid((*start, *times, *end), beats_per_bar, steps_per_beat(beats_per_bar))


def _edge_beat(times: Sequence[float]) -> float:
    return median(b - a for a, b in pairwise(times))


def _pace(times: Sequence[float]) -> float:
    """The beat that fits best: over some bars the unevenness of single heard beats cancels out."""
    return linear_regression(range(len(times)), times).slope


def _end_pace(times: Sequence[float]) -> float:
    """The pace to go on at: of the last beats alone where the clip gets ever faster or slower (a waver is no glide)."""
    if len(times) < 16:
        return _pace(times)
    early, middle, late = (_pace(times[first : first + 6]) for first in (0, 5, 10))
    changes = (middle / early - 1, late / middle - 1)
    return late if min(changes) > GLIDE_SHARE or max(changes) < -GLIDE_SHARE else _pace(times)


def _with_likely_end(times: list[float]) -> list[float]:
    """A clip's last beat, often heard with nothing after it, is where those before it point to, if these are even."""
    before = times[-1 - EVEN_BEATS : -1]
    if len(before) < EVEN_BEATS:
        return times
    slope, start = linear_regression(range(EVEN_BEATS), before)
    off = [abs(time - start - index * slope) for index, time in enumerate(before)]
    likely = start + EVEN_BEATS * slope
    is_astray = max(off) <= EVEN_WITHIN_S and abs(times[-1] - likely) > 2 * EVEN_WITHIN_S
    return [*times[:-1], likely] if is_astray else times


def _filled(times: Sequence[float]) -> list[float]:
    """Without doubled beats (nearer than a third of a beat), and with missed ones put in."""
    usual = _edge_beat(times)
    filled = [times[0]]
    for time in times[1:]:
        gap = time - filled[-1]
        if gap < usual / 3:
            continue
        missing = round(gap / usual) - 1
        filled += [filled[-1] + gap * (index + 1) / (missing + 1) for index in range(missing)]
        filled.append(time)
    return filled


def _bar_phase(times: Sequence[float], downbeats_s: Sequence[float], beats_per_bar: int) -> int:
    """Which beat (0..beats_per_bar - 1) is the first downbeat, by the vote of the heard downbeats."""
    votes = [0] * beats_per_bar
    for downbeat in downbeats_s:
        nearest = min(range(len(times)), key=lambda index: abs(times[index] - downbeat))
        votes[nearest % beats_per_bar] += 1
    return votes.index(max(votes))
