"""The service's side of the analysis process: asks for a hearing, kills and replaces a process that hangs or dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from generation.errors import ClipRefused
from generation.hearing import Hearing
from generation.worker.child import Child
from generation.worker.messages import Hear, Heard, Setup

log = structlog.get_logger()
MODULE = "generation.worker.analysis_process"


class Listener:
    """One analysis process at a time. `limit_s`: longest analysis of a clip."""

    def __init__(self, audio_folder: Path, *, limit_s: float, start_limit_s: float) -> None:
        self._setup = _setup(audio_folder)
        self._limit_s, self._start_limit_s = limit_s, start_limit_s
        self._one_at_a_time = asyncio.Lock()
        self._child: Child | None = None
        self._has_heard = False  # the first answer of a process comes after its loading

    async def open(self) -> None:
        """Start the process and let it load its nets, so that the first clip need not wait for them."""
        self._child = await Child.start(MODULE, num_threads=1)
        self._child.tell(self._setup)

    async def hear(self, audio_hash: str) -> Hearing:
        """What is heard in a clip of the store. Raises ClipRefused."""
        async with self._one_at_a_time:
            limit_s = self._limit_s + (0.0 if self._has_heard else self._start_limit_s)
            try:
                async with asyncio.timeout(limit_s):
                    heard = await self._ask(audio_hash)
            except TimeoutError:
                await self.close()
                raise ClipRefused("That clip took too long to listen to: try a shorter part of it.") from None
        if heard is None:
            raise ClipRefused("Listening to that clip failed: try another one, or save it again.")
        if heard.sentence:
            raise ClipRefused(heard.sentence)
        return Hearing.from_json(heard.hearing)

    async def close(self) -> None:
        """End the process."""
        child, self._child, self._has_heard = self._child, None, False
        if child is not None:
            await child.end()

    async def _ask(self, audio_hash: str) -> Heard | None:
        """The process's answer; None when it died over the clip."""
        if self._child is None:
            await self.open()
        if (child := self._child) is None:
            return None
        child.tell(Hear(audio_hash))
        async for message in child.messages():
            if isinstance(message, Heard) and message.clip == audio_hash:
                self._has_heard = True
                return message
        log.warning("the analysis process died", clip=audio_hash)
        await self.close()
        return None


def _setup(audio_folder: Path) -> Setup:
    nothing: dict[str, dict[str, object]] = {}
    return Setup("cpu", nothing, [], None, str(audio_folder), -14.0, -1.0, 0.0, 60.0, 60.0)
