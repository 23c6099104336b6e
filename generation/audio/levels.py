"""How loud a clip is: integrated loudness, true peak, clipped samples, share of silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip, Samples

OVERSAMPLING = 4
"""True peak is measured at four times the rate (ITU-R BS.1770-4, annex 2)."""

BLOCK_S, HOP_S = 0.4, 0.1
"""The gating blocks of BS.1770-4 and their distance; clips shorter than one are measured as if they were looped."""

ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0

CLIPPED_FROM = 1.0 - 1 / 32_768
"""Samples from here on are at full scale in 16 bits."""

SILENCE_WINDOW_S = 0.05
SILENCE_RMS = 10 ** (-60 / 20)
"""A window of SILENCE_WINDOW_S whose RMS is below -60 dBFS counts as silence."""


@dataclass(frozen=True, slots=True)
class Levels:
    """A clip's levels. `loudness_lufs` is integrated loudness (ITU-R BS.1770-4), None when nothing passes its gate of
    -70 LUFS; `true_peak_dbfs` is None for digital silence; `num_clipped` counts samples at full scale;
    `silence_share` is 0..1 of the clip's time."""

    loudness_lufs: float | None
    true_peak_dbfs: float | None
    num_clipped: int
    silence_share: float


def measure(clip: Clip) -> Levels:
    """All levels of a clip. 30 s of stereo take about 0.1 s."""
    peak = float(true_peak_envelope(clip.samples, clip.sample_rate_hz).max())
    return Levels(
        loudness_lufs=loudness(clip.samples, clip.sample_rate_hz),
        true_peak_dbfs=float(20 * np.log10(peak)) if peak > 0 else None,
        num_clipped=int((np.abs(clip.samples) >= CLIPPED_FROM).sum()),
        silence_share=_silence_share(clip),
    )


def loudness(samples: Samples, sample_rate_hz: int) -> float | None:
    """Integrated loudness in LUFS of float32 [channels, frames]; None when nothing is louder than -70 LUFS."""
    return gated_loudness(block_loudness(samples, sample_rate_hz))


def block_loudness(samples: Samples, sample_rate_hz: int) -> NDArray[np.float64]:
    """The loudness in LUFS of each block of 0.4 s, one every 0.1 s (-inf: silence), of float32 [channels, frames]."""
    import pyloudnorm  # brings scipy.signal, which takes long to import

    shortest = int(BLOCK_S * sample_rate_hz) + 1
    if samples.shape[1] < shortest:
        samples = np.tile(samples, -(-shortest // samples.shape[1]))
    # De Man's coefficients are those of the recommendation; pyloudnorm's default ones differ by up to 0.1 dB.
    meter = pyloudnorm.Meter(sample_rate_hz, filter_class="DeMan", block_size=BLOCK_S, overlap=1 - HOP_S / BLOCK_S)
    with np.errstate(divide="ignore", invalid="ignore"):
        meter.integrated_loudness(samples.T.astype(np.float64))
    return np.asarray(meter.blockwise_loudness, np.float64)


def gated_loudness(blocks_lufs: NDArray[np.float64]) -> float | None:
    """Integrated loudness from that of the blocks: the mean of those above -70 LUFS, then of those above 10 LU below
    that mean (BS.1770-4, equations 5 to 7)."""
    heard = blocks_lufs[blocks_lufs >= ABSOLUTE_GATE_LUFS]
    if not len(heard):
        return None
    gated = heard[heard > _power_mean(heard) + RELATIVE_GATE_LU]
    return _power_mean(gated) if len(gated) else None


def _power_mean(lufs: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (lufs / 10))))


def true_peak_envelope(samples: Samples, sample_rate_hz: int) -> NDArray[np.float32]:
    """The true peak around each sample, over all channels: float32 [frames], from float32 [channels, frames].

    Value n is the largest magnitude of the band-limited wave from sample n up to sample n + 1.
    """
    import soxr  # seven times as fast here as scipy's upfirdn

    envelope = np.abs(samples).max(axis=0)
    for channel in samples:
        fine = soxr.resample(channel, sample_rate_hz, OVERSAMPLING * sample_rate_hz, quality="MQ")
        fine = np.abs(fine[: len(envelope) * OVERSAMPLING])
        fine = np.pad(fine, (0, len(envelope) * OVERSAMPLING - len(fine)))
        for phase in range(OVERSAMPLING):  # a maximum over so short an axis would take ten times as long
            np.maximum(envelope, fine[phase::OVERSAMPLING], out=envelope)
    return np.asarray(envelope, np.float32)


def _silence_share(clip: Clip) -> float:
    size = min(max(round(SILENCE_WINDOW_S * clip.sample_rate_hz), 1), clip.num_frames)
    num_windows = clip.num_frames // size
    windows = clip.samples[:, : num_windows * size].reshape(clip.num_channels, num_windows, size)
    power = np.square(windows, dtype=np.float32).mean(axis=2).max(axis=0)
    return float((power < SILENCE_RMS**2).mean())
