"""The rhythm of a clip: from activations and harmony to beats, bars, tempo and what to say about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from generation.audio.analyse.bars import Bars, bar_evidence, find_bars
from generation.audio.analyse.beatnet import BeatActivations
from generation.audio.analyse.beats import MIN_BEATS, Times, activation_at, between, decode, tempo_of
from generation.audio.analyse.harmonic_pulse import harmonic_pulse
from generation.audio.analyse.metre import compound, sounds_like_five
from generation.audio.analyse.overrides import Overrides
from generation.audio.analyse.tempo import METRES, best_pulse
from generation.hearing import MIN_BEAT_CONFIDENCE

OVERRIDE_TOLERANCE = 0.08
SAME_TEMPO = 0.04
WEAK_ACTIVATION = 0.55
"""Below it the tracked beats give way to those of a regular harmony."""
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


def find_rhythm(
    activations: BeatActivations, change: Times, chord_s: float | None, is_pitched: bool, overrides: Overrides
) -> Rhythm:
    """The rhythm; `change` is the harmonic change, `chord_s` how long a chord usually lasts (None: not known)."""
    times_s, confidence = _beats(activations, change, chord_s, is_pitched, overrides)
    if times_s.size < MIN_BEATS:
        return Rhythm(confidence=confidence, remarks=("I hear no steady beat.",))
    if confidence < MIN_BEAT_CONFIDENCE and overrides.tempo_bpm is None:
        return Rhythm(confidence=confidence, remarks=("I hear no steady beat.",))
    if overrides.tempo_factor == 2.0:
        times_s = between(times_s)
    evidence = bar_evidence(activations, change, times_s)
    if overrides.tempo_factor == 0.5:
        first = int(evidence[1::2].sum() > evidence[::2].sum())
        times_s, evidence = times_s[first::2], evidence[first::2]
    return _barred(times_s, evidence, activations, confidence, overrides)


def _beats(
    activations: BeatActivations, change: Times, chord_s: float | None, is_pitched: bool, overrides: Overrides
) -> tuple[Times, float]:
    """Beat times and the confidence in them."""
    either = activations.either
    if overrides.tempo_bpm is not None:
        low, high = overrides.tempo_bpm * (1 - OVERRIDE_TOLERANCE), overrides.tempo_bpm * (1 + OVERRIDE_TOLERANCE)
        times_s = decode(either, low, high)
        return times_s, max(_strength(either, times_s), MIN_BEAT_CONFIDENCE)
    pulse = best_pulse(activations, change, decode(either), chord_s)
    if pulse is None:
        return np.empty(0), 0.0
    strength = _strength(either, pulse.times_s)
    regular = harmonic_pulse(change) if is_pitched and strength < MIN_BEAT_CONFIDENCE else None
    if regular is None:
        return pulse.times_s, strength
    harmonic_s, regularity = regular
    octaves = np.log2(tempo_of(harmonic_s) / pulse.tempo_bpm)
    if abs(octaves - round(octaves)) < SAME_TEMPO:
        return pulse.times_s, _either_of(strength, regularity)
    if strength < WEAK_ACTIVATION:
        return harmonic_s, _either_of(_strength(either, harmonic_s), regularity)
    return pulse.times_s, strength


def _strength(either: Times, times_s: Times) -> float:
    """The mean activation at the beats: 0.77 and up for most music, 0.54 for speech, 0.38 for noise."""
    return float(activation_at(either, times_s).mean()) if times_s.size else 0.0


def _either_of(first: float, second: float) -> float:
    """The probability that one of two independent signs is right."""
    return 1 - (1 - first) * (1 - second)


def _barred(
    times_s: Times, evidence: Times, activations: BeatActivations, confidence: float, overrides: Overrides
) -> Rhythm:
    """Bars over the beats, by the metre that was given or the one that fits."""
    remarks = []
    wanted = overrides.beats_per_bar
    bars = find_bars(evidence, METRES if wanted is None else (wanted,))
    if wanted is None:
        counting = compound(times_s, bars, activations.rise) if overrides.tempo_bpm is None else None
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
        metre_confidence=_metre_confidence(bars, wanted is not None),
        remarks=tuple(remarks),
    )


def _metre_confidence(bars: Bars, is_given: bool) -> float:
    return 1.0 if is_given else float(np.clip(bars.score / FULL_BAR_SCORE, 0, 1))


def _tempo_changes(times_s: Times) -> bool:
    """Whether the tempo of the first and the last third of the beats differ by more than 7 %."""
    third = times_s.size // 3
    if third < MIN_BEATS:
        return False
    first, last = tempo_of(times_s[:third]), tempo_of(times_s[-third:])
    return bool(abs(np.log(first / last)) > CHANGING_TEMPO)
