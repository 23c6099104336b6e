"""Agreement in harmony: chroma of two sounds, bar by bar, by a spectrum that owes nothing to the product's hearing.

Chroma: magnitudes of a Hann-windowed spectrum of 0.37 s between 65 and 2100 Hz, each bin given to its nearest semitone.
Before that the steady part is told from the struck one by median filters (Fitzgerald, DAFx 2010): drums do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import median_filter

from generation.clip import Clip

RATE_HZ, WINDOW, HOP = 22_050, 8192, 1024
LOW_HZ, HIGH_HZ = 65.0, 2100.0
STEADY_FRAMES, STRUCK_BINS = 9, 17
HOP_S = HOP / RATE_HZ


@dataclass(frozen=True)
class Chroma:
    """float64 [frames, 12], a frame every `HOP_S` seconds."""

    frames: np.ndarray

    def between(self, start_s: float, end_s: float) -> np.ndarray:
        """The mean from one second to another, [12]; zeros outside."""
        first = max(round(start_s / HOP_S), 0)
        piece = self.frames[first : max(round(end_s / HOP_S), first + 1)]
        return piece.mean(axis=0) if len(piece) else np.zeros(12)

    def bars(self, edges_s: Iterable[float]) -> np.ndarray:
        """The mean of every bar, [bars, 12]."""
        return np.array([self.between(*edges) for edges in pairwise(edges_s)])


def chroma_of(clip: Clip) -> Chroma:
    """The chroma of a sound."""
    mono = clip.to_mono().resampled(RATE_HZ).samples[0].astype(np.float64)
    padded = np.pad(mono, (WINDOW // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(mono) : HOP] * np.hanning(WINDOW)
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    heard = (hz > LOW_HZ) & (hz < HIGH_HZ)
    spectrum = np.abs(np.fft.rfft(frames, axis=1))[:, heard].astype(np.float32)
    steady = median_filter(spectrum, size=(STEADY_FRAMES, 1)) ** 2
    struck = median_filter(spectrum, size=(1, STRUCK_BINS)) ** 2
    spectrum *= steady / (steady + struck + 1e-12)
    classes = np.round(12 * np.log2(hz[heard] / 440) + 69).astype(int) % 12
    return Chroma(np.stack([spectrum[:, classes == pc].sum(axis=1) for pc in range(12)], axis=1))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Mean of Pearson's correlation of the rows of two [bars, 12]; bars without sound count as 0."""
    values = [np.corrcoef(a, b)[0, 1] if a.std() > 0 and b.std() > 0 else 0.0 for a, b in zip(one, other, strict=True)]
    return float(np.mean(values)) if values else 0.0
