"""The newest encoded takes and previews: a player asks for one file in many ranges, and it is encoded once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from generation.errors import TakeNotFound
from generation.previews import GONE as PREVIEW_GONE
from generation.request import AudioFormat
from generation.service import Rendered, Service

MAX_KEPT_BYTES = 96 * 2**20
"""Some thirty MP3s of five minutes, or one such take as WAV beside a few others."""

Key = tuple[str, str]
"""A take's id and a format, or a job's id and its preview's hash."""


class EncodedFiles:
    """Files by take and format, the last used ones, `max_bytes` together; what is asked for twice at once is encoded
    once."""

    def __init__(self, service: Service, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._service, self._max_bytes = service, max_bytes
        self._kept: OrderedDict[Key, Rendered] = OrderedDict()
        self._under_way: dict[Key, asyncio.Task[Rendered]] = {}

    async def get(self, take_id: str, audio_format: AudioFormat) -> Rendered:
        """A take as a file. Raises TakeNotFound, also for one that was kept here and has been taken back since."""
        await self._require_there(take_id)
        return await self._encoded_once(
            (take_id, audio_format.value), lambda: self._service.render(take_id, audio_format)
        )

    async def preview(self, job_id: str, preview_hash: str) -> Rendered:
        """A job's newest preview as a file. Raises TakeNotFound, also when a newer one has come or it has ended."""
        if (await self._service.status(job_id)).preview_hash != preview_hash:
            self._drop(job_id)
            raise TakeNotFound(PREVIEW_GONE)

        async def rendered() -> Rendered:
            return (await self._service.previews.render(job_id, preview_hash)).file

        return await self._encoded_once((job_id, preview_hash), rendered)

    async def _require_there(self, take_id: str) -> None:
        try:
            await self._service.take(take_id)
            is_gone = await self._service.sharing.is_retracted(take_id)
        except TakeNotFound:
            self._drop(take_id)
            raise
        if is_gone:
            self._drop(take_id)
            raise TakeNotFound("This take was taken back by its owner.")

    async def _encoded_once(self, key: Key, encode: Callable[[], Coroutine[Any, Any, Rendered]]) -> Rendered:
        """Shielded: whoever closes the page does not take the file from the others who wait for it."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._under_way:
            task = asyncio.create_task(encode(), name=f"encoding of {key[0]}")
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._encoded(key, done))
        return await asyncio.shield(self._under_way[key])

    def _encoded(self, key: Key, task: asyncio.Task[Rendered]) -> None:
        del self._under_way[key]
        if not task.cancelled() and task.exception() is None:
            self._kept[key] = task.result()
            while sum(len(file.data) for file in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)

    def _drop(self, take_id: str) -> None:
        for key in [key for key in self._kept if key[0] == take_id]:
            del self._kept[key]

    async def close(self) -> None:
        """End what is being encoded."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
