"""A look-ahead limiter for true peaks: its gain curve is worked out on a coarse grid, without a loop over samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.audio.levels import BLOCK_S, HOP_S, cell_peaks, true_peak
from generation.clip import Samples

CELL_FRAMES = 32
"""The grid: the gain is worked out once in so many samples (0.7 ms at 44.1 kHz) and drawn straight in between."""

LOOK_AHEAD_S = 0.005
"""The gain moves within this time before and after a peak: fast enough to be unheard, slow enough not to distort."""

RELEASE_DB_PER_S = 30.0
"""How fast the gain comes back after a peak: 3 dB in a tenth of a second."""

MARGIN = 10 ** (-0.05 / 20)
"""A moving gain raises true peaks by some hundredths of a dB: aim that much lower."""


class Limiter:
    """Brings samples (float32 [channels, frames]) up by a gain while no true peak passes `ceiling` (0..1, linear).

    The peaks are measured once; trying another gain, or another `release_db_per_s`, is cheap.
    """

    def __init__(self, samples: Samples, sample_rate_hz: int, ceiling: float) -> None:
        self._samples = samples
        self._sample_rate_hz = sample_rate_hz
        self._ceiling = ceiling
        self.release_db_per_s = RELEASE_DB_PER_S
        self._peaks = cell_peaks(samples, sample_rate_hz, CELL_FRAMES).astype(np.float64)
        self._power = sum((_cell_energy(channel) for channel in samples), np.zeros(len(self._peaks)))

    def acts(self, gain_db: float) -> bool:
        """Whether any peak would pass the ceiling at this gain."""
        return bool(self._peaks.max() * 10 ** (gain_db / 20) > self._ceiling)

    def apply(self, gain_db: float) -> Samples:
        """The samples at this gain, limited; true peaks may pass the ceiling by some hundredths of a dB."""
        gain = np.float32(10 ** (gain_db / 20))
        if not self.acts(gain_db):
            return self._samples * gain
        curve = _drawn(10 ** (-self.reduction_db(gain_db) / 20))[: self._samples.shape[1]]
        curve *= gain
        return self._samples * curve

    def settle(self, limited: Samples) -> Samples:
        """What `apply` gave, turned down by what its true peak is still above the ceiling."""
        peak = true_peak(limited, self._sample_rate_hz)
        return limited * np.float32(self._ceiling / peak) if peak > self._ceiling else limited

    def reduction_db(self, gain_db: float) -> NDArray[np.float64]:
        """By how many dB the limiter turns down in each cell, 0 where it rests.

        needed  ___|____|___   what each peak is above the ceiling
        release ___|\\___|\\__   falls back in a straight line of dB: a running maximum
        held    __|‾|\\_|‾|\\_   widened by the look-ahead to both sides: a maximum over a window
        smooth  __/‾\\_/‾\\__   a mean over a window no wider never falls below what its middle needs
        """
        from scipy.ndimage import maximum_filter1d, uniform_filter1d

        over = self._peaks * (10 ** (gain_db / 20) / (self._ceiling * MARGIN))
        needed_db = 20 * np.log10(np.maximum(over, 1.0))
        fall_db = np.arange(len(needed_db)) * (self.release_db_per_s * CELL_FRAMES / self._sample_rate_hz)
        released_db = np.maximum.accumulate(needed_db + fall_db) - fall_db
        half = max(round(LOOK_AHEAD_S * self._sample_rate_hz / CELL_FRAMES / 2), 1)
        # two means, so that the curve has no corners; one cell more, because samples lie between two cells
        held_db = maximum_filter1d(released_db, 2 * (2 * half + 1) + 1, mode="nearest")
        smooth_db = uniform_filter1d(held_db, 2 * half + 1, mode="nearest")
        return np.asarray(np.maximum(uniform_filter1d(smooth_db, 2 * half + 1, mode="nearest"), 0.0))

    def block_reduction_db(self, gain_db: float, num_blocks: int) -> NDArray[np.float64]:
        """About how many dB of loudness each gating block (see levels.block_loudness) loses: what its power loses."""
        limited = self._power * 10 ** (-self.reduction_db(gain_db) / 10)
        before, after = (np.concatenate(([0.0], np.cumsum(power))) for power in (self._power, limited))
        cells_per_s = self._sample_rate_hz / CELL_FRAMES
        first = np.minimum((np.arange(num_blocks) * HOP_S * cells_per_s).astype(int), len(limited) - 1)
        last = np.clip(first + max(round(BLOCK_S * cells_per_s), 1), first + 1, len(limited))
        tiny = np.finfo(np.float64).tiny
        return np.asarray(10 * np.log10((before[last] - before[first] + tiny) / (after[last] - after[first] + tiny)))


def _cell_energy(channel: NDArray[np.float32]) -> NDArray[np.float64]:
    squares = np.square(np.pad(channel, (0, -len(channel) % CELL_FRAMES)))
    return np.asarray(squares.reshape(-1, CELL_FRAMES).sum(axis=1), np.float64)


def _drawn(cells: NDArray[np.float64]) -> NDArray[np.float32]:
    """Straight lines between the middles of the cells, float32 [frames of all cells]; level before and after them."""
    values, steps = cells.astype(np.float32), np.diff(cells).astype(np.float32)
    half = CELL_FRAMES // 2
    drawn = np.empty(len(cells) * CELL_FRAMES, np.float32)
    drawn[:half], drawn[-half:] = values[0], values[-1]
    lines = drawn[half : half + len(steps) * CELL_FRAMES].reshape(-1, CELL_FRAMES)
    np.multiply(steps[:, None], (np.arange(CELL_FRAMES, dtype=np.float32) + 0.5) / CELL_FRAMES, out=lines)
    lines += values[:-1, None]
    return drawn
