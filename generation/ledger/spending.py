"""What people and guilds have had in the last 24 hours, and whether there is room for one more order.

A spending is written in the transaction that ends its job, and asked for in the one that takes the next job, after the
turns were changed: their rows are locked until the commit, so two orders of one person are checked one after the other.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import ACTIVE_STATES, REPLAYS, Origin
from generation.ledger.database import Database
from generation.ledger.job_changes import in_states
from generation.ledger.tables import jobs, spendings
from generation.ledger.turns import CLOCK_SLACK_S
from generation.limits import DAY_S, RANGES, Budget, Limits, Resource, Whose, room_in_s

LONGEST_COOLDOWN_S = RANGES["cooldown_s"][1]


_IS_MARK = (spendings.c.music_s == 0) & (spendings.c.device_s == 0)
"""Not a spending: the time of a forgotten person's last order."""


class BudgetSpent(Exception):
    """An order would go over a daily budget. `used_s` was made in the last 24 hours, `coming_s` waits or is being made,
    `wanted_s` is what the order asks for (0: not known yet); there is room for it in `room_in_s` seconds, None: not by
    waiting alone."""

    def __init__(
        self, budget: Budget, *, used_s: float, coming_s: float, wanted_s: float, room_in_s: float | None
    ) -> None:
        super().__init__(f"{budget}: {used_s} + {coming_s} + {wanted_s}")
        self.budget, self.used_s, self.coming_s, self.wanted_s = budget, used_s, coming_s, wanted_s
        self.room_in_s = room_in_s

    @property
    def left_s(self) -> float:
        """Seconds that could be asked for now."""
        return max(self.budget.limit_s - self.used_s - self.coming_s, 0.0)


class TooSoon(Exception):
    """A person's last order is less than `cooldown_s` seconds ago; the next may come in `wait_s`."""

    def __init__(self, cooldown_s: float, wait_s: float) -> None:
        super().__init__(f"{wait_s} s of {cooldown_s} s")
        self.cooldown_s, self.wait_s = cooldown_s, wait_s


@dataclass(frozen=True, slots=True)
class Amount:
    """Seconds of music and of a device."""

    music_s: float
    device_s: float

    def of(self, what: Resource) -> float:
        """One of the two."""
        return self.music_s if what is Resource.MUSIC else self.device_s


class Spendings:
    """The spendings of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def forget_old(self) -> None:
        """Remove those that no limit counts any more, and the marks of orders that no cool-down asks for."""

        async def work(connection: AsyncConnection) -> None:
            now = await self._db.now(connection)
            await connection.execute(delete(spendings).where(spendings.c.spent_at < now - DAY_S))
            await connection.execute(delete(spendings).where(_IS_MARK, spendings.c.spent_at < now - LONGEST_COOLDOWN_S))

        await self._db.write(work)


async def spend(connection: AsyncConnection, origin: Origin, amount: Amount, now: float) -> None:
    """Write down what a job that ends now has had; part of its transaction."""
    if amount.music_s <= 0 and amount.device_s <= 0:
        return
    values = {"spending_id": secrets.token_hex(16), "person": _digest("person", origin.person_id), "spent_at": now}
    guild = None if origin.guild_id is None else _digest("guild", origin.guild_id)
    had = {"music_s": amount.music_s, "device_s": max(amount.device_s, 0.0)}
    await connection.execute(spendings.insert().values(**values, guild=guild, **had))


async def mark_order(connection: AsyncConnection, origin: Origin, ordered_at: float) -> None:
    """Keep when a person who is forgotten ordered last, under the digest alone: a cool-down outlives the forgetting, or
    whoever orders, has it forgotten and orders again would never wait. Part of a transaction."""
    values = {"spending_id": secrets.token_hex(16), "person": _digest("person", origin.person_id), "guild": None}
    await connection.execute(spendings.insert().values(**values, music_s=0.0, device_s=0.0, spent_at=ordered_at))


async def require_room(connection: AsyncConnection, origin: Origin, wanted: Amount, limits: Limits, now: float) -> None:
    """Raises TooSoon or BudgetSpent when one more order of this amount would go over a limit; part of a transaction."""
    if limits.cooldown_s > 0:
        await _require_cool(connection, origin, limits.cooldown_s, now)
    for budget in limits.budgets:
        if budget.whose is Whose.PERSON or origin.guild_id is not None:
            await _require_left(connection, origin, wanted.of(budget.what), budget, now)


async def _require_cool(connection: AsyncConnection, origin: Origin, cooldown_s: float, now: float) -> None:
    theirs = jobs.c.front_end.in_({origin.front_end, REPLAYS}) & (jobs.c.person_id == origin.person_id)
    marks = _IS_MARK & (spendings.c.person == _digest("person", origin.person_id))
    for newest in (
        select(func.max(jobs.c.submitted_at)).where(theirs),
        select(func.max(spendings.c.spent_at)).where(marks),
    ):
        last_at = (await connection.execute(newest)).scalar_one()
        if last_at is not None and 0 <= now - last_at < cooldown_s:  # a clock that was set back locks nobody out
            raise TooSoon(cooldown_s, last_at + cooldown_s - now)


async def _require_left(
    connection: AsyncConnection, origin: Origin, wanted_s: float, budget: Budget, now: float
) -> None:
    spent = spendings.c.music_s if budget.what is Resource.MUSIC else spendings.c.device_s
    counted = _spent_by(origin, budget.whose) & spendings.c.spent_at.between(now - DAY_S, now + CLOCK_SLACK_S)
    used_s = await _sum(connection, spent, counted)
    waits = jobs.c.music_s if budget.what is Resource.MUSIC else jobs.c.expected_s
    coming_s = await _sum(connection, waits, _asked_by(origin, budget.whose) & in_states(ACTIVE_STATES))
    left_s = budget.limit_s - used_s - coming_s
    if left_s >= wanted_s and left_s > 0:
        return
    rows = await connection.execute(select(spendings.c.spent_at, spent).where(counted))
    room_s = budget.limit_s - coming_s - max(wanted_s, 1.0)  # there is no music of less than a second
    room_in = room_in_s(((at, amount) for at, amount in rows), room_s, now)
    raise BudgetSpent(budget, used_s=used_s, coming_s=coming_s, wanted_s=wanted_s, room_in_s=room_in)


async def _sum(connection: AsyncConnection, column: Any, counted: ColumnElement[bool]) -> float:
    total = (await connection.execute(select(func.sum(column)).where(counted))).scalar_one()
    return float(total or 0.0)


def _spent_by(origin: Origin, whose: Whose) -> ColumnElement[bool]:
    person = spendings.c.person == _digest("person", origin.person_id)
    if whose is Whose.PERSON or origin.guild_id is None:
        return person
    guild: ColumnElement[bool] = spendings.c.guild == _digest("guild", origin.guild_id)
    return guild if whose is Whose.GUILD else person & guild


def _asked_by(origin: Origin, whose: Whose) -> ColumnElement[bool]:
    person = jobs.c.person_id == origin.person_id
    if whose is Whose.PERSON or origin.guild_id is None:
        return person
    guild: ColumnElement[bool] = jobs.c.guild_id == origin.guild_id
    return guild if whose is Whose.GUILD else person & guild


def _digest(kind: str, name: str) -> str:
    """Who it was, as far as counting needs it: forgetting a person leaves no name here, and nobody a way around."""
    return sha256(f"{kind}:{name}".encode()).hexdigest()
