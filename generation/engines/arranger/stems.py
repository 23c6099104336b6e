"""Stems: a take's finished parts, few in memory, the rest in a temporary file that vanishes by itself."""

from __future__ import annotations

import mmap
import tempfile
from typing import IO

import numpy as np

from generation.clip import Clip
from generation.engines.arranger.effects_pieces import Steps
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

MAX_MEMORY_BYTES = 24 * 2**20
"""Two stems of 30 s; five minutes of a band would take more than a gigabyte."""


class StemShelf:
    """Keeps stems until they are asked for. One file, without a name, goes when the last stem does."""

    def __init__(self, max_memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._room_bytes = max_memory_bytes
        self._kept: dict[str, Wave] = {}
        self._maps: dict[str, mmap.mmap] = {}
        self._file: IO[bytes] | None = None

    def free_name(self, name: str) -> str:
        """The name, with a number where it is taken."""
        return name if name not in self._kept else f"{name} {len(self._kept) + 1}"

    def put(self, name: str, samples: Wave) -> None:
        """Keep float32 [2, frames] under a name; the shelf owns the samples from here on."""
        if samples.nbytes <= self._room_bytes:
            self._room_bytes -= samples.nbytes
            self._kept[name] = samples
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the stems that map it
        offset = -(-self._file.seek(0, 2) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        self._file.seek(offset)
        samples.tofile(self._file)
        self._file.flush()
        mapped = mmap.mmap(self._file.fileno(), samples.nbytes, access=mmap.ACCESS_READ, offset=offset)
        self._maps[name] = mapped
        self._kept[name] = np.frombuffer(mapped, np.float32).reshape(samples.shape)

    def clips(self) -> Steps[dict[str, Clip]]:
        """All stems by name, in the order in which they came."""
        found = {}
        for name, samples in self._kept.items():
            found[name] = self._clip(name, samples)
            yield
        return found

    def _clip(self, name: str, samples: Wave) -> Clip:
        clip = Clip(samples, SAMPLE_RATE_HZ)
        if name in self._maps and hasattr(mmap, "MADV_DONTNEED"):
            self._maps[name].madvise(mmap.MADV_DONTNEED)  # the check has read it all; it need not stay in memory
        return clip
