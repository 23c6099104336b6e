"""Tone: filters, drive, chorus. All take and give float32 [channels, frames] at the engine's rate."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

CHUNK_FRAMES = 32_768
"""Music is filtered this much at a time, so that double-precision copies stay in the processor's cache."""
Sections = NDArray[np.float64]


def filtered_by(samples: Wave, sections: Sections) -> Wave:
    """The samples through second-order sections [n, 6], state carried from chunk to chunk."""
    from scipy.signal import sosfilt

    out = np.empty_like(samples)
    state = np.zeros((len(sections), samples.shape[0], 2))
    for first in range(0, samples.shape[1], CHUNK_FRAMES):
        span = slice(first, first + CHUNK_FRAMES)
        out[:, span], state = sosfilt(sections, samples[:, span], axis=1, zi=state)
    return out


@lru_cache(maxsize=64)
def butterworth(kind: str, cutoff_hz: float, order: int = 2) -> Sections:
    """Sections of a "highpass" or "lowpass", cutoff kept within 10 Hz and 20 kHz."""
    from scipy.signal import butter

    return np.asarray(butter(order, min(max(cutoff_hz, 10.0), 20_000.0), kind, fs=SAMPLE_RATE_HZ, output="sos"))


@lru_cache(maxsize=64)
def shelf(kind: str, corner_hz: float, gain_db: float) -> Sections:
    """A "low" or "high" shelf of slope 1 (R. Bristow-Johnson's Audio EQ Cookbook)."""
    a = 10 ** (gain_db / 40)
    omega = 2 * np.pi * corner_hz / SAMPLE_RATE_HZ
    cosine, alpha = np.cos(omega), np.sin(omega) / np.sqrt(2)
    sign, root = (1.0 if kind == "low" else -1.0), 2 * np.sqrt(a) * alpha
    b0, b2 = (a * ((a + 1) - sign * (a - 1) * cosine + end * root) for end in (1, -1))
    b1 = sign * 2 * a * ((a - 1) - sign * (a + 1) * cosine)
    a0, a2 = ((a + 1) + sign * (a - 1) * cosine + end * root for end in (1, -1))
    a1 = -sign * 2 * ((a - 1) + sign * (a + 1) * cosine)
    return np.asarray(np.array([[b0, b1, b2, a0, a1, a2]]) / a0, dtype=np.float64)


def driven(samples: Wave, amount: float) -> Wave:
    """Soft saturation at twice the rate (so that its overtones do not fold back), at the loudness it had.

    `amount` 0..1 goes from barely warm to a fuzz. The drive follows the material's own level (its 99th percentile).
    """
    import soxr

    level = float(np.percentile(np.abs(samples[:, ::16]), 99))
    if level < 1e-5:
        return samples
    gain = 0.5 + 12 * amount**1.5
    out = np.empty_like(samples)
    for channel, target in zip(samples, out, strict=True):
        dense = soxr.resample(channel, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, quality="MQ")
        dense = np.tanh(dense * np.float32(gain / level))
        back = soxr.resample(dense, 2 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, quality="MQ")[: len(target)]
        target[: len(back)] = back
        target[len(back) :] = 0
    return out * np.float32(_rms(samples) / max(_rms(out), 1e-9))


def _rms(samples: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(samples[:, ::4], dtype=np.float32), dtype=np.float64)))


def chorused(samples: Wave, amount: float) -> Wave:
    """Two delayed copies that waver against each other, one a side: float32 [2, frames]. `amount` 0..1."""
    mono = samples.mean(axis=0) if len(samples) == 2 else samples[0]
    out = np.empty((2, samples.shape[1]), dtype=np.float32)
    wet = np.float32(0.75 * amount)
    for side, phase in enumerate((0.0, np.pi / 2)):
        copy = wavered(mono, 0.012 + 0.003 * side, 0.0008 + 0.0022 * amount, 0.55 + 0.1 * side, phase)
        out[side] = (samples[min(side, len(samples) - 1)] + wet * copy) / np.sqrt(1 + wet * wet)
    return out


def wavered(mono: Wave, delay_s: float, depth_s: float, rate_hz: float, phase: float) -> Wave:
    """float32 [frames], read from `delay_s` before with a sine wavering by `depth_s`; linear interpolation."""
    out = np.empty_like(mono)
    padded = np.concatenate(
        [np.zeros(round((delay_s + depth_s) * SAMPLE_RATE_HZ) + 2, dtype=np.float32), mono, mono[-1:]]
    )
    lead = len(padded) - len(mono) - 1
    for first in range(0, len(mono), CHUNK_FRAMES):
        frame = np.arange(first, min(first + CHUNK_FRAMES, len(mono)))
        turn = 2 * np.pi * rate_hz / SAMPLE_RATE_HZ * frame + phase
        late = np.float32(delay_s * SAMPLE_RATE_HZ) + np.float32(depth_s * SAMPLE_RATE_HZ) * np.sin(
            turn, dtype=np.float32
        )
        whole = np.ceil(late)
        index = frame + (lead - whole.astype(np.int64))
        low = padded[index]
        out[first : first + len(frame)] = low + (whole - late) * (padded[index + 1] - low)
    return out
