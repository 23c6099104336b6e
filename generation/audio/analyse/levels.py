"""How loud and how bright a clip is."""

from __future__ import annotations

import numpy as np

from generation.audio.analyse.beat_features import FloatArray
from generation.audio.levels import BLOCK_S, loudness
from generation.clip import Clip

MIN_RATE_HZ = 8_000
"""Below it the weighting filters of ITU-R BS.1770-4 have no room."""
SILENCE_DBFS = -80.0
FRAME_SAMPLES = 2_048


def peak_dbfs(clip: Clip) -> float | None:
    """The largest sample in dB of full scale, None for digital silence."""
    peak = float(np.abs(clip.samples).max())
    return 20 * float(np.log10(peak)) if peak > 0 else None


def loudness_lufs(clip: Clip) -> float | None:
    """Integrated loudness (ITU-R BS.1770-4), None for clips under 0.4 s or below its absolute gate of -70 LUFS."""
    if clip.duration_s <= BLOCK_S or clip.sample_rate_hz < MIN_RATE_HZ:
        return None
    return loudness(clip.samples, clip.sample_rate_hz)


def brightness_hz(mono: FloatArray, rate_hz: int) -> float | None:
    """The spectral centroid of the whole clip: the mean frequency, weighted by magnitude. None for silence."""
    if mono.size == 0 or not mono.any():
        return None
    num_frames = max(mono.size // FRAME_SAMPLES, 1)
    padded = np.zeros(num_frames * FRAME_SAMPLES, np.float32)
    padded[: min(mono.size, padded.size)] = mono[: padded.size]
    frames = padded.reshape(num_frames, FRAME_SAMPLES) * np.hanning(FRAME_SAMPLES).astype(np.float32)
    magnitude = np.abs(np.fft.rfft(frames, axis=1)).mean(axis=0)
    total = magnitude.sum()
    frequencies_hz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / rate_hz)
    return float((magnitude * frequencies_hz).sum() / total) if total > 0 else None


def rms_dbfs(mono: FloatArray) -> float:
    """The root of the mean square in dB of full scale, at least -120."""
    mean_square = float(np.square(mono, dtype=np.float64).mean()) if mono.size else 0.0
    return 10 * float(np.log10(max(mean_square, 1e-12)))
