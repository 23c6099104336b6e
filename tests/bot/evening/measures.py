"""What is measured in the evening's files, by other means than the product's own."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import soundfile

from generation.clip import Clip

ONSET_HOP = 128
NEAR, NUM_PACES = 0.12, 481
"""How far around the expected tempo it is looked for, and in how many steps."""
BEATS_APART = 8
"""Onsets one to eight beats apart are compared: farther apart the least difference of tempo shows."""
BLOCK_S, SILENT_DBFS = 0.1, -60.0


@dataclass(frozen=True)
class Measured:
    """Seconds; LUFS (ITU-R BS.1770-4); the tempo at which beats repeat, and how clearly; the share of
    100 ms blocks that are silent."""

    duration_s: float
    loudness_lufs: float
    tempo_bpm: float
    repeats: float
    silence: float


def opened(data: bytes) -> Clip:
    """A file as a clip, by libsndfile."""
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Clip(np.ascontiguousarray(samples.T), rate_hz)


def measured(clip: Clip, bar_s: float) -> Measured:
    """Everything about a clip whose bars should have this length."""
    tempo_bpm, repeats = _tempo_near(clip, bar_s)
    loudness_lufs = float(pyloudnorm.Meter(clip.sample_rate_hz).integrated_loudness(clip.samples.T.astype(np.float64)))
    return Measured(clip.duration_s, loudness_lufs, tempo_bpm, repeats, _silence(clip))


def _tempo_near(clip: Clip, bar_s: float) -> tuple[float, float]:
    """The tempo (4/4) near the expected one at whose beats the onsets repeat best, and by how much better than at the
    tempi around it: a correlation."""
    onsets = _onsets(clip)
    onsets = (onsets - onsets.mean()) / onsets.std()
    spectrum = np.abs(np.fft.rfft(onsets, 2 * onsets.size)) ** 2
    likeness = np.fft.irfft(spectrum)[: onsets.size] / np.arange(onsets.size, 0, -1)
    beats = np.arange(1, min(BEATS_APART, int(clip.duration_s / bar_s * 4) - 2) + 1)
    paces = np.linspace(1 - NEAR, 1 + NEAR, NUM_PACES)
    lags = np.outer(paces, beats) * bar_s / 4 * clip.sample_rate_hz / ONSET_HOP
    scores = np.interp(lags, np.arange(onsets.size), likeness).mean(axis=1)
    best = int(np.argmax(scores))
    return float(240.0 / (bar_s * paces[best])), float(scores[best] - np.median(scores))


def _onsets(clip: Clip) -> np.ndarray:
    """How much louder each step of 128 frames is than the one before, in dB over -50 dBFS, smoothed over 20 ms."""
    mono = clip.to_mono().samples[0].astype(np.float64)
    power = np.square(mono[: len(mono) // ONSET_HOP * ONSET_HOP]).reshape(-1, ONSET_HOP).mean(axis=1)
    smooth = np.hanning(9) / np.hanning(9).sum()
    level_db = 10 * np.log10(np.convolve(power, smooth, mode="same") + 1e-5)
    return np.convolve(np.maximum(np.diff(level_db), 0.0), smooth, mode="same")


def _silence(clip: Clip) -> float:
    mono = clip.to_mono().samples[0]
    step = round(BLOCK_S * clip.sample_rate_hz)
    blocks = np.square(mono[: len(mono) // step * step]).reshape(-1, step).mean(axis=1)
    return float((10 * np.log10(blocks + 1e-12) < SILENT_DBFS).mean())
