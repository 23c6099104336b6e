"""Audio on disk: lossless files named by the hash of their samples, written whole or not at all.

Clips are quantised to 24 bits when they enter, so that what an engine is given now is, bit for bit, what a replay is
given later: use `quantised(clip)` (or `get` after `put`) wherever a clip goes on before it was stored.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.errors import BandmateError

FULL_SCALE = 2**23
"""24 bits: -2**23 .. 2**23 - 1 stands for -1 .. 1."""

FLAC_LEVEL = 0.0
"""libFLAC's fastest level (soundfile counts 0..1): a few per cent larger than its slowest in a fraction of the time."""

CHUNK_FRAMES = 2**15
"""What is rounded at once, so that its copies stay in the processor's cache."""

STALE_S = 3600.0
"""A temporary file this old belongs to a process that was killed."""
STALE_SCRATCH_S = 600.0
"""Encoding is given two minutes (generation.audio.encode): what is older was left by a process that was killed."""

_HASH = re.compile(r"[0-9a-f]{64}")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says of a disk without room."""


def quantised(clip: Clip) -> Clip:
    """The clip as it comes back from the store: rounded to 24 bits."""
    return _from_steps(_to_steps(clip).T, clip.sample_rate_hz)


def samples_digest(clip: Clip) -> str:
    """SHA-256 (64 hexadecimal digits) of the clip's rate, channels and 24-bit samples: equal audio, equal digest."""
    return _digest(_to_steps(clip), clip.sample_rate_hz)


class AudioStore:
    """A folder of clips (24-bit FLAC) and raw blobs (MIDI), named by their hash. Blocks: call it in a thread.

    Safe to share between threads and processes: a name appears only when its whole content is on the disk.
    `scratch` is a folder on the same disk for what encoders write in between; `sweep` empties it.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder (readable by its owner alone) if it is missing. Raises BandmateError if that fails."""
        self._folder = folder
        self.scratch = folder / "scratch"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.scratch.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise _disk_error(f"The folder {folder} can't be made", error) from error

    def put(self, clip: Clip) -> str:
        """Keep a clip, and give its hash (`samples_digest`). Raises BandmateError when the disk is full or fails."""
        steps = _to_steps(clip)
        digest = _digest(steps, clip.sample_rate_hz)
        if not self._is_renewed(self._path(digest, "flac")):
            self._write(self._path(digest, "flac"), _to_flac(steps, clip.sample_rate_hz))
        return digest

    def get(self, digest: str) -> Clip:
        """A clip by its hash. Raises BandmateError when there is none or its file is damaged."""
        import soundfile

        data = self._read(self._path(digest, "flac"))
        try:
            steps, rate_hz = soundfile.read(io.BytesIO(data), dtype="int32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise BandmateError("The audio of this clip is damaged on the disk.") from error
        return _from_steps(steps.T >> 8, rate_hz)

    def put_blob(self, data: bytes) -> str:
        """Keep raw bytes, and give their SHA-256. Raises BandmateError when the disk is full or fails."""
        digest = hashlib.sha256(data).hexdigest()
        if not self._is_renewed(self._path(digest, "bin")):
            self._write(self._path(digest, "bin"), data)
        return digest

    def get_blob(self, digest: str) -> bytes:
        """Raw bytes by their hash. Raises BandmateError when there are none."""
        return self._read(self._path(digest, "bin"))

    def has(self, digest: str) -> bool:
        """Whether a clip or blob of this hash is there."""
        return any(self._path(digest, kind).exists() for kind in ("flac", "bin"))

    def written_at(self, digest: str) -> float:
        """When it was put here, in seconds since the epoch; infinity when it is not here."""
        for kind in ("flac", "bin"):
            with contextlib.suppress(FileNotFoundError):
                return self._path(digest, kind).stat().st_mtime
        return float("inf")

    def remove(self, digest: str) -> int:
        """Forget a clip or blob; gives the bytes that became free, 0 if there was none."""
        freed = 0
        for kind in ("flac", "bin"):
            path = self._path(digest, kind)
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                continue
            freed += size
        return freed

    def hashes(self) -> Iterator[tuple[str, int]]:
        """Everything that is kept: hash and size in bytes."""
        for path in self._folder.glob("??/*"):
            if _HASH.fullmatch(path.stem) and path.suffix in (".flac", ".bin"):
                yield path.stem, path.stat().st_size

    def sweep(self) -> int:
        """Remove temporary files and folders that killed processes left behind; gives their number."""
        stale = [path for path in self._folder.glob("??/.new-*") if _age_s(path) > STALE_S]
        for path in stale:
            path.unlink(missing_ok=True)
        left = [path for path in self.scratch.iterdir() if _age_s(path) > STALE_SCRATCH_S]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale) + len(left)

    def _path(self, digest: str, kind: str) -> Path:
        """Where a hash lives. What is not a hash never becomes a path."""
        if not isinstance(digest, str) or not _HASH.fullmatch(digest):
            raise BandmateError("That is not the name of a clip.")
        return self._folder / digest[:2] / f"{digest}.{kind}"

    def _is_renewed(self, path: Path) -> bool:
        """Whether it is there already: then it counts as written now, and no housekeeping takes it for left over."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _disk_error("The audio can't be kept", error) from error
        return True

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise BandmateError("The audio of this clip is gone: it was deleted or has expired.") from error
        except OSError as error:
            raise _disk_error("The audio can't be read", error) from error

    def _write(self, path: Path, data: bytes) -> None:
        """Written under a temporary name in the same folder, on the disk (fsync), then moved: whole or not at all."""
        temporary = path.parent / f".new-{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise _disk_error("The audio can't be kept", error) from error


def _to_steps(clip: Clip) -> NDArray[np.int32]:
    """The samples as 24-bit numbers, int32 [frames, channels]; single precision holds each of them exactly."""
    steps = np.empty((clip.num_frames, clip.num_channels), np.int32)
    for first in range(0, clip.num_frames, CHUNK_FRAMES):
        chunk = clip.samples[:, first : first + CHUNK_FRAMES] * np.float32(FULL_SCALE)
        np.rint(chunk, out=chunk)
        steps[first : first + CHUNK_FRAMES] = np.clip(chunk, -FULL_SCALE, FULL_SCALE - 1, out=chunk).T
    return steps


def _digest(steps: NDArray[np.int32], sample_rate_hz: int) -> str:
    num_frames, num_channels = steps.shape
    found = hashlib.sha256(f"{sample_rate_hz} {num_channels} {num_frames}\n".encode())
    found.update(np.ascontiguousarray(steps, "<i4").data)
    return found.hexdigest()


def _from_steps(steps: NDArray[np.int32], sample_rate_hz: int) -> Clip:
    return Clip(np.ascontiguousarray(steps / np.float32(FULL_SCALE), np.float32), sample_rate_hz)


def _to_flac(steps: NDArray[np.int32], sample_rate_hz: int) -> bytes:
    """The file's bytes; the steps are used up."""
    import soundfile

    buffer = io.BytesIO()
    steps <<= 8  # soundfile takes the upper 24 of 32 bits, unchanged
    soundfile.write(buffer, steps, sample_rate_hz, format="FLAC", subtype="PCM_24", compression_level=FLAC_LEVEL)
    return buffer.getvalue()


def _age_s(path: Path) -> float:
    """Seconds since it was changed; 0 for what has gone meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _sync_folder(folder: Path) -> None:
    """Put the new name itself on the disk; a power cut must not take it back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk_error(what: str, error: OSError) -> BandmateError:
    if error.errno in FULL:
        return BandmateError(f"{what}: the disk is full. Tell whoever runs this Bandmate.")
    return BandmateError(f"{what}: {error.strerror or 'the disk failed'}.")
