"""People who ask until they have what they asked for: whoever is not heard, or told to come back, asks again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.service.story import SENTENCE, TAKE, Ask
from generation.jobs import JobState
from generation.ledger.tables import jobs
from tests.support.discord_server import Channel, DiscordServer, Interaction, User

PATIENCE_S = 12.0
"""Longer than the ledger's lock is waited for in these runs: whose order is not in it then is not coming any more."""
_WITH_TAKE = {JobState.DELIVERED.value, JobState.UNDELIVERABLE.value}


@dataclass(slots=True)
class Wish:
    """One ask of the plan, its interactions so far, and when the newest was sent (monotonic seconds)."""

    ask: Ask
    interactions: list[Interaction] = field(default_factory=list)
    sent_s: float = 0.0


class Crowd:
    """The people of a run. `outcomes`: what came of each ask, by its number in the plan."""

    def __init__(self, server: DiscordServer, people: Sequence[User], channels: Sequence[Channel], url: str) -> None:
        self._server, self._people, self._channels = server, people, channels
        self._ledger = create_async_engine(url, pool_size=1, pool_pre_ping=True)
        self._wishes: dict[int, Wish] = {}
        self.outcomes: dict[int, str] = {}
        self.again: Counter[str] = Counter()

    @property
    def num_open(self) -> int:
        """How many asks wait for their end."""
        return len(self._wishes)

    async def ask(self, number: int, ask: Ask) -> None:
        """Ask for the first time."""
        wish = self._wishes[number] = Wish(ask)
        await self._send(wish)

    async def look_after(self) -> None:
        """See what became of the wishes, again and again, until cancelled; ask again where need be."""
        try:
            while True:
                await asyncio.sleep(0.5)
                try:
                    states = await self._states()
                except (DBAPIError, OSError):  # locked, full or restarting: that is what this run is about
                    continue
                for number, wish in [item for item in self._wishes.items() if item[1].interactions]:
                    await self._look_at(number, wish, states)
        finally:
            await self._ledger.dispose()

    async def _states(self) -> Mapping[str, tuple[str, bool]]:
        """State of the open wishes' jobs by interaction, and whether they are answered."""
        keys = [str(each.id) for wish in self._wishes.values() for each in wish.interactions]
        wanted = select(jobs.c.key, jobs.c.state, jobs.c.answered_at).where(jobs.c.key.in_(keys))
        async with self._ledger.connect() as connection:
            return {row.key: (row.state, row.answered_at is not None) for row in await connection.execute(wanted)}

    async def _look_at(self, number: int, wish: Wish, states: Mapping[str, tuple[str, bool]]) -> None:
        known = [states[str(each.id)] for each in wish.interactions if str(each.id) in states]
        if any(state in _WITH_TAKE for state, _ in known):
            self._end(number, TAKE)
        elif any(not is_answered for _, is_answered in known):
            return  # in line, being made, or about to be told
        elif known and not wish.ask.wants_take:
            self._end(number, SENTENCE)
        elif len(known) == len(wish.interactions):
            await self._ask_again(wish, "told that it failed")
        elif time.monotonic() - wish.sent_s > PATIENCE_S:
            newest = wish.interactions[-1]
            heard = newest.acknowledged_after_s is not None
            refused = heard and newest.original is not None and not newest.original.loading
            await self._ask_again(wish, "refused with a sentence" if refused else "half heard" if heard else "unheard")

    def _end(self, number: int, outcome: str) -> None:
        self.outcomes[number] = outcome
        del self._wishes[number]

    async def _ask_again(self, wish: Wish, why: str) -> None:
        self.again[why] += 1
        await self._send(wish)

    async def _send(self, wish: Wish) -> None:
        while not self._server.gateway.connected:  # noqa: ASYNC110  the bot is another process
            await asyncio.sleep(0.05)
        ask = wish.ask
        sent = await self._people[ask.person].slash(self._channels[ask.channel], "compose", prompt=ask.prompt)
        wish.interactions.append(sent)
        wish.sent_s = time.monotonic()
