"""Wall time that a test can push forward, ids made from it, and waiting for something to change."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# Discord's epoch, the first second of 2015 (reference "Snowflakes").
EPOCH_MS = 1_420_070_400_000


HANG_S = 60.0
"""What is waited for has long happened by then, unless it never happens."""


class Clock:
    """Seconds since 1970 as the server sees them; `advance` is how a token or a signed URL grows old at once."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now_s(self) -> float:
        return time.time() + self._ahead_s

    def waited_s(self) -> float:
        """Seconds on the event loop's clock, on which a test's pauses of the machine do not count."""
        return asyncio.get_running_loop().time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass for the server (negative: the clock jumps back)."""
        self._ahead_s += seconds

    def iso(self) -> str:
        """Now, as Discord writes it in JSON."""
        return datetime.datetime.fromtimestamp(self.now_s(), datetime.UTC).isoformat()


class Snowflakes:
    """Ids that only ever grow and carry their time of birth in the upper bits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        born = (int(self._clock.now_s() * 1000) - EPOCH_MS) << 22
        self._last = max(born, self._last + 1)
        return self._last


class Watch(Generic[T]):
    """Lets a test wait for the first change that passes a test of its own."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[T], bool], asyncio.Future[T]]] = []

    def notify(self, item: T) -> None:
        """Tell everyone who waits that `item` has changed; a predicate that raises fails its own wait."""
        for entry in list(self._waiting):
            passes, future = entry
            if future.done():
                continue
            try:
                if passes(item):
                    future.set_result(item)
            except Exception as error:  # noqa: BLE001 - handed to the one who wrote the predicate
                future.set_exception(error)

    async def first(self, passes: Callable[[T], bool], timeout_s: float) -> T:
        """The first item notified from now on that passes. Raises TimeoutError."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = (passes, future)
        self._waiting.append(entry)
        try:
            return await asyncio.wait_for(future, timeout_s)
        finally:
            self._waiting.remove(entry)
