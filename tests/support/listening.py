"""How alike two recordings are: is what was heard what was made?"""

from __future__ import annotations

import numpy as np

from generation.clip import Clip

WINDOW_S = 0.01


def envelope(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The level (RMS) of [channels, frames] or [frames] in windows of WINDOW_S."""
    mono = samples.mean(axis=0) if samples.ndim == 2 else samples
    window = round(rate_hz * WINDOW_S)
    whole = mono[: len(mono) // window * window].reshape(-1, window)
    return np.sqrt(np.square(whole, dtype=np.float64).mean(axis=1))


def likeness(heard: np.ndarray, made: Clip) -> float:
    """Correlation (-1..1) of the level envelopes of what was heard, [channels, frames] at 48 kHz, and a clip, over the
    clip's length."""
    ours = envelope(made.resampled(48_000).samples, 48_000)
    theirs = envelope(heard, 48_000)[: len(ours)]
    return float(np.corrcoef(theirs, ours[: len(theirs)])[0, 1])
