"""Gentle ducking: where two clips clash, the one behind gives way a little, most of all in the bass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.clip import Samples

BASS_BELOW_HZ = 180.0
"""Two basses at once are mud; up to here the one behind gives way more."""

BASS_DB, FULL_DB = 4.0, 2.0
"""By how much the one behind gives way at most: in the bass, and in all."""

HOP_S = 0.01
SMOOTH_S = 0.15
"""Slow enough that no pumping is heard."""

QUIET_RMS = 10 ** (-45 / 20)


def ducked(behind: Samples, front: Samples, sample_rate_hz: int) -> Samples:
    """`behind` turned down where `front` sounds too; both float32 [channels, frames] of equal frames."""
    from scipy.signal import butter, sosfiltfilt

    sos = butter(2, BASS_BELOW_HZ, fs=sample_rate_hz, output="sos")
    bass, front_bass = (np.asarray(sosfiltfilt(sos, part, axis=1), np.float32) for part in (behind, front))
    num_frames = behind.shape[1]
    bass_gain = _gain(bass, front_bass, sample_rate_hz, BASS_DB)[:num_frames]
    full_gain = _gain(behind, front, sample_rate_hz, FULL_DB)[:num_frames]
    return np.asarray(((behind - bass) + bass * bass_gain) * full_gain, np.float32)


def _gain(behind: Samples, front: Samples, sample_rate_hz: int, most_db: float) -> NDArray[np.float32]:
    """float32 [frames]: -`most_db` where both are equally loud or the front is louder, 0 dB where it is quiet."""
    from scipy.ndimage import uniform_filter1d

    hop = max(round(HOP_S * sample_rate_hz), 1)
    behind_rms, front_rms = _rms(behind, hop), _rms(front, hop)
    clash = np.minimum(front_rms / np.maximum(behind_rms, QUIET_RMS), 1.0) * (front_rms > QUIET_RMS)
    smooth_db = uniform_filter1d(clash * -most_db, max(round(SMOOTH_S / HOP_S), 1), mode="nearest")
    centres = np.arange(smooth_db.size) * hop + hop / 2
    return np.asarray(10 ** (np.interp(np.arange(behind.shape[1]), centres, smooth_db) / 20), np.float32)


def _rms(samples: Samples, hop: int) -> NDArray[np.float64]:
    padded = np.pad(samples, ((0, 0), (0, -samples.shape[1] % hop)))
    cells = padded.reshape(samples.shape[0], -1, hop)
    return np.asarray(np.sqrt(np.square(cells, dtype=np.float64).mean(axis=(0, 2))))
