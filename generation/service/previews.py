"""Previews for the front ends: the music so far as a small file, and seeing that none outlives its job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog

from generation.config import ServiceConfig
from generation.engines.base import Capabilities
from generation.errors import BandmateError
from generation.jobs import JobState, Rendered, RenderedPreview
from generation.previews import PreviewShelf, job_of, place_of
from generation.request import AudioFormat

if TYPE_CHECKING:
    from generation.audio.tags import Tags
    from generation.ledger import JobRow, Ledger

log = structlog.get_logger()

BITRATE_KBPS = 128
"""Enough to judge a take by, and five minutes of it stay under 5 MB: it goes out anew with each preview."""


class Previews:
    """The previews of one service. `engines`: what each engine says of itself, for the licence in the file's tags."""

    def __init__(
        self, config: ServiceConfig, ledger: Ledger, engines: Callable[[], Mapping[str, Capabilities]]
    ) -> None:
        self._config, self._ledger, self._engines = config, ledger, engines
        self._shelf = PreviewShelf(config.audio_folder)

    async def render(self, job_id: str, preview_hash: str, *, max_bytes: int | None = None) -> RenderedPreview:
        """A job's preview (`JobStatus.preview_hash`) as an MP3 that says what it is; encoded in a thread.

        Raises TakeNotFound when it is gone, BandmateError when it can't be encoded or has more than `max_bytes`.
        """
        from generation.audio.encode import encode

        row = await self._ledger.jobs.get(job_id)
        clip = await asyncio.to_thread(self._shelf.get, _place_of(row), preview_hash)
        ffmpeg = self._config.decode_limits.ffmpeg_path if self._config.decode_limits else None
        data = await encode(clip, AudioFormat.MP3, tags=self._tags(row), bitrate_kbps=BITRATE_KBPS, ffmpeg=ffmpeg)
        if max_bytes is not None and len(data) > max_bytes:
            raise BandmateError(f"The preview has {len(data)} bytes; at most {max_bytes} fit here.")
        filename = f"preview-{round(clip.duration_s)}s.mp3"
        return RenderedPreview(Rendered(data, filename, AudioFormat.MP3), clip.duration_s)

    async def drop(self, row: JobRow) -> None:
        """A job is made no more under the lease of this row, however that ended: nothing of it stays."""
        await self._remove(_place_of(row))

    async def sweep(self) -> None:
        """Remove what killed processes left: everything that nobody is making now. Raises LedgerUnavailable."""
        found = set(await asyncio.to_thread(self._shelf.places))  # first: what comes later is not touched
        rows = await self._ledger.jobs.many({job_of(place) for place in found}) if found else []
        for place in found - {_place_of(row) for row in rows if row.state is JobState.RUNNING}:
            await self._remove(place)

    async def close(self) -> None:
        """The last look: what was cancelled a moment ago may not be removed yet. The next start looks again."""
        try:
            await self.sweep()
        except BandmateError as error:
            log.warning("previews may be left", why=str(error))

    async def _remove(self, place: str) -> None:
        """What the disk refuses is left to the next `sweep`."""
        try:
            await asyncio.to_thread(self._shelf.remove, place)
        except OSError as error:
            log.warning("a preview could not be removed", job_id=job_of(place), why=str(error))

    def _tags(self, row: JobRow) -> Tags:
        from generation.audio.tags import Tags

        engine = self._engines().get(row.engine)
        return Tags(
            title=f"{row.request.prompt.strip() or row.request.operation.value} (preview)",
            engine=row.engine,
            licence=engine.licence if engine else "",
            parents=row.request.parent_take_ids,
        )


def _place_of(row: JobRow) -> str:
    return place_of(row.job_id, row.fence)
