"""The rhythm of a clip: from its beats to bars, metre and tempo, and what to say about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from generation.audio.analyse.bars import Bars, bar_evidence, find_bars
from generation.audio.analyse.beats import FRAMES_PER_S, MIN_BEATS, Times, between, tempo_of
from generation.audio.analyse.metre import compound, sounds_like_five
from generation.audio.analyse.overrides import Overrides
from generation.audio.analyse.pulse import Heard, find_beats
from generation.audio.analyse.tempo import METRES
from generation.hearing import MIN_BEAT_CONFIDENCE

SAY_TEMPO = "If it has a beat that I don't hear, say its tempo, such as “96 bpm”: then I count by that."
MIN_LENGTH_S = 2.0
"""In less there are hardly beats to count, whatever is said."""
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
    beats = find_beats(heard, overrides)
    trusted = beats.confidence >= MIN_BEAT_CONFIDENCE or overrides.tempo_bpm is not None
    if beats.times_s.size < MIN_BEATS or not trusted:
        told = (SAY_TEMPO,) if heard.change.size >= MIN_LENGTH_S * FRAMES_PER_S else ()
        return Rhythm(confidence=min(beats.confidence, MIN_BEAT_CONFIDENCE), remarks=told)
    times_s = _halved_or_doubled(beats.times_s, heard, overrides.tempo_factor)
    rhythm = _barred(times_s, heard, beats.confidence, overrides)
    if beats.rival_bpm is None or overrides.tempo_factor != 1.0 or rhythm.beats_per_bar == 6:
        return rhythm
    remark = f"I count {rhythm.tempo_bpm:.0f} BPM; if you count {beats.rival_bpm:.0f} BPM, say so, and I do too."
    return replace(rhythm, remarks=(*rhythm.remarks, remark))


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
