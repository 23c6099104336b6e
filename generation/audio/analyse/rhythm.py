"""The rhythm of a clip: from its beats to bars, metre and tempo, and what to say about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from generation.audio.analyse.bars import Bars, bar_evidence, find_bars
from generation.audio.analyse.beats import MIN_BEATS, Times, between, tempo_of
from generation.audio.analyse.metre import compound, sounds_like_five
from generation.audio.analyse.overrides import Overrides
from generation.audio.analyse.pulse import Heard, find_beats
from generation.audio.analyse.tempo import METRES
from generation.hearing import MIN_BEAT_CONFIDENCE

CHANGING_TEMPO = 0.07
FULL_BAR_SCORE = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """Beats and bars, empty when there is no beat that can be trusted; confidences 0..1."""

    beats_s: Times = field(default_factory=lambda: np.empty(0))
    downbeats_s: Times = field(default_factory=lambda: np.empty(0))
    tempo_bpm: float | None = None
    confidence: float = 0.0
    beats_per_bar: int = 4
    metre_confidence: float = 0.0
    remarks: tuple[str, ...] = ()


def find_rhythm(heard: Heard, overrides: Overrides) -> Rhythm:
    """The rhythm, as far as the beats can be trusted or the tempo was given."""
    times_s, confidence = find_beats(heard, overrides)
    trusted = confidence >= MIN_BEAT_CONFIDENCE or overrides.tempo_bpm is not None
    if times_s.size < MIN_BEATS or not trusted:
        return Rhythm(confidence=min(confidence, MIN_BEAT_CONFIDENCE))  # the hearing's sentence says so
    times_s = _halved_or_doubled(times_s, heard, overrides.tempo_factor)
    return _barred(times_s, heard, confidence, overrides)


def _halved_or_doubled(times_s: Times, heard: Heard, factor: float) -> Times:
    """Half the beats (those that sound more like downbeats) or twice as many, as was asked for."""
    if factor == 2.0:
        return between(times_s)
    if factor == 0.5 and times_s.size >= 2 * MIN_BEATS:
        evidence = bar_evidence(heard.activations, heard.change, times_s)
        return times_s[int(evidence[1::2].mean() > evidence[::2].mean()) :: 2]
    return times_s


def _barred(times_s: Times, heard: Heard, confidence: float, overrides: Overrides) -> Rhythm:
    """Bars over the beats, by the metre that was given or the one that fits."""
    evidence = bar_evidence(heard.activations, heard.change, times_s)
    remarks = []
    wanted = overrides.beats_per_bar
    bars = find_bars(evidence, METRES if wanted is None else (wanted,))
    if wanted is None:
        counted_freely = overrides.tempo_bpm is None and overrides.tempo_factor == 1.0
        counting = compound(times_s, bars, heard.activations.rise) if counted_freely else None
        if counting is not None:
            times_s, bars = counting.times_s, counting.bars
        elif sounds_like_five(evidence, bars):
            remarks.append("This sounds like five beats a bar; I count it in four, the nearest I can play.")
            bars = replace(find_bars(evidence, (4,)), score=0.0)
    if _tempo_changes(times_s):
        remarks.append("The tempo changes; I follow it beat by beat.")
    return Rhythm(
        beats_s=times_s,
        downbeats_s=times_s[bars.first :: bars.beats_per_bar],
        tempo_bpm=tempo_of(times_s),
        confidence=confidence,
        beats_per_bar=bars.beats_per_bar,
        metre_confidence=1.0 if wanted else _metre_confidence(bars),
        remarks=tuple(remarks),
    )


def _metre_confidence(bars: Bars) -> float:
    return float(np.clip(bars.score / FULL_BAR_SCORE, 0, 1))


def _tempo_changes(times_s: Times) -> bool:
    """Whether the tempo of the first and the last third of the beats differ by more than 7 %."""
    third = times_s.size // 3
    if third < MIN_BEATS:
        return False
    first, last = tempo_of(times_s[:third]), tempo_of(times_s[-third:])
    return bool(abs(np.log(first / last)) > CHANGING_TEMPO)
