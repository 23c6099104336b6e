"""Raw samples from the decoding child: out of its WAV stream, checked before they become a Clip."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from generation.clip import Samples

SILENCE_DBFS = -70.0
"""A clip whose peak is below this is silent: the noise of a muted microphone lies there, the softest hum does not."""

WILD_PEAK = 4.0
"""A float mix that was not turned down reaches 12 dB over full scale; samples above are damage, or another scale."""

WILD_SHARE = 0.001
"""If no more than this share of the samples is wild, they are damage and are cut; else all is turned down."""

AUDIBLE_OVER = 1.12
"""Lossy codecs overshoot by up to 1 dB; only more than that is worth a word."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """Interleaved little-endian float32 in `data` from byte `start` on."""

    data: bytes | bytearray
    start: int
    num_channels: int
    sample_rate_hz: int

    @property
    def num_frames(self) -> int:
        """Whole frames that are there."""
        return (len(self.data) - self.start) // (4 * self.num_channels)

    def samples(self, max_frames: int) -> Samples:
        """A copy as float32 [channels, frames], at most max_frames of them. NaN and infinity may be in it."""
        count = min(self.num_frames, max_frames) * self.num_channels
        flat = np.frombuffer(self.data, "<f4", count, self.start)
        return np.ascontiguousarray(flat.reshape(-1, self.num_channels).T, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """Samples that are finite and within -1..1, whether they are silent, and the sentences about what was mended."""

    samples: Samples
    silent: bool
    remarks: tuple[str, ...]


def parse_wav(data: bytes | bytearray) -> Pcm | None:
    """The float samples in a streamed WAV (its sizes are unknown, so the data goes on to the end); None if none came.

    The stream is ffmpeg's own, not a user's.
    """
    position = 12
    num_channels = sample_rate_hz = 0
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"fmt " and position + 8 <= len(data):
            _, num_channels, sample_rate_hz = struct.unpack_from("<HHI", data, position)
        if name == b"data":
            return Pcm(data, position, num_channels, sample_rate_hz) if num_channels and sample_rate_hz else None
        position += size + size % 2
    return None


def check_samples(samples: Samples) -> SampleCheck:
    """Mend what can be mended: numbers that are none become silence, and what is too loud is turned down to full scale.

    Takes float32 [channels, frames]; writes into it.
    """
    remarks = []
    bad = ~np.isfinite(samples)
    if bad.any():
        remarks.append(f"{100 * bad.mean():.2g} % of the samples were not numbers; I silenced them.")
        samples[bad] = 0.0
    peak = _peak(samples)
    if peak > WILD_PEAK and (np.abs(samples) > WILD_PEAK).mean() <= WILD_SHARE:
        remarks.append("A few samples of the clip were far above full scale; I cut them.")
        np.clip(samples, -1.0, 1.0, out=samples)
    elif peak > 1.0:
        samples /= np.float32(peak)
        np.clip(samples, -1.0, 1.0, out=samples)
        if peak > AUDIBLE_OVER:
            remarks.append(f"The clip was {20 * np.log10(peak):.1f} dB too loud; I turned it down.")
    return SampleCheck(samples, _peak(samples) < 10 ** (SILENCE_DBFS / 20), tuple(remarks))


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0.0))
