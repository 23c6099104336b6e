"""Tone: filters, drive, chorus of float32 [channels, frames] at the engine's rate, in place and piece by piece."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.effects_pieces import Steps, finished, pieces, scaled
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

CHUNK_FRAMES = 32_768
"""Music is filtered this much at a time, so that double-precision copies stay in the processor's cache."""
SILENT = 1e-12
DRIVE_CONTEXT = 2048
"""Frames around a piece that the resamplers of the drive hear as well: far more than their filters are long."""
Sections = NDArray[np.float64]


def filtered_by(samples: Wave, sections: Sections) -> Wave:
    """A copy of the samples through second-order sections [n, 6]."""
    out = samples.copy()
    finished(filtering(out, sections))
    return out


def filtering(samples: Wave, sections: Sections) -> Steps[None]:
    """The samples through second-order sections [n, 6], state carried from piece to piece.

    Silence stays silence and is skipped. Filters that ring out in it would end in subnormal numbers, which take a
    processor ten times as long: so there is always a hiss of -360 dBFS, and what is softer than -240 dBFS becomes zero.
    """
    from scipy.signal import sosfilt

    hiss = _hiss()
    state = np.zeros((len(sections), samples.shape[0], 2))
    for span in pieces(samples.shape[1]):
        for first in range(span.start, span.stop, CHUNK_FRAMES):
            chunk = samples[:, first : min(first + CHUNK_FRAMES, span.stop)]
            has_rests = not chunk.all()
            if has_rests and np.abs(state).max() < SILENT and not chunk.any():
                continue
            heard = chunk + hiss[: chunk.shape[1]] if has_rests else chunk
            chunk[:], state = sosfilt(sections, heard, axis=1, zi=state)
            if has_rests:
                chunk *= np.abs(chunk) >= SILENT
        yield


@lru_cache(maxsize=1)
def _hiss() -> Wave:
    return np.random.default_rng(0).uniform(-1e-18, 1e-18, CHUNK_FRAMES).astype(np.float32)


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


@lru_cache(maxsize=64)
def bell(centre_hz: float, gain_db: float, q: float) -> Sections:
    """A peak or dip (R. Bristow-Johnson's Audio EQ Cookbook); it is 2 * asinh(1 / (2 q)) / ln 2 octaves wide."""
    a = 10 ** (gain_db / 40)
    omega = 2 * np.pi * centre_hz / SAMPLE_RATE_HZ
    cosine, alpha = np.cos(omega), np.sin(omega) / (2 * q)
    section = [1 + alpha * a, -2 * cosine, 1 - alpha * a, 1 + alpha / a, -2 * cosine, 1 - alpha / a]
    return np.asarray(np.array([section]) / (1 + alpha / a), dtype=np.float64)


def driving(samples: Wave, amount: float) -> Steps[None]:
    """Soft saturation at twice the rate (so that its overtones do not fold back), at the loudness it had.

    `amount` 0..1 goes from barely warm to a fuzz. The drive follows the material's own level (its 99th percentile).
    """
    level = float(np.percentile(np.abs(samples[:, ::16]), 99))
    if level < 1e-5:
        return
    gain = np.float32((0.5 + 12 * amount**1.5) / level)
    before = _rms(samples)
    yield
    past = np.zeros((len(samples), DRIVE_CONTEXT), dtype=np.float32)
    for span in pieces(samples.shape[1]):
        window = np.concatenate([past, samples[:, span.start : span.stop + DRIVE_CONTEXT]], axis=1)
        past = window[:, span.stop - span.start :][:, :DRIVE_CONTEXT].copy()
        for channel, target in zip(window, samples[:, span], strict=True):
            target[:] = _fuzz(channel, gain)[DRIVE_CONTEXT : DRIVE_CONTEXT + len(target)]
        yield
    yield from scaled(samples, before / max(_rms(samples), 1e-9))


def _fuzz(channel: Wave, gain: np.float32) -> Wave:
    """float32 [frames] through tanh at twice the rate; as long as it was."""
    import soxr

    dense = np.tanh(soxr.resample(channel, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, quality="MQ") * gain)
    back: Wave = soxr.resample(dense, 2 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, quality="MQ")
    return back if len(back) >= len(channel) else np.pad(back, (0, len(channel) - len(back)))


def _rms(samples: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(samples[:, ::4], dtype=np.float32), dtype=np.float64)))


def chorusing(samples: Wave, amount: float) -> Steps[Wave]:
    """Two delayed copies that waver against each other, one a side; ends with float32 [2, frames]. `amount` 0..1."""
    mono = samples.mean(axis=0, keepdims=True) if len(samples) == 2 else samples
    out = samples if len(samples) == 2 else np.repeat(samples, 2, axis=0)
    wet = np.float32(0.75 * amount)
    for side, phase in enumerate((0.0, np.pi / 2)):
        copy = mono.copy()
        yield from wavering(copy, 0.012 + 0.003 * side, 0.0008 + 0.0022 * amount, 0.55 + 0.1 * side, phase)
        for span in pieces(out.shape[1]):
            out[side, span] += wet * copy[0, span]
            out[side, span] /= np.sqrt(1 + wet * wet)
            yield
    return out


def wavering(samples: Wave, delay_s: float, depth_s: float, rate_hz: float, phase: float) -> Steps[None]:
    """Every channel read from `delay_s` before with a sine wavering by `depth_s`; linear interpolation."""
    lead = round((delay_s + depth_s) * SAMPLE_RATE_HZ) + 2
    past = np.zeros((len(samples), lead), dtype=np.float32)
    turn = 2 * np.pi * rate_hz / SAMPLE_RATE_HZ
    for span in pieces(samples.shape[1]):
        window = np.concatenate([past, samples[:, span]], axis=1)
        frame = np.arange(span.start, span.stop)
        late = np.float32(delay_s * SAMPLE_RATE_HZ) + np.float32(depth_s * SAMPLE_RATE_HZ) * np.sin(
            turn * frame + phase, dtype=np.float32
        )
        whole = np.ceil(late)
        index = frame - span.start + lead - whole.astype(np.int64)
        for channel, target in zip(window, samples[:, span], strict=True):
            low = channel[index]
            target[:] = low + (whole - late) * (channel[index + 1] - low)
        past = window[:, -lead:].copy()
        yield
