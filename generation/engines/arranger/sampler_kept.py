"""Rendered waves as they are kept: 16 bits a frame, the least recently used dropped when they take too much memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]

MAX_CACHE_BYTES = 64 * 2**20
BLOCK_FRAMES = 2048
"""Sampler and synthesisers make waves in multiples of it or to their own end, so that a longer wave has the same blocks
and what is kept of a wave does not depend on how long it was made."""
PIECE_FRAMES = 65_536
"""What is laid down at once stays in the processor's cache."""
GEAR_BITS = 2
"""A step's size changes by 12 dB: the loudest frame of a block is at least 8192 steps, 89 dB over its error."""
FULL_BITS = 2
"""In the first gear 16 bits reach to 4: the waves' peaks are around 1."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptWave:
    """A wave in 16 bits a frame: `steps` int16 [sides, frames], times the size that they have from frame to frame:
    `sizes` (first, last, size) for each side. `peaks`: the loudest frame of each block."""

    steps: NDArray[np.int16]
    sizes: tuple[tuple[tuple[int, int, float], ...], ...]
    peaks: tuple[float, ...]

    @classmethod
    def of(cls, wave: Frames) -> KeptWave:
        """Keeps float32 [frames] (mono) or [2, frames]."""
        sides = wave[None] if wave.ndim == 1 else wave
        peaks = _block_peaks(sides)
        sizes = tuple(_sizes(of_side.tolist(), wave.shape[-1]) for of_side in peaks)
        steps = np.empty(sides.shape, dtype=np.int16)
        for side, one, stretches in zip(sides, steps, sizes, strict=True):
            for first, last, size in stretches:
                scaled = side[first:last] * np.float32(1 / size)
                one[first:last] = np.rint(scaled, out=scaled)
        return cls(steps, sizes, tuple(peaks.max(axis=0).tolist()))

    @property
    def num_frames(self) -> int:
        """Length."""
        return int(self.steps.shape[1])

    @property
    def num_sides(self) -> int:
        """1 or 2."""
        return len(self.steps)

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.steps.nbytes

    def frames(self, side: int, first: int, last: int, gain: float = 1.0) -> Frames:
        """float32 [last - first] of a side, times `gain`."""
        out = self.steps[side, first:last].astype(np.float32)
        for begin, end, size in self.sizes[side]:
            if begin < last and end > first:
                out[max(begin - first, 0) : end - first] *= np.float32(size * gain)
        return out

    def fallen_db(self, frame: int) -> float:
        """How far the wave has come down around this frame from its peak until then: <= 0, in decibels."""
        block = min(frame // BLOCK_FRAMES, len(self.peaks) - 1)
        here, peak = max(self.peaks[max(block - 2, 0) : block + 1]), max(self.peaks[: block + 1])
        return 20 * math.log10(here / peak)

    def until(self, quietest_db: float) -> KeptWave:
        """The wave without its end that lies so far (decibels) under its peak."""
        least = max(self.peaks) * 10 ** (quietest_db / 20)
        num_blocks = max(block for block, peak in enumerate(self.peaks) if peak >= least) + 1
        if num_blocks == len(self.peaks):
            return self
        end = num_blocks * BLOCK_FRAMES
        sizes = tuple(
            tuple((first, min(last, end), size) for first, last, size in of_side if first < end)
            for of_side in self.sizes
        )
        return KeptWave(self.steps[:, :end].copy(), sizes, self.peaks[:num_blocks])


def _block_peaks(sides: Frames) -> Frames:
    """float32 [sides, blocks]."""
    num_full = sides.shape[1] // BLOCK_FRAMES
    blocks = sides[:, : num_full * BLOCK_FRAMES].reshape(len(sides), num_full, BLOCK_FRAMES)
    peaks = np.maximum(blocks.max(axis=2), -blocks.min(axis=2))
    rest = np.abs(sides[:, num_full * BLOCK_FRAMES :]).max(axis=1, keepdims=True, initial=0)
    if sides.shape[1] % BLOCK_FRAMES:
        peaks = np.concatenate([peaks, rest], axis=1)
    return np.asarray(np.maximum(peaks, 1e-9))


def _sizes(peaks: list[float], num_frames: int) -> tuple[tuple[int, int, float], ...]:
    """(first frame, last frame, size of a step): as small as the peak of its blocks allows."""
    gears = [(FULL_BITS - math.frexp(peak)[1]) // GEAR_BITS for peak in peaks]
    edges = [0, *(block for block in range(1, len(gears)) if gears[block] != gears[block - 1]), len(gears)]
    return tuple(
        (first * BLOCK_FRAMES, min(last * BLOCK_FRAMES, num_frames), 2.0 ** (FULL_BITS - GEAR_BITS * gear) / 32767)
        for first, last in pairwise(edges)
        for gear in (gears[first],)
    )


class HasBytes(Protocol):
    """Anything that knows its size."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""


Kept = TypeVar("Kept", bound=HasBytes)


class ToneCache(Generic[Kept]):
    """Waves by what they are, the least recently used dropped when they take more than `max_bytes`."""

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._waves: OrderedDict[Hashable, tuple[int, Kept]] = OrderedDict()

    def get(self, key: Hashable, num_frames: int = 0) -> Kept | None:
        """The wave kept under a key, None when it was made for fewer frames than these."""
        made_for, wave = self._waves.get(key, (-1, None))
        if wave is None or made_for < num_frames:
            return None
        self._waves.move_to_end(key)
        return wave

    def put(self, key: Hashable, wave: Kept, num_frames: int = 0) -> Kept:
        """Keeps a wave, made for so many frames (it may have ended before), and hands it back."""
        _, before = self._waves.pop(key, (0, None))
        self.num_bytes -= before.nbytes if before is not None else 0
        self._waves[key] = num_frames, wave
        self.num_bytes += wave.nbytes
        while self.num_bytes > self.max_bytes and len(self._waves) > 1:
            self.num_bytes -= self._waves.popitem(last=False)[1][1].nbytes
        return wave
