"""The client's hand on its jam rooms: the living cards, the clock of relays and votes, threads that vanish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.jams.board import CardBoard
from bot.jams.clock import JamClock
from bot.preferences import FRONT_END

if TYPE_CHECKING:
    from bot.client import BandmateClient


class JamDesk:
    """Made with the client; `open` when it connects, `close` when it leaves."""

    def __init__(self, client: BandmateClient) -> None:
        self._client = client
        self.board = CardBoard(client)
        self.clock = JamClock(client)
        self._clock_task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to watch turns and votes, also those that an earlier run left."""
        self._clock_task = asyncio.create_task(self.clock.run(), name="jam clock")

    async def close(self) -> None:
        """Stop watching and editing; the ledger has everything for the next start."""
        if self._clock_task is not None:
            self._clock_task.cancel()
            await asyncio.gather(self._clock_task, return_exceptions=True)
            self._clock_task = None
        await self.clock.close()
        await self.board.close()

    async def on_thread_gone(self, thread_id: int) -> None:
        """A thread was deleted: if it was a room, the room is closed."""
        room = await self._client.service.jams.of_thread(FRONT_END, str(thread_id))
        if room is not None and room.is_open:
            await self.board.forget_thread(room)
