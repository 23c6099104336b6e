"""How alike two moments sound: distances of short spectra in bands of the ear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip

NUM_BANDS = 24
LOWEST_HZ, HIGHEST_HZ = 60.0, 12_000.0
FLOOR = 1e-5
"""Bands below -100 dBFS count as silent: noise floors are not compared."""

Spectrum = NDArray[np.float64]


def band_levels_db(clip: Clip, start_s: float, end_s: float) -> Spectrum:
    """Levels in dB of NUM_BANDS logarithmic bands between two times (cut at the clip's ends): float64 [NUM_BANDS]."""
    rate_hz = clip.sample_rate_hz
    first, last = max(round(start_s * rate_hz), 0), round(end_s * rate_hz)
    mono = clip.samples[:, first:last].mean(axis=0, dtype=np.float64)
    if mono.size < 16:
        return np.full(NUM_BANDS, 20 * np.log10(FLOOR))
    power = np.square(np.abs(np.fft.rfft(mono * np.hanning(mono.size)))) / mono.size**2
    edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate_hz / 2), NUM_BANDS + 1) * mono.size / rate_hz
    bins = np.clip(np.round(edges).astype(int), 0, power.size - 1)
    sums = np.concatenate(([0.0], np.cumsum(power)))
    widths = np.maximum(bins[1:], bins[:-1] + 1)
    return np.asarray(10 * np.log10(sums[widths] - sums[bins[:-1]] + FLOOR**2))


def unlikeness_db(one: Spectrum, other: Spectrum) -> float:
    """The mean difference of two such spectra in dB: 0 the same, 6 and more plainly different."""
    return float(np.abs(one - other).mean())
