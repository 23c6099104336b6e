"""BeatNet's input: a logarithmic filter bank of the magnitude spectrum and its positive change, 50 frames a second."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050
FRAME_SAMPLES = 1_411
HOP_SAMPLES = 441
FRAMES_PER_S = RATE_HZ / HOP_SAMPLES
NUM_BANDS = 136
BANDS_PER_OCTAVE = 24
LOWEST_HZ, HIGHEST_HZ = 30.0, 17_000.0
BLOCK_FRAMES = 1_024

FloatArray = NDArray[np.float32]


def beat_features(mono: FloatArray) -> FloatArray:
    """What BeatNet reads of `mono` (float32 [samples] at 22,050 Hz): float32 [frames, 272].

    Frame i is centred on sample 441 i. The first 136 columns are log10(1 + filtered magnitude), the others their
    positive difference to the frame before (Heydari et al., ISMIR 2021, section 3.1).
    """
    num_frames = max(-(-mono.size // HOP_SAMPLES), 1)
    half = FRAME_SAMPLES // 2
    padded = np.zeros(num_frames * HOP_SAMPLES + FRAME_SAMPLES, np.float32)
    padded[half : half + mono.size] = mono
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES)[::HOP_SAMPLES][:num_frames]
    window = np.hanning(FRAME_SAMPLES).astype(np.float32)
    bank = filter_bank()
    bands = np.empty((num_frames, NUM_BANDS), np.float32)
    for first in range(0, num_frames, BLOCK_FRAMES):  # blocks: a five-minute clip would need 85 MB at once
        block = frames[first : first + BLOCK_FRAMES] * window
        magnitude = np.abs(np.fft.rfft(block, axis=1)[:, : bank.shape[0]]).astype(np.float32)
        bands[first : first + BLOCK_FRAMES] = np.log10(1 + magnitude @ bank)
    rise = np.zeros_like(bands)
    np.maximum(bands[1:] - bands[:-1], 0, out=rise[1:])
    return np.hstack([bands, rise])


@cache
def filter_bank() -> FloatArray:
    """Triangular filters on a logarithmic scale: float32 [705 bins, 136 bands], each band sums to 1.

    24 centres an octave around 440 Hz, each moved to the nearest bin; centres that fall on the same bin (below 500 Hz)
    or above the Nyquist frequency are merged, which leaves 136 of them.
    """
    num_bins = FRAME_SAMPLES // 2
    bin_hz = np.arange(num_bins) * RATE_HZ / (2 * num_bins)
    edges = _band_edges(bin_hz)
    bank = np.zeros((num_bins, edges.size - 2), np.float32)
    for band, (start, centre, stop) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        if stop - start < 2:
            centre, stop = start, start + 1
        bank[start:centre, band] = np.arange(centre - start) / max(centre - start, 1)
        bank[centre:stop, band] = 1 - np.arange(stop - centre) / (stop - centre)
    return np.ascontiguousarray(bank / bank.sum(axis=0))


def _band_edges(bin_hz: NDArray[np.float64]) -> NDArray[np.intp]:
    """The bins nearest to the bank's centre frequencies, rising, without repeats."""
    lowest = int(np.floor(np.log2(LOWEST_HZ / 440) * BANDS_PER_OCTAVE))
    highest = int(np.ceil(np.log2(HIGHEST_HZ / 440) * BANDS_PER_OCTAVE))
    centres_hz = 440 * 2 ** (np.arange(lowest, highest) / BANDS_PER_OCTAVE)
    centres_hz = centres_hz[(centres_hz >= LOWEST_HZ) & (centres_hz <= HIGHEST_HZ)]
    above = np.clip(bin_hz.searchsorted(centres_hz), 1, bin_hz.size - 1)
    nearer_below = centres_hz - bin_hz[above - 1] < bin_hz[above] - centres_hz
    return np.unique(above - nearer_below)
