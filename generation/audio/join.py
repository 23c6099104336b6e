"""Joins: where the waves of two clips meet, and a fade from one into the other at constant power."""

from __future__ import annotations

import numpy as np

from generation.clip import Samples


def best_cut(tail: Samples, candidates: Samples) -> int:
    """The frame of `candidates` from which on it is most like `tail`: the highest normalised cross-correlation.

    Both float32 [channels, frames]; the result is 0 .. (frames of candidates - frames of tail).
    """
    from scipy.signal import fftconvolve

    length = tail.shape[1]
    if candidates.shape[1] <= length:
        return 0
    product = fftconvolve(candidates.astype(np.float64), tail[:, ::-1].astype(np.float64), "valid", axes=1).sum(axis=0)
    energy = np.cumsum(np.pad(np.square(candidates.astype(np.float64)).sum(axis=0), (1, 0)))
    energy = np.maximum(energy[length:] - energy[:-length], 1e-12)
    return int(np.argmax(product / np.sqrt(energy)))


def crossfade(tail: Samples, head: Samples) -> Samples:
    """`tail` fading into `head`, both float32 [channels, frames] of equal shape, at constant power.

    cos and sin keep the power of sounds that have nothing in common; where the two are alike (correlation r) they would
    add up to more, so the sum is divided by sqrt(1 + 2 r cos sin), its power.
    """
    angle = (np.arange(tail.shape[1]) + 0.5) / tail.shape[1] * np.pi / 2
    fade_out, fade_in = np.cos(angle), np.sin(angle)
    power = np.sqrt(1 + 2 * max(_correlation(tail, head), 0.0) * fade_out * fade_in)
    return np.asarray((tail * fade_out + head * fade_in) / power, np.float32)


def _correlation(one: Samples, other: Samples) -> float:
    energy = np.sqrt(np.square(one, dtype=np.float64).sum() * np.square(other, dtype=np.float64).sum())
    return float((one.astype(np.float64) * other).sum() / energy) if energy > 0 else 0.0
