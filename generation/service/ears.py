"""The ears: who is listened to next, and long clips in a process of their own, so that short ones never wait for them.

A clip of twelve seconds takes a second, one of five minutes six or more. Within each of the two lines people take
turns. The second process has 170 MB to itself (560 MB over five minutes of audio): it runs while long clips come.
"""

from __future__ import annotations

import asyncio

from generation.config import ServiceConfig
from generation.hearing import Hearing
from generation.service.turnstile import Turnstile
from generation.worker.listener import Listener

LONG_IDLE_S = 120.0
"""After this long without a long clip their process ends."""


class Ears:
    """Two analysis processes, the second only while it is needed."""

    def __init__(self, config: ServiceConfig, *, long_idle_s: float = LONG_IDLE_S) -> None:
        limits = {"limit_s": config.analysis_limit_s, "start_limit_s": config.start_limit_s}
        self._long_clip_s, self._long_idle_s = config.long_clip_s, long_idle_s
        self._short, self._long = Listener(config.audio_folder, **limits), Listener(config.audio_folder, **limits)
        self._short_line, self._long_line = Turnstile(), Turnstile()
        self._ending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the process for the usual clips."""
        await self._short.open()

    async def close(self) -> None:
        """End both."""
        self._keep_long()
        await self._short.close()
        await self._long.close()

    async def hear(self, audio_hash: str, duration_s: float, person: str) -> Hearing:
        """What is heard in a clip of the store, when it is this person's turn. Raises ClipRefused."""
        if duration_s <= self._long_clip_s:
            async with self._short_line.turn(person):
                return await self._short.hear(audio_hash)
        async with self._long_line.turn(person):
            self._keep_long()
            try:
                return await self._long.hear(audio_hash)
            finally:
                self._ending = asyncio.create_task(self._end_long())

    def _keep_long(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None:
            ending.cancel()

    async def _end_long(self) -> None:
        await asyncio.sleep(self._long_idle_s)
        async with self._long_line.turn(""):
            await self._long.close()
