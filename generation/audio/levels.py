"""How loud a clip is: integrated loudness, true peak, clipped samples, share of silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip, Samples

OVERSAMPLING = 4
"""True peak is measured at four times the rate (ITU-R BS.1770-4, annex 2)."""

BLOCK_S, HOP_S = 0.4, 0.1
"""The gating blocks of BS.1770-4 and their distance; clips shorter than one are measured as if they were looped."""

HOPS_A_BLOCK = 4
CHUNK_HOPS = 5
"""Half a second is weighted at once: its double-precision copies stay in the processor's cache."""

ABOVE_SUBNORMAL = np.float32(1e-15)
"""Added to what is weighted (-300 dBFS; a constant, which the weighting takes out again): filters that ring out in
digital silence end in subnormal numbers, which take processors ten times as long."""

SILENT_POWER = 1e-14
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0

PEAK_CHUNK_FRAMES = 2**16
Values = NDArray[np.float64]
Wave = NDArray[np.float32]

CLIPPED_FROM = 1.0 - 1 / 32_768
"""Samples from here on are at full scale in 16 bits."""

STEM_PEAK = 0.97
"""-0.26 dBFS: what a stem reaches at most, so that none is cut where it is stored or written with fewer bits."""

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
    peak = true_peak(clip.samples, clip.sample_rate_hz)
    return Levels(
        loudness_lufs=loudness(clip.samples, clip.sample_rate_hz),
        true_peak_dbfs=float(20 * np.log10(peak)) if peak > 0 else None,
        num_clipped=int(np.count_nonzero(np.abs(clip.samples) >= CLIPPED_FROM)),
        silence_share=_silence_share(clip),
    )


def loudness(samples: Samples, sample_rate_hz: int) -> float | None:
    """Integrated loudness in LUFS of float32 [channels, frames]; None when nothing is louder than -70 LUFS."""
    return gated_loudness(block_loudness(samples, sample_rate_hz))


def block_loudness(samples: Samples, sample_rate_hz: int) -> Values:
    """The loudness in LUFS of each block of 0.4 s, one every 0.1 s (-inf: silence), of float32 [channels, frames]."""
    shortest = int(BLOCK_S * sample_rate_hz) + 1
    if samples.shape[1] < shortest:
        samples = np.tile(samples, -(-shortest // samples.shape[1]))
    num_blocks = round((samples.shape[1] / sample_rate_hz - BLOCK_S) / HOP_S) + 1
    energy = _weighted_energy(samples, sample_rate_hz, num_blocks + HOPS_A_BLOCK - 1)
    power = np.convolve(energy, np.ones(HOPS_A_BLOCK), "valid") / (BLOCK_S * sample_rate_hz)
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(np.where(power > SILENT_POWER, power, 0.0)))


def _weighted_energy(samples: Samples, sample_rate_hz: int, num_hops: int) -> Values:
    """The K-weighted energy of all channels in each hop of 0.1 s, as far as there are samples: float64 [hops]."""
    from scipy.signal import sosfilt

    edges = np.minimum(np.round(np.arange(num_hops + 1) * (HOP_S * sample_rate_hz)).astype(int), samples.shape[1])
    sections = _k_weighting(sample_rate_hz)
    state = np.zeros((len(sections), samples.shape[0], 2))
    energy = np.zeros(num_hops)
    for first in range(0, num_hops, CHUNK_HOPS):
        inside = edges[first : first + CHUNK_HOPS + 1]
        if inside[0] == samples.shape[1]:
            break
        chunk = samples[:, inside[0] : inside[-1]] + ABOVE_SUBNORMAL
        heard, state = sosfilt(sections, chunk, axis=1, zi=state)
        sums = np.concatenate(([0.0], np.cumsum(np.einsum("cf,cf->f", heard, heard))))
        energy[first : first + CHUNK_HOPS] = np.diff(sums[inside - inside[0]])
    return energy


@lru_cache(maxsize=8)
def _k_weighting(sample_rate_hz: int) -> Values:
    """The two filters of BS.1770-4 at any rate, as second-order sections [2, 6].

    The parameters are B. De Man's (Evaluation of Implementations of the EBU R128 Loudness Measurement, AES 145, 2018),
    which give the recommendation's coefficients at 48 kHz.
    """
    from pyloudnorm import IIRfilter  # brings scipy.signal, which takes long to import

    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, sample_rate_hz, "high_shelf_DeMan")
    low_cut = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, sample_rate_hz, "high_pass_DeMan")
    return np.array([[*stage.b, *stage.a] for stage in (shelf, low_cut)])


def gated_loudness(blocks_lufs: Values) -> float | None:
    """Integrated loudness from that of the blocks: the mean of those above -70 LUFS, then of those above 10 LU below
    that mean (BS.1770-4, equations 5 to 7)."""
    heard = blocks_lufs[blocks_lufs >= ABSOLUTE_GATE_LUFS]
    if not len(heard):
        return None
    gated = heard[heard > _power_mean(heard) + RELATIVE_GATE_LU]
    return _power_mean(gated) if len(gated) else None


def _power_mean(lufs: Values) -> float:
    return float(10 * np.log10(np.mean(10 ** (lufs / 10))))


def true_peak(samples: Samples, sample_rate_hz: int) -> float:
    """The largest magnitude of the band-limited wave, of float32 [channels, frames]; 0 for digital silence."""
    return float(cell_peaks(samples, sample_rate_hz, 32).max())


def cell_peaks(samples: Samples, sample_rate_hz: int, cell_frames: int) -> Wave:
    """The true peaks of cells of so many frames, over all channels: float32 [cells], from float32 [channels, frames].

    A cell's peak is the largest magnitude of the band-limited wave from its first sample up to the next cell's.
    """
    num_frames = samples.shape[1]
    peaks = np.zeros(-(-num_frames // cell_frames), np.float32)
    _raise_to(peaks, (np.abs(chunk).max(axis=0) for chunk in _in_chunks(samples)), cell_frames, num_frames)
    fine = _in_between(samples, sample_rate_hz)
    _raise_to(peaks, fine, OVERSAMPLING * cell_frames, OVERSAMPLING * num_frames)
    return peaks


def _in_chunks(samples: Samples) -> Iterator[Samples]:
    num_frames = samples.shape[1]
    return (samples[:, first : first + PEAK_CHUNK_FRAMES] for first in range(0, num_frames, PEAK_CHUNK_FRAMES))


def _in_between(samples: Samples, sample_rate_hz: int) -> Iterator[Wave]:
    """The largest magnitudes of all channels at OVERSAMPLING times the rate, chunk by chunk: whole, a minute of stereo
    would take 84 MB."""
    import soxr  # seven times as fast here as scipy's upfirdn

    rates_hz = sample_rate_hz, OVERSAMPLING * sample_rate_hz
    streams = [soxr.ResampleStream(*rates_hz, 1, dtype="float32", quality="MQ") for _ in samples]
    left = samples.shape[1]
    for chunk in _in_chunks(samples):
        left -= chunk.shape[1]
        loudest = np.empty(0, np.float32)
        for stream, channel in zip(streams, chunk, strict=True):
            fine = stream.resample_chunk(channel, last=left == 0)
            np.abs(fine, out=fine)
            loudest = np.maximum(loudest, fine, out=fine) if loudest.size else fine
        yield loudest


def _raise_to(peaks: Wave, chunks: Iterable[Wave], row: int, num_values: int) -> None:
    """Raise each of `peaks` to the largest of its `row` values of the first `num_values` of the chunks."""
    first, rest = 0, np.empty(0, np.float32)
    for chunk in chunks:
        rest = np.concatenate((rest, chunk))[: num_values - first * row] if rest.size else chunk
        whole = min(rest.size // row, num_values // row - first)
        here = peaks[first : first + whole]
        np.maximum(here, rest[: whole * row].reshape(whole, row).max(axis=1), out=here)
        first, rest = first + whole, rest[whole * row :]
    rest = rest[: num_values - first * row]
    if rest.size:
        peaks[first] = max(peaks[first], rest.max())


def _silence_share(clip: Clip) -> float:
    size = min(max(round(SILENCE_WINDOW_S * clip.sample_rate_hz), 1), clip.num_frames)
    num_windows = clip.num_frames // size
    windows = clip.samples[:, : num_windows * size].reshape(clip.num_channels, num_windows, size)
    power = np.square(windows, dtype=np.float32).mean(axis=2).max(axis=0)
    return float((power < SILENCE_RMS**2).mean())
