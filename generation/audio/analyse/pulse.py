"""The beats: from the nets where they are sure, else from regular harmony or an even line, or at a given tempo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from generation.audio.analyse.beatnet import BeatActivations
from generation.audio.analyse.beats import FRAMES_PER_S, Times, activation_at, decode, tempo_of
from generation.audio.analyse.harmonic_pulse import harmonic_pulse
from generation.audio.analyse.line_pulse import evenness, line_pulse
from generation.audio.analyse.overrides import OVERRIDE_TOLERANCE, Overrides
from generation.audio.analyse.tempo import Pulse, best_pulse
from generation.hearing import MIN_BEAT_CONFIDENCE, Note

SAME_TEMPO = 0.04
WEAK_ACTIVATION = 0.55
"""Below it the tracked beats give way to those of a regular harmony."""
PLAIN_ACTIVATION = 0.75
MIN_EVENNESS = 0.45
SPEECH_CONFIDENCE = 0.6
PHASES = 24
ROUNDED_SHARE = 0.03
CLEARLY_BETTER = 1.15
"""People say 240 for 236 to 247. An even grid may be that far from the tempo that was said if onsets lie on it so much
more; in noise none does."""
MIN_STRETCH_BEATS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What beats are sought in. Curves are float64 [frames], 50 frames a second.

    activations: the nets' beats and downbeats. change: harmonic change, zeros where there is no pitch. chord_s: how
    long a chord usually lasts, None if not known. line: the notes of the melody. is_single_line: whether little else
    than the melody has a pitch.
    """

    activations: BeatActivations
    change: Times
    chord_s: float | None
    line: tuple[Note, ...]
    is_single_line: bool


class Beats(NamedTuple):
    """Beat times in seconds, the confidence in them, 0..1, and half or double their tempo where that is as likely."""

    times_s: Times
    confidence: float
    rival_bpm: float | None = None


def find_beats(heard: Heard, overrides: Overrides) -> Beats:
    """The beats, at the tempo that was given if one was."""
    if overrides.tempo_bpm is not None:
        return Beats(*_beats_at(overrides.tempo_bpm, heard))
    either = heard.activations.either
    pulse = best_pulse(heard.activations, heard.change, decode(either), heard.chord_s)
    if pulse is None:
        return Beats(np.empty(0), 0.0)
    strength = _strength(either, pulse.times_s)
    if strength < PLAIN_ACTIVATION and heard.is_single_line:
        return Beats(*_line_beats(heard, pulse.times_s, strength))
    if strength >= MIN_BEAT_CONFIDENCE:
        return Beats(pulse.times_s, strength, pulse.rival_bpm)
    return Beats(*_harmonic_beats(heard, pulse, strength))


def _line_beats(heard: Heard, tracked_s: Times, strength: float) -> tuple[Times, float]:
    """The beats of a single line: where its notes begin, if evenly; speech has beats by chance, but no even notes."""
    from_line = line_pulse(heard.line, heard.change.size)
    if from_line is not None and from_line[1] >= MIN_BEAT_CONFIDENCE:
        return from_line
    if evenness(heard.line, tracked_s) < MIN_EVENNESS:
        strength = min(strength, SPEECH_CONFIDENCE)
    return tracked_s, strength


def _harmonic_beats(heard: Heard, tracked: Pulse, strength: float) -> tuple[Times, float]:
    """The tracked beats, surer if the harmony's changes have the same tempo; or those of the harmony."""
    regular = harmonic_pulse(heard.change)
    if regular is None:
        return tracked.times_s, strength
    harmonic_s, regularity = regular
    octaves = np.log2(tempo_of(harmonic_s) / tracked.tempo_bpm)
    if abs(octaves - round(octaves)) < SAME_TEMPO:
        return tracked.times_s, _either_of(strength, regularity)
    if strength < WEAK_ACTIVATION:
        return harmonic_s, _either_of(_strength(heard.activations.either, harmonic_s), regularity)
    return tracked.times_s, strength


def _beats_at(tempo_bpm: float, heard: Heard) -> tuple[Times, float]:
    """Beats near a given tempo: followed where they can be heard, else a steady grid where most falls on it."""
    either = heard.activations.either
    followed_s = decode(either, tempo_bpm * (1 - OVERRIDE_TOLERANCE), tempo_bpm * (1 + OVERRIDE_TOLERANCE))
    strength = _strength(either, followed_s)
    if strength >= WEAK_ACTIVATION:
        return followed_s, max(strength, MIN_BEAT_CONFIDENCE)
    return _even_beats(tempo_bpm, either + heard.change), MIN_BEAT_CONFIDENCE


def _even_beats(tempo_bpm: float, onsets: Times) -> Times:
    """The even grid that most of `onsets` fall on: at this tempo, or at one that people round to it if that is clearly
    better. Neighbouring tempos part by an eighth of a beat from the middle to the end."""
    duration_s = onsets.size / FRAMES_PER_S
    num_tempos = round(ROUNDED_SHARE * 4 * duration_s * tempo_bpm / 60)
    shares = np.linspace(-ROUNDED_SHARE, ROUNDED_SHARE, 2 * num_tempos + 1)
    grids = [_best_grid(60 / (tempo_bpm * (1 + share)), onsets, duration_s) for share in shares]
    plain, best = grids[num_tempos], max(grids, key=lambda grid: grid[1])
    return best[0] if best[1] > CLEARLY_BETTER * plain[1] else plain[0]


def _best_grid(beat_s: float, onsets: Times, duration_s: float) -> tuple[Times, float]:
    """The phase of an even grid at which its beats lie on the strongest onsets, and their mean strength."""
    grids = [np.arange(phase * beat_s / PHASES, duration_s, beat_s) for phase in range(PHASES)]
    means = [float(activation_at(onsets, grid).mean()) for grid in grids]
    best = int(np.argmax(means))
    return grids[best], means[best]


def _strength(curve: Times, times_s: Times) -> float:
    """The mean of a curve at the beats, in the half of the clip where it is greatest: of the activation 0.77 and up for
    most music, 0.54 for speech, 0.38 for noise. An intro without drums takes nothing from the beat after it."""
    if times_s.size == 0:
        return 0.0
    length = min(max(times_s.size // 2, MIN_STRETCH_BEATS), times_s.size)
    sums = np.concatenate([[0.0], activation_at(curve, times_s).cumsum()])
    return float((sums[length:] - sums[:-length]).max() / length)


def _either_of(first: float, second: float) -> float:
    """The probability that one of two independent signs is right."""
    return 1 - (1 - first) * (1 - second)
