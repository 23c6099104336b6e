"""Which of the possible pulses is the beat: the tracked one, half, double, or shifted by half a beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
RIVAL_LEAD = 1.3
"""A pulse that fits better by less may be half or double the one that people count: of rendered songs at 30 to 300 BPM
all that were counted so lay below it, and one in five of those that were counted right."""
RIVAL_OCTAVES = (0.9, 1.1)
PLAIN_TEMPO_BPM = (45.0, 200.0)
"""Beyond these people count half or double as often as not."""


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """A way to count the clip: beat times, bars, and how well it fits (higher is better). `rival_bpm`: half or double
    its tempo, where that fits nearly as well."""

    times_s: Times
    bars: Bars
    fit: float
    rival_bpm: float | None = None

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
    pulses: list[Pulse] = []
    for candidate_s, log_odds in _candidates(activations.either, times_s):
        if candidate_s.size < MIN_BEATS:
            continue
        bars = find_bars(bar_evidence(activations, change, candidate_s), METRES)
        tempo_bpm = tempo_of(candidate_s)
        fit = -0.5 * (np.log2(tempo_bpm / USUAL_BPM) / USUAL_OCTAVES) ** 2
        fit += ACTIVATION_SHARE * np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS) + BARS_SHARE * bars.score
        if chord_s:
            fit -= HARMONY_SHARE * min(abs(np.log2(chord_s * tempo_bpm / 60 / USUAL_BEATS_PER_CHORD)), 2.0)
        pulses.append(Pulse(candidate_s, bars, float(fit)))
    if not pulses:
        return None
    best = max(pulses, key=lambda pulse: pulse.fit)
    return replace(best, rival_bpm=_rival_bpm(best, pulses))


def _rival_bpm(best: Pulse, pulses: list[Pulse]) -> float | None:
    """The tempo of the best pulse at half or double the tempo of `best`, if it may as well be the one."""
    low, high = RIVAL_OCTAVES
    others = [pulse for pulse in pulses if low <= abs(np.log2(pulse.tempo_bpm / best.tempo_bpm)) <= high]
    rival = max(others, key=lambda pulse: pulse.fit, default=None)
    is_plain = PLAIN_TEMPO_BPM[0] <= best.tempo_bpm <= PLAIN_TEMPO_BPM[1]
    return None if rival is None or (is_plain and best.fit - rival.fit > RIVAL_LEAD) else rival.tempo_bpm


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
