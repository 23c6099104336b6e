"""A turnstile: lets few in at once, and of those who wait the one who has waited longest since their last turn.

waiting    ann: clip clip clip clip clip      ben: clip      cyd: clip clip
let in     ann · ben · cyd · ann · cyd · ann · ann · ann      not ann five times before anybody else
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MAX_REMEMBERED = 1000
"""How many people's last turns are remembered; who is forgotten counts as never served."""


class Turnstile:
    """`num_places`: how many may be inside at once."""

    def __init__(self, num_places: int = 1) -> None:
        self._num_free = num_places
        self._num_turns = 0
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._last_turn: OrderedDict[str, int] = OrderedDict()

    @property
    def num_waiting(self) -> int:
        """How many wait to be let in."""
        return sum(len(line) for line in self._waiting.values())

    @asynccontextmanager
    async def turn(self, person: str) -> AsyncIterator[None]:
        """Inside this block a place is held."""
        await self._enter(person)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, person: str) -> None:
        if self._num_free > 0:  # nobody waits then
            self._num_free -= 1
            self._note(person)
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # let in at the very moment of giving up
                self._leave()
            else:
                self._give_up(person, place)
            raise

    def _leave(self) -> None:
        """Hand the place on to whoever is next."""
        if not self._waiting:
            self._num_free += 1
            return
        person = min(self._waiting, key=lambda who: self._last_turn.get(who, 0))  # of equals who came first
        place = self._waiting[person].popleft()
        if not self._waiting[person]:
            del self._waiting[person]
        self._note(person)
        place.set_result(None)

    def _give_up(self, person: str, place: asyncio.Future[None]) -> None:
        line = self._waiting.get(person, deque())
        if place in line:
            line.remove(place)
        if not line:
            self._waiting.pop(person, None)

    def _note(self, person: str) -> None:
        self._num_turns += 1
        self._last_turn[person] = self._num_turns
        self._last_turn.move_to_end(person)
        while len(self._last_turn) > MAX_REMEMBERED:
            self._last_turn.popitem(last=False)
