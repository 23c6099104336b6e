"""What is in hand: the clips of each person that are on their way in, and the bytes of all uploads held meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from generation.errors import TooBusy
from generation.service.bell import Bell

ROOM_WAIT_S = 20.0
"""How long an upload waits for room before its owner is told: decoding takes a second or two."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that is not here yet: its size as it was announced, and what fetches it (raises ClipRefused)."""

    num_bytes: int
    fetch: Callable[[], Awaitable[bytes]]


class InHand:
    """Bounds both. `max_bytes` may be passed by one upload alone, so that no size can never come in."""

    def __init__(self, *, max_clips_per_person: int, max_bytes: int, room_wait_s: float = ROOM_WAIT_S) -> None:
        self._max_clips, self._max_bytes, self._room_wait_s = max_clips_per_person, max_bytes, room_wait_s
        self._num_clips: Counter[str] = Counter()
        self._freed = Bell()
        self.num_bytes = 0

    @contextmanager
    def clip_of(self, person: str) -> Iterator[None]:
        """Around the way of one clip, from the first byte to what is heard in it. Raises TooBusy."""
        if self._num_clips[person] >= self._max_clips:
            raise TooBusy(f"You have {self._max_clips} clips on their way in already. Send more when they are here.")
        self._num_clips[person] += 1
        try:
            yield
        finally:
            self._num_clips[person] -= 1
            if not self._num_clips[person]:
                del self._num_clips[person]

    @asynccontextmanager
    async def room_for(self, num_bytes: int) -> AsyncIterator[None]:
        """Around the time that an upload's bytes are held. Raises TooBusy when there is no room for long."""
        give_up_at_s = time.monotonic() + self._room_wait_s
        while not self._fits(num_bytes):
            if (left_s := give_up_at_s - time.monotonic()) <= 0:
                raise TooBusy("The house is full: too many files are coming in at once. Send it again in a minute.")
            await self._freed.heard(self._freed.listen(), limit_s=left_s)
        self.num_bytes += num_bytes
        try:
            yield
        finally:
            self.num_bytes -= num_bytes
            self._freed.ring()

    def _fits(self, num_bytes: int) -> bool:
        return self.num_bytes == 0 or self.num_bytes + num_bytes <= self._max_bytes
