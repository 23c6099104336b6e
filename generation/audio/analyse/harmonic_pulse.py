"""A pulse from the harmony alone, for music whose beat can't be heard in its onsets: strings, pads, organs."""

from __future__ import annotations

import numpy as np

from generation.audio.analyse.beats import FRAMES_PER_S, Times
from generation.audio.analyse.tempo import USUAL_BPM

SHORTEST_BAR_S, LONGEST_BAR_S = 1.2, 5.0
MIN_REGULARITY = 0.5
BEATS_PER_BAR = (4, 2, 8)
STRETCH = 0.03
STEPS = 49


def harmonic_pulse(change: Times) -> tuple[Times, float] | None:
    """Evenly spaced beats of bars of four on which the harmony changes, and how regular its changes are (0..1).

    `change` float64 [frames] as from `harmonic_change`, 50 frames a second. None unless the changes repeat at a bar's
    length and again at twice that, so that a chance likeness of two moments does not count.
    """
    lag, regularity = _period(change)
    if regularity < MIN_REGULARITY:
        return None
    bar_frames, first = _align(change, lag)
    beats = min(BEATS_PER_BAR, key=lambda n: abs(np.log2(60 * n * FRAMES_PER_S / bar_frames / USUAL_BPM)))
    step = bar_frames / beats
    return np.arange(first % step, change.size, step) / FRAMES_PER_S, regularity


def _period(change: Times) -> tuple[int, float]:
    """The strongest period in frames between the bounds and its regularity: the lower of the autocorrelations at it
    and at its double, relative to that at no lag."""
    centred = change - change.mean()
    spectrum = np.fft.rfft(centred, 2 * centred.size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: centred.size]
    if likeness[0] <= 0:
        return 0, 0.0
    likeness = likeness / likeness[0]
    low, high = round(SHORTEST_BAR_S * FRAMES_PER_S), round(LONGEST_BAR_S * FRAMES_PER_S)
    high = min(high, change.size // 3)
    if high <= low:
        return 0, 0.0
    lag = low + int(likeness[low:high].argmax())
    around = likeness[2 * lag - 3 : 2 * lag + 4]
    return lag, float(min(likeness[lag], around.max() if around.size else 0.0))


def _align(change: Times, bar_frames: int) -> tuple[float, float]:
    """The period within 3 % and the first bar line, in frames, on which the most change falls."""
    best = (-np.inf, float(bar_frames), 0.0)
    for period in bar_frames * np.linspace(1 - STRETCH, 1 + STRETCH, STEPS):
        for first in np.arange(0, period):
            best = max(best, (_mean_at(change, float(first), float(period)), float(period), float(first)))
    return best[1], best[2]


def _mean_at(curve: Times, first: float, step: float) -> float:
    """The mean of a curve at every `step` frames from `first` on."""
    return float(curve[np.round(np.arange(first % step, curve.size - 1, step)).astype(int)].mean())
