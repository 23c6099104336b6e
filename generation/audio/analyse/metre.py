"""Compound and odd metres: 6/8, which a beat tracker takes for three or four, and 5/4, which is only named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from generation.audio.analyse.bars import Bars, find_bars
from generation.audio.analyse.beats import Times, activation_at, between, tempo_of

PAIR_LEAD = 1.15
THIRD_SHARE, THIRD_LEAD = 0.15, 1.5
DOTTED_BPM = (38.0, 110.0)
"""Tempos of the dotted quarter that are looked at for 6/8."""
FIVE_LEAD = 0.3
MIN_BARS_OF_FIVE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Counting:
    """Beat times and how they are barred."""

    times_s: Times
    bars: Bars


def compound(times_s: Times, bars: Bars, rise: Times) -> Counting | None:
    """The clip counted in eighths of 6/8, where its onsets say so, otherwise None.

    `rise` float64 [frames] is the strength of onsets, 50 frames a second. A bar of 6/8 reads as a bar of three beats of
    two eighths; onsets on the first and fourth eighth, not on the third and fifth, tell them apart. Or the dotted
    quarter was tracked, alone or halved: then onsets lie on its thirds and not on its half.
    """
    if bars.beats_per_bar == 3:
        first = _paired_eighths(times_s, bars, rise)
        eighths_s = between(times_s)
        return None if first is None else Counting(eighths_s, replace(bars, beats_per_bar=6, first=first))
    for dotted_s in (times_s, times_s[bars.first % 2 :: 2]):
        if dotted_s.size > 2 and DOTTED_BPM[0] <= tempo_of(dotted_s) <= DOTTED_BPM[1] and _in_thirds(dotted_s, rise):
            first_bar = int(np.abs(dotted_s - times_s[bars.first]).argmin()) % 2
            return Counting(between(dotted_s, 3), replace(bars, beats_per_bar=6, first=3 * first_bar))
    return None


def _paired_eighths(times_s: Times, bars: Bars, rise: Times) -> int | None:
    """The first eighth that begins a bar of 6/8, if two eighths half a bar apart stand out from the other four."""
    eighths_s = between(times_s)
    position = (np.arange(eighths_s.size) - 2 * bars.first) % 6
    strength = activation_at(rise, eighths_s)
    means = np.array([strength[position == k].mean() if (position == k).any() else 0.0 for k in range(6)])
    weaker = np.minimum(means[:3], means[3:])
    start = int(weaker.argmax())
    others = np.delete(means, [start, start + 3])
    if weaker[start] < PAIR_LEAD * others.max():
        return None
    return (2 * bars.first + (start if start < 2 else start - 3)) % 6


def _in_thirds(dotted_s: Times, rise: Times) -> bool:
    on = activation_at(rise, dotted_s).mean()
    thirds_s, halves_s = between(dotted_s, 3), between(dotted_s, 2)
    third = min(activation_at(rise, thirds_s[1::3]).mean(), activation_at(rise, thirds_s[2::3]).mean())
    half = activation_at(rise, halves_s[1::2]).mean()
    return bool(third > THIRD_SHARE * on and third > THIRD_LEAD * half)


def sounds_like_five(evidence: Times, bars: Bars) -> bool:
    """Whether bars of five fit the evidence of `bars.bar_evidence` clearly better than the bars that were chosen."""
    if evidence.size < MIN_BARS_OF_FIVE * 5:
        return False
    return find_bars(evidence, (5,)).score > bars.score + FIVE_LEAD
