"""A bell that several may listen to: rung when something changed, heard by everyone who listened before."""

from __future__ import annotations

import asyncio
import contextlib


class Bell:
    """Listen first, look second, wait third: nothing that happens after the listening is missed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake all who listen."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    def listen(self) -> asyncio.Event:
        """The next ring."""
        return self._next

    async def heard(self, ring: asyncio.Event, *, limit_s: float) -> bool:
        """Wait for a ring, `limit_s` seconds at most; False when it did not come."""
        # asyncio.wait_for would swallow a cancel that comes together with the ring (Python 3.11), and a loop that was
        # told to end would go on for ever
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await ring.wait()
        return ring.is_set()
