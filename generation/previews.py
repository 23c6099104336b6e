"""Previews on the disk: of each job that is being made the newest one, apart from all audio that is kept.

audio/previews/<job id>.<fence>/ab/ab12….flac      the worker puts it there; its service takes it away when the job ends

A place for each job, because names by hash alone are shared: two jobs that sound alike must not take each other's, and
no clip or take may go because a preview sounded like it. One for each lease of it, by its fence: a service that was
thought dead and goes on must not take away what the next one has put there. Whatever is left over can be told by the
folder's name.
"""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from generation.errors import TakeNotFound

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.clip import Clip

FOLDER = "previews"
GONE = "This preview is gone: a newer one has come, or what it was of has ended."
_PLACE = re.compile(r"[\w-]{1,80}(\.\d{1,19})?", re.ASCII)
"""Without a fence: as an earlier version may have left it."""


def place_of(job_id: str, fence: int) -> str:
    """The place for the previews of a job under a lease: the name of its folder."""
    return f"{job_id}.{fence}"


def job_of(place: str) -> str:
    """The job whose previews lie there."""
    return place.partition(".")[0]


class PreviewShelf:
    """The previews of all jobs of one audio folder. Blocks: call it in a thread."""

    def __init__(self, audio_folder: Path) -> None:
        self._folder = audio_folder / FOLDER
        self._lock = threading.Lock()  # no reader makes a folder anew that is just taken away

    def put(self, place: str, clip: Clip) -> str:
        """Keep a job's newest preview instead of the one before; returns its hash. Raises BandmateError: disk full."""
        store = self._store(place)
        newest = store.put(clip)
        for older in [digest for digest, _ in store.hashes() if digest != newest]:
            store.remove(older)
        return newest

    def get(self, place: str, preview_hash: str) -> Clip:
        """A job's preview. Raises TakeNotFound when a newer one has come, or the job has ended."""
        with self._lock:
            if not self._path(place).is_dir() or not (store := self._store(place)).has(preview_hash):
                raise TakeNotFound(GONE)
            return store.get(preview_hash)

    def remove(self, place: str) -> None:
        """Take away what lies at a place; nothing is fine too. Raises OSError."""
        with self._lock:
            if self._path(place).is_dir():
                shutil.rmtree(self._path(place))

    def places(self) -> list[str]:
        """The places at which something lies."""
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []

    def _store(self, place: str) -> AudioStore:
        from generation.audio.store import AudioStore

        return AudioStore(self._path(place))

    def _path(self, place: str) -> Path:
        """Its folder. What is no place never becomes a path."""
        if not _PLACE.fullmatch(place):
            raise TakeNotFound(GONE)
        return self._folder / place
