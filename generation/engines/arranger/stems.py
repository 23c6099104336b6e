"""Stems: a take's finished parts, few in memory, the rest in a temporary file that vanishes by itself."""

from __future__ import annotations

import mmap
import tempfile
from typing import IO

import numpy as np

from generation.audio.levels import STEM_PEAK
from generation.clip import Clip
from generation.engines.arranger.effects_pieces import Steps, peak, scaled
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

MAX_MEMORY_BYTES = 24 * 2**20
"""Two stems of 30 s; five minutes of a band would take more than a gigabyte."""


class StemShelf:
    """Keeps stems until they are asked for. One file, without a name, goes when the last stem does.

    Where one of them passes full scale, all are turned down by one gain: what they sum to stays the same music.
    """

    def __init__(self, max_memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._room_bytes = max_memory_bytes
        self._kept: dict[str, Wave] = {}
        self._maps: dict[str, mmap.mmap] = {}
        self._file: IO[bytes] | None = None
        self._peak = 0.0

    def free_name(self, name: str) -> str:
        """The name, with a number where it is taken."""
        return name if name not in self._kept else f"{name} {len(self._kept) + 1}"

    def put(self, name: str, samples: Wave) -> None:
        """Keep float32 [2, frames] under a name; the shelf owns the samples from here on."""
        self._peak = max(self._peak, peak(samples))
        if not self._has_room(samples.nbytes):
            samples = self._mapped(name, samples, 0, samples.shape[1])
        self._kept[name] = samples

    def put_at(self, name: str, samples: Wave, first_frame: int, num_frames: int) -> None:
        """Keep float32 [2, num_frames] under a name: silence, and from `first_frame` on the samples as far as they fit.
        In the file silence takes no room."""
        samples = samples[:, : max(num_frames - first_frame, 0)]
        self._peak = max(self._peak, peak(samples))
        if self._has_room(8 * num_frames):
            self._kept[name] = np.zeros((2, num_frames), np.float32)
            self._kept[name][:, first_frame : first_frame + samples.shape[1]] = samples
        else:
            self._kept[name] = self._mapped(name, samples, first_frame, num_frames)

    def _has_room(self, num_bytes: int) -> bool:
        """Takes the room in memory, where there is as much."""
        has_room = num_bytes <= self._room_bytes
        self._room_bytes -= num_bytes * has_room
        return has_room

    def _mapped(self, name: str, samples: Wave, first_frame: int, num_frames: int) -> Wave:
        """float32 [2, num_frames] in the file, with the samples from `first_frame` on and holes around them."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the stems that map it
        offset = -(-self._file.seek(0, 2) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        for number, channel in enumerate(samples):
            self._file.seek(offset + 4 * (number * num_frames + first_frame))
            np.ascontiguousarray(channel).tofile(self._file)
        self._file.flush()
        self._file.truncate(offset + 8 * num_frames)
        mapped = mmap.mmap(self._file.fileno(), 8 * num_frames, access=mmap.ACCESS_WRITE, offset=offset)
        self._maps[name] = mapped
        return np.frombuffer(mapped, np.float32).reshape(2, num_frames)

    def clips(self) -> Steps[dict[str, Clip]]:
        """All stems by name, in the order in which they came, none of them over full scale."""
        found = {}
        for name, samples in self._kept.items():
            if self._peak > STEM_PEAK:
                yield from scaled(samples, STEM_PEAK / self._peak)
            found[name] = self._clip(name, samples)
            yield
        return found

    def _clip(self, name: str, samples: Wave) -> Clip:
        clip = Clip(samples, SAMPLE_RATE_HZ)
        if name in self._maps and hasattr(mmap, "MADV_DONTNEED"):
            self._maps[name].madvise(mmap.MADV_DONTNEED)  # the check has read it all; it need not stay in memory
        return clip
