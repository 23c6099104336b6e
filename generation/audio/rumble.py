"""What no ear hears and no loudness counts, but every limiter obeys: a constant offset, and rumble below 20 Hz."""

from __future__ import annotations

import numpy as np

from generation.clip import Samples

DC_FROM = 1e-4
"""A mean above -80 dBFS is a fault of the source; below it a clip is left alone, so that silence stays silence."""

LOWEST_HZ = 20.0
"""The lowest note that is heard as one; the lowest string of a bass guitar sounds at 41 Hz, of a piano at 27.5 Hz."""

ORDER = 4
"""Of the Butterworth filter, run both ways (no phase is moved): -6 dB at 20 Hz, -35 at 12 Hz, -0.3 at 30, 0 at 41."""

LEAST_SHARE = 0.03
"""Rumble of 3 % of the power (-15 dB) swings by a tenth of what music's peaks reach, so it costs 1 dB of headroom."""

SLOW_RATE_HZ = 400
"""Rumble is a slow wave: at this rate it is whole, and filtering it costs next to nothing."""


def dc_offsets(samples: Samples) -> Samples:
    """The constant of each channel that is a fault, else 0: float32 [channels, 1], of float32 [channels, frames]."""
    mean = samples.mean(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(np.where(np.abs(mean) >= DC_FROM, mean, 0.0), np.float32)


def rumble_share(samples: Samples, sample_rate_hz: int) -> float:
    """Which share (0..1) of the power lies below LOWEST_HZ, of float32 [channels, frames]; 0 for silence.

    Means of 2.5 ms stand for the slow part: what lies near 400 Hz passes them 26 dB softer.
    """
    cell = max(round(sample_rate_hz / SLOW_RATE_HZ), 1)
    num_cells = samples.shape[1] // cell
    power = float(np.square(samples, dtype=np.float64).mean())
    if num_cells < 2 or power == 0:
        return 0.0
    slow = samples[:, : num_cells * cell].reshape(len(samples), num_cells, cell).mean(axis=2, dtype=np.float64)
    spectrum = np.fft.rfft(slow - slow.mean(axis=1, keepdims=True), axis=1)
    below = np.fft.rfftfreq(num_cells, cell / sample_rate_hz) < LOWEST_HZ
    slow_power = 2 * np.square(np.abs(spectrum[:, below])).sum(axis=1).mean() / num_cells**2
    return min(float(slow_power) / power, 1.0)


def without_rumble(samples: Samples, sample_rate_hz: int) -> Samples:
    """The samples without what lies below LOWEST_HZ, if that is enough to cost headroom; else the very same array.

    The wave below the filter's edge is worked out at SLOW_RATE_HZ and taken away, so nothing else changes at all.
    """
    if sample_rate_hz < 2 * SLOW_RATE_HZ or rumble_share(samples, sample_rate_hz) < LEAST_SHARE:
        return samples
    return np.stack([channel - _rumble_of(channel, sample_rate_hz) for channel in samples])


def _rumble_of(channel: Samples, sample_rate_hz: int) -> Samples:
    """The slow wave of one channel, float32 [frames]."""
    import soxr
    from scipy.signal import butter, sosfiltfilt

    slow = soxr.resample(channel.astype(np.float64), sample_rate_hz, SLOW_RATE_HZ)
    sections = butter(ORDER, LOWEST_HZ, "highpass", fs=SLOW_RATE_HZ, output="sos")
    rumble = slow - sosfiltfilt(sections, slow, padlen=min(SLOW_RATE_HZ, slow.size - 1))
    fast = soxr.resample(rumble, SLOW_RATE_HZ, sample_rate_hz)[: channel.size]
    return np.pad(fast, (0, channel.size - fast.size), mode="edge").astype(np.float32)
