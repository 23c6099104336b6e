"""Levels: loudness of a part, compression, and the push that the kick gives to the other parts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.effects_pieces import Steps, finished, pieces
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

BLOCK_FRAMES = round(0.4 * SAMPLE_RATE_HZ)
SLICE_FRAMES = BLOCK_FRAMES // 8
SILENT_LUFS = -70.0
HOP_FRAMES = 128
_STAGE_1 = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_STAGE_2 = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
"""K-weighting at 48 kHz: ITU-R BS.1770-4, tables 1 and 2."""


def loudness_lufs(samples: Wave) -> float:
    """Gated loudness (BS.1770-4) of float32 [1 or 2, frames]; -70 for silence. One channel counts as both sides.

    Blocks of 400 ms do not overlap and are weighted by the spectra of their eighths: within 0.3 LU of the standard.
    """
    return finished(measuring_lufs(samples))


def measuring_lufs(samples: Wave) -> Steps[float]:
    """The same, ten seconds at a time."""
    return (yield from _measuring(samples, _k_weighting()))


def measuring_energy(samples: Wave) -> Steps[float]:
    """The same with all frequencies alike, in dB: the value of a sine of 1 kHz is its loudness in LUFS less 0.7."""
    return (yield from _measuring(samples, _no_weighting()))


def _measuring(samples: Wave, weight: NDArray[np.float32]) -> Steps[float]:
    from scipy import fft  # keeps single precision, half the time of numpy's

    num_blocks = max(-(-samples.shape[1] // BLOCK_FRAMES), 1)
    power = np.zeros(num_blocks)
    for first in range(0, num_blocks, 25):
        count = min(25, num_blocks - first)
        for channel in samples[:, first * BLOCK_FRAMES : (first + count) * BLOCK_FRAMES]:
            padded = np.zeros(count * BLOCK_FRAMES, dtype=np.float32)
            padded[: len(channel)] = channel
            spectrum = fft.rfft(padded.reshape(-1, SLICE_FRAMES), axis=1)
            slices = (np.square(spectrum.real) + np.square(spectrum.imag)) @ weight
            power[first : first + count] += slices.reshape(count, -1).mean(axis=1) * (2 / len(samples))
        yield
    loud = power[_lufs(power) > SILENT_LUFS]
    if not len(loud):
        return SILENT_LUFS
    return float(_lufs(loud[_lufs(loud) > _lufs(loud.mean()) - 10].mean()))


@lru_cache(maxsize=1)
def _no_weighting() -> NDArray[np.float32]:
    return _weights(np.ones(SLICE_FRAMES // 2 + 1))


@lru_cache(maxsize=1)
def _k_weighting() -> NDArray[np.float32]:
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(SLICE_FRAMES, 1 / SAMPLE_RATE_HZ) / 48_000)
    response = np.ones(len(z), dtype=complex)
    for numerator, denominator in (_STAGE_1, _STAGE_2):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return _weights(np.abs(response))


def _weights(gains: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights [bins] that turn |rfft|^2 of a slice into its mean power after a filter of these gains (Parseval)."""
    weight = (2 * gains**2 / SLICE_FRAMES**2).astype(np.float32)
    weight[0] /= 2
    return weight


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    out: NDArray[np.float64] = -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
    return out


def decibels(gain_db: float) -> np.float32:
    """Decibels to a linear gain."""
    return np.float32(10 ** (gain_db / 20))


def compressing(samples: Wave, threshold_db: float, ratio: float, attack_s: float, release_s: float) -> Steps[None]:
    """float32 [channels, frames] with the loud moments held back, both channels alike, in place.

    The level is the peak of both channels in hops of 128 frames (2.9 ms), its gain smoothed by attack and release
    (Giannoulis, Massberg, Reiss: Digital Dynamic Range Compressor Design, JAES 2012: branching smoothing of the gain).
    """
    attack, release = (float(np.exp(-HOP_FRAMES / SAMPLE_RATE_HZ / time_s)) for time_s in (attack_s, release_s))
    smoothed, now = [], 0.0
    for span in pieces(samples.shape[1]):
        level_db = 20 * np.log10(np.maximum(_hop_peaks(samples[:, span]), 1e-6))
        gain_db = _smoothed(np.minimum(threshold_db - level_db, 0) * (1 - 1 / ratio), attack, release, now)
        smoothed.append(gain_db)
        now = float(gain_db[-1])
        yield
    every = np.concatenate(smoothed)
    gain = (10 ** (np.append(every, every[-1]) / 20)).astype(np.float32)
    ramp = np.linspace(0, 1, HOP_FRAMES, endpoint=False, dtype=np.float32)
    for span in pieces(samples.shape[1]):
        first, count = span.start // HOP_FRAMES, -(-(span.stop - span.start) // HOP_FRAMES)
        steps = gain[first : first + count + 1]
        ramps = steps[:-1, None] + np.diff(steps)[:, None] * ramp
        samples[:, span] *= ramps.reshape(-1)[: span.stop - span.start]
        yield


def _hop_peaks(samples: Wave) -> Wave:
    num_hops = -(-samples.shape[1] // HOP_FRAMES)
    peaks = np.zeros(num_hops * HOP_FRAMES, dtype=np.float32)
    for channel in samples:
        np.maximum(peaks[: len(channel)], np.abs(channel), out=peaks[: len(channel)])
    highest: Wave = peaks.reshape(num_hops, HOP_FRAMES).max(axis=1)
    return highest


def _smoothed(values: NDArray[np.float64], attack: float, release: float, now: float) -> NDArray[np.float64]:
    out = np.empty(len(values))
    for index, value in enumerate(values.tolist()):
        keep = attack if value < now else release
        now = keep * now + (1 - keep) * value
        out[index] = now
    return out


def ducking_gain(kick_starts_s: NDArray[np.float64], depth: float, beat_s: float, num_frames: int) -> Wave:
    """float32 [frames]: 1 - depth at each kick, back at 1 after the smaller of 0.3 s and 0.6 of a beat.

    A raised cosine on the way back; 4 ms on the way down, before the kick, so that the kick's own start is free.
    """
    length = round(min(0.3, 0.6 * beat_s) * SAMPLE_RATE_HZ)
    down = round(0.004 * SAMPLE_RATE_HZ)
    back = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, length))
    dip = np.concatenate([np.linspace(0, 1, down), back]).astype(np.float32) * np.float32(depth)
    push = np.zeros(num_frames, dtype=np.float32)
    for start in (kick_starts_s * SAMPLE_RATE_HZ).astype(int) - down:
        first, last = max(start, 0), min(start + len(dip), num_frames)
        if first < last:
            piece = push[first:last]
            np.maximum(piece, dip[first - start : last - start], out=piece)
    return 1 - push
