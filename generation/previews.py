"""Previews on the disk: of each job that is being made the newest one, apart from all audio that is kept.

audio/previews/<job id>/ab/ab12….flac      the worker puts it there; the service takes it away when the job ends

A folder for each job, because names by hash alone are shared: two jobs that sound alike must not take each other's, and
no clip or take may go because a preview sounded like it. Whatever is left over can be told by the folder's name.
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
_JOB_ID = re.compile(r"[\w-]{1,80}", re.ASCII)


class PreviewShelf:
    """The previews of all jobs of one audio folder. Blocks: call it in a thread."""

    def __init__(self, audio_folder: Path) -> None:
        self._folder = audio_folder / FOLDER
        self._lock = threading.Lock()  # no reader makes a folder anew that is just taken away

    def put(self, job_id: str, clip: Clip) -> str:
        """Keep a job's newest preview in place of the one before; returns its hash. Raises BandmateError: disk full."""
        store = self._store(job_id)
        newest = store.put(clip)
        for older in [digest for digest, _ in store.hashes() if digest != newest]:
            store.remove(older)
        return newest

    def get(self, job_id: str, preview_hash: str) -> Clip:
        """A job's preview. Raises TakeNotFound when a newer one has come, or the job has ended."""
        with self._lock:
            if not self._path(job_id).is_dir() or not (store := self._store(job_id)).has(preview_hash):
                raise TakeNotFound(GONE)
            return store.get(preview_hash)

    def remove(self, job_id: str) -> None:
        """Take away what there is of a job; nothing is fine too. Raises OSError."""
        with self._lock:
            if self._path(job_id).is_dir():
                shutil.rmtree(self._path(job_id))

    def job_ids(self) -> list[str]:
        """The jobs of which something is here."""
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []

    def _store(self, job_id: str) -> AudioStore:
        from generation.audio.store import AudioStore

        return AudioStore(self._path(job_id))

    def _path(self, job_id: str) -> Path:
        """Where a job's lie. What is not an id never becomes a path."""
        if not _JOB_ID.fullmatch(job_id):
            raise TakeNotFound(GONE)
        return self._folder / job_id
