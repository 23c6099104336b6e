"""Which of the possible pulses is the beat: the tracked one, half, double, or shifted by half a beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generation.audio.analyse.bars import Bars, bar_evidence, find_bars
from generation.audio.analyse.beatnet import BeatActivations
from generation.audio.analyse.beats import MIN_BEATS, Times, activation_at, between, tempo_of

USUAL_BPM, USUAL_OCTAVES = 105.0, 0.8
"""A prior on tempo: normal in octaves around 105 BPM, wide because the other evidence is good."""
ACTIVATION_SHARE, MAX_LOG_ODDS = 0.3, 3.0
HARMONY_SHARE = 1.0
BARS_SHARE = 2.0
USUAL_BEATS_PER_CHORD = 4.0
METRES = (3, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """A way to count the clip: beat times, bars, and how well it fits (higher is better)."""

    times_s: Times
    bars: Bars
    fit: float

    @property
    def tempo_bpm(self) -> float:
        """The tempo of its beats."""
        return tempo_of(self.times_s)


def best_pulse(activations: BeatActivations, change: Times, times_s: Times, chord_s: float | None) -> Pulse | None:
    """The pulse that fits best, None when there are fewer than four beats in all of them.

    `times_s` are the tracker's beats, `change` the harmonic change (50 frames a second), `chord_s` how long a chord
    lasts usually, None without chords. The fit is a sum of log odds: the prior on tempo; whether the beats that are
    added or left out have a beat's activation; chords that last a bar of four; downbeats that stand out.
    """
    best: Pulse | None = None
    for candidate_s, log_odds in _candidates(activations.either, times_s):
        if candidate_s.size < MIN_BEATS:
            continue
        bars = find_bars(bar_evidence(activations, change, candidate_s), METRES)
        tempo_bpm = tempo_of(candidate_s)
        fit = -0.5 * (np.log2(tempo_bpm / USUAL_BPM) / USUAL_OCTAVES) ** 2
        fit += ACTIVATION_SHARE * np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS) + BARS_SHARE * bars.score
        if chord_s:
            fit -= HARMONY_SHARE * min(abs(np.log2(chord_s * tempo_bpm / 60 / USUAL_BEATS_PER_CHORD)), 2.0)
        if best is None or fit > best.fit:
            best = Pulse(candidate_s, bars, float(fit))
    return best


def _candidates(either: Times, times_s: Times) -> Iterator[tuple[Times, float]]:
    """Pulses made from the tracked one, each with the mean log odds of what it changes."""
    if times_s.size < 2:
        return
    middles_s = (times_s[1:] + times_s[:-1]) / 2
    on, off = _log_odds(activation_at(either, times_s)), _log_odds(activation_at(either, middles_s))
    yield times_s, 0.0
    for first in (0, 1):
        yield times_s[first::2], -float(on[1 - first :: 2].mean())
    yield between(times_s), float(off.mean())
    yield middles_s, float(off.mean() - on.mean())


def _log_odds(probability: Times) -> Times:
    clipped = np.clip(probability, 0.01, 0.99)
    out: Times = np.log(clipped / (1 - clipped))
    return out
