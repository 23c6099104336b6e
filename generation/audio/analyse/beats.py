"""Beats and tempo: the most likely steady walk through the beat activations, and whether to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from generation.audio.analyse.beatnet import BeatActivations
from generation.audio.analyse.overrides import Overrides

FRAMES_PER_S = 50
SEARCH_BPM = (55.0, 215.0)
MIN_BEATS = 4
OVERRIDE_TOLERANCE = 0.08
HALF_TIME_RATIO = 0.72
HALF_TIME_FROM_BPM = 140.0


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beat times in seconds (float64, rising), the tempo and the confidence 0..1."""

    times_s: np.ndarray
    tempo_bpm: float | None
    confidence: float


NO_BEATS = Beats(np.empty(0), None, 0.0)


def find_beats(activations: BeatActivations, overrides: Overrides) -> Beats:
    """The beats of a clip, None and nothing where fewer than four fit."""
    either = activations.either
    low, high = SEARCH_BPM
    if overrides.tempo_bpm is not None:
        low, high = overrides.tempo_bpm * (1 - OVERRIDE_TOLERANCE), overrides.tempo_bpm * (1 + OVERRIDE_TOLERANCE)
    times_s = decode(either, low, high)
    if times_s.size < MIN_BEATS:
        return NO_BEATS
    if overrides.tempo_bpm is None:
        times_s = choose_octave(either, times_s)
    strength = float(activation_at(either, times_s).mean())
    return Beats(times_s, tempo_of(times_s), strength)


def decode(either: np.ndarray, low_bpm: float, high_bpm: float) -> np.ndarray:
    """The best beat times in seconds between two tempos (Krebs, Böck and Widmer, ISMIR 2015)."""
    import metricon

    tracker = _tracker(low_bpm, high_bpm)
    beats = tracker.track(metricon.Activations.from_activations(either, fps=FRAMES_PER_S), snap="center")
    return np.asarray(beats.times, dtype=np.float64)


@lru_cache(maxsize=8)
def _tracker(low_bpm: float, high_bpm: float) -> Any:
    import metricon

    return metricon.BeatTracker(min_bpm=low_bpm, max_bpm=high_bpm, fps=FRAMES_PER_S)


def choose_octave(either: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Every other beat only, where the tempo is fast and one of two beats is much the weaker."""
    if tempo_of(times_s) < HALF_TIME_FROM_BPM or times_s.size < 2 * MIN_BEATS:
        return times_s
    strength = activation_at(either, times_s)
    means = [strength[parity::2].mean() for parity in (0, 1)]
    if min(means) > HALF_TIME_RATIO * max(means):
        return times_s
    return times_s[int(np.argmax(means)) :: 2]


def activation_at(activation: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """The largest activation within a frame of each time."""
    frames = np.clip(np.round(times_s * FRAMES_PER_S).astype(int), 0, activation.size - 1)
    padded = np.pad(activation, 1)
    largest: np.ndarray = np.maximum.reduce([padded[frames], padded[frames + 1], padded[frames + 2]])
    return largest


def tempo_of(times_s: np.ndarray) -> float:
    """Beats a minute: the slope of a line through the beats, which is finer than one interval of 20 ms steps."""
    slope_s = np.polyfit(np.arange(times_s.size), times_s, 1)[0]
    return float(60 / slope_s)
