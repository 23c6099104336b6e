"""How far a clip lies from A = 440 Hz: the mean deviation of its partials from the semitones."""

from __future__ import annotations

import numpy as np

from generation.audio.analyse.beat_features import FloatArray

FRAME_SAMPLES = 8_192
LOWEST_HZ, HIGHEST_HZ = 80.0, 2_000.0
PEAK_FLOOR = 0.03
"""Peaks below this part of their frame's largest are left out (-30 dB)."""
MIN_AGREEMENT = 0.15
MAX_FRAMES = 200


def tuning_cents(mono: FloatArray, rate_hz: int) -> float:
    """Cents in -50..50, and 0 where the partials don't agree on a tuning (drums, speech, noise, silence).

    The peaks of long spectra, placed between bins by a parabola through the logarithms of three bins, are taken as
    angles within a semitone; their mean angle, weighted by the root of their magnitude, is the tuning, and the mean's
    length says how far they agree.
    """
    magnitude = _spectra(mono)
    bin_hz = rate_hz / FRAME_SAMPLES
    first, last = round(LOWEST_HZ / bin_hz), round(HIGHEST_HZ / bin_hz)
    here = magnitude[:, first:last]
    left, right = magnitude[:, first - 1 : last - 1], magnitude[:, first + 1 : last + 1]
    is_peak = (here > left) & (here >= right) & (here > PEAK_FLOOR * magnitude.max(axis=1, keepdims=True))
    if not is_peak.any():
        return 0.0
    here, left, right = (np.log(side[is_peak] + 1e-9) for side in (here, left, right))
    shift = 0.5 * (left - right) / np.minimum(left - 2 * here + right, -1e-9)
    hz = (np.nonzero(is_peak)[1] + first + shift) * bin_hz
    angles = 2 * np.pi * 12 * np.log2(hz / 440)
    weights = np.exp(0.5 * here)
    mean = np.average(np.exp(1j * angles), weights=weights)
    return float(100 * np.angle(mean) / (2 * np.pi)) if abs(mean) >= MIN_AGREEMENT else 0.0


def _spectra(mono: FloatArray) -> FloatArray:
    """Magnitudes of up to 200 frames spread over the clip, float32 [frames, bins]."""
    padded = np.pad(mono, (0, max(FRAME_SAMPLES - mono.size, 0)))
    num_frames = min(max((padded.size - FRAME_SAMPLES) // (FRAME_SAMPLES // 2) + 1, 1), MAX_FRAMES)
    starts = np.linspace(0, padded.size - FRAME_SAMPLES, num_frames).astype(int)
    frames = np.stack([padded[start : start + FRAME_SAMPLES] for start in starts])
    return np.abs(np.fft.rfft(frames * np.hanning(FRAME_SAMPLES).astype(np.float32), axis=1)).astype(np.float32)
