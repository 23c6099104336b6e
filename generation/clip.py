"""Clip: audio that cannot lose its sample rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""float32 [channels, frames], full scale is -1..1."""

CANCELLED_POWER = 0.05
"""Two channels cancel where their mean has 13 dB less power than half their difference; unrelated ones are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A piece of audio: `samples` float32 [channels, frames] (1 or 2 channels), and its rate in Hz.

    Full scale is -1..1. What is decoded and what is finished lies inside it; a take on its way from an engine to
    finishing may pass it (float holds the peaks, the limiter takes them), so the range is not checked here, and what
    is stored or encoded unfinished is cut there.

    The array is made read-only, so a clip can be shared without copies.

    Raises:
        ValueError: another shape or dtype, no frames, values that are not finite, or a rate outside 1..384000 Hz.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        samples = self.samples
        if samples.dtype != np.float32 or samples.ndim != 2:
            raise ValueError(f"samples must be float32 [channels, frames], not {samples.dtype} {list(samples.shape)}")
        if samples.shape[0] not in (1, 2) or samples.shape[1] == 0:
            raise ValueError(f"a clip has 1 or 2 channels and at least one frame, not {list(samples.shape)}")
        if not 1 <= self.sample_rate_hz <= 384_000:
            raise ValueError(f"sample_rate_hz must be in 1..384000, not {self.sample_rate_hz}")
        if not np.isfinite(samples).all():
            raise ValueError("samples must be finite: found NaN or infinity")
        samples.flags.writeable = False

    @property
    def num_channels(self) -> int:
        """1 (mono) or 2 (stereo)."""
        return int(self.samples.shape[0])

    @property
    def num_frames(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_frames / self.sample_rate_hz

    def cut(self, start_s: float, end_s: float | None = None) -> Self:
        """The part from `start_s` to `end_s` (seconds; the clip's end if None), at least one frame."""
        first = min(max(round(start_s * self.sample_rate_hz), 0), self.num_frames - 1)
        last = self.num_frames if end_s is None else round(end_s * self.sample_rate_hz)
        return type(self)(self.samples[:, first : max(last, first + 1)].copy(), self.sample_rate_hz)

    def to_mono(self) -> Self:
        """One channel: the mean of the channels; where they cancel each other (one wired the wrong way round), half
        their difference."""
        if self.num_channels == 1:
            return self
        middle, side = self.samples.mean(axis=0, keepdims=True), np.diff(self.samples, axis=0) / 2
        cancelled = np.square(middle).mean() < CANCELLED_POWER * np.square(side).mean()
        return type(self)(np.asarray(side if cancelled else middle, np.float32), self.sample_rate_hz)

    def to_stereo(self) -> Self:
        """Two channels; a mono clip goes to both sides at its own level."""
        if self.num_channels == 2:
            return self
        return type(self)(np.repeat(self.samples, 2, axis=0), self.sample_rate_hz)

    def resampled(self, sample_rate_hz: int) -> Self:
        """The same audio at another rate (soxr, high quality). The length keeps to within one frame."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        import soxr  # takes 20 ms to import: only those who resample pay

        out = soxr.resample(self.samples.T, self.sample_rate_hz, sample_rate_hz)
        return type(self)(np.ascontiguousarray(out.T, dtype=np.float32), sample_rate_hz)
