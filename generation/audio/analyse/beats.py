"""Beats: the likeliest steady walk through the beat activations, and small tools for beat times."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 50
SEARCH_BPM = (50.0, 215.0)
MIN_BEATS = 4

Times = NDArray[np.float64]
"""Seconds, float64, rising."""


def decode(activation: Times, low_bpm: float = SEARCH_BPM[0], high_bpm: float = SEARCH_BPM[1]) -> Times:
    """The best beat times in seconds between two tempos (Krebs, Böck and Widmer, ISMIR 2015), by metricon.

    `activation` float64 [frames] 0..1, 50 frames a second. Beats lie at the centre of their activation's lobe, which is
    finer than a frame.
    """
    import metricon

    beats = _tracker(low_bpm, high_bpm).track(
        metricon.Activations.from_activations(activation, fps=FRAMES_PER_S), snap="center"
    )
    times_s = np.asarray(beats.times, dtype=np.float64)
    return times_s[np.diff(times_s, prepend=-1.0) > 0]


@lru_cache(maxsize=8)
def _tracker(low_bpm: float, high_bpm: float) -> Any:
    import metricon

    return metricon.BeatTracker(min_bpm=low_bpm, max_bpm=high_bpm, fps=FRAMES_PER_S)


def activation_at(activation: Times, times_s: Times, reach: int = 1) -> Times:
    """The largest value within `reach` frames of each time: float64 [times]."""
    frames = np.clip(np.round(times_s * FRAMES_PER_S).astype(int), 0, activation.size - 1)
    padded = np.pad(activation, reach)
    largest: Times = np.max([padded[frames + step] for step in range(2 * reach + 1)], axis=0)
    return largest


def tempo_of(times_s: Times) -> float:
    """Beats a minute: the slope of a line through the beats, which is finer than one interval of 20 ms steps."""
    slope_s = np.polyfit(np.arange(times_s.size), times_s, 1)[0]
    return float(60 / slope_s)


def between(times_s: Times, parts: int = 2) -> Times:
    """The beats with each interval divided into `parts` equal ones."""
    steps = np.arange(parts) / parts
    inner = times_s[:-1, None] + np.diff(times_s)[:, None] * steps
    return np.concatenate([inner.ravel(), times_s[-1:]])


def extend(times_s: Times, duration_s: float) -> Times:
    """The beats carried on at the ends where the tracker stopped short, by the nearest interval, inside 0..duration."""
    interval_s = float(np.median(np.diff(times_s)))
    first, last = float(times_s[0]), float(times_s[-1])
    before = np.arange(first - interval_s, 0, -interval_s)[::-1]
    after = np.arange(last + interval_s, duration_s, interval_s)
    return np.concatenate([before, times_s, after])
