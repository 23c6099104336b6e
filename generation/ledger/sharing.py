"""Preferences, orders that wait for a person, and takes that were taken back, in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import RequestRefused
from generation.ledger.database import Database
from generation.ledger.tables import pending_wishes, preferences, retractions
from generation.sharing import PENDING_LIFE_S, PendingWish

Place = tuple[str, str]
"""A scope ("guild", "channel", "person") and its id."""


class Preferences:
    """What members, channels and guilds have set in one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, front_end: str, places: Collection[Place]) -> dict[Place, dict[str, Any]]:
        """What was chosen at each of the places; those where nothing was are left out."""

        async def work(connection: AsyncConnection) -> dict[Place, dict[str, Any]]:
            ids = {scope_id for _, scope_id in places}
            wanted = select(preferences).where(preferences.c.front_end == front_end, preferences.c.scope_id.in_(ids))
            rows = {(row.scope, row.scope_id): dict(row.chosen) for row in await connection.execute(wanted)}
            return {place: rows[place] for place in places if place in rows}

        return await self._db.read(work) if places else {}

    async def changed_since(self, at: float) -> tuple[list[Row[Any]], int]:
        """The rows that were changed at or after a time (epoch seconds), and how many rows there are in all."""

        async def work(connection: AsyncConnection) -> tuple[list[Row[Any]], int]:
            wanted = select(preferences).where(preferences.c.changed_at >= max(at, 0.0))
            rows = list((await connection.execute(wanted)).all())
            counted = await connection.execute(select(func.count()).select_from(preferences))
            return rows, int(counted.scalar_one())

        return await self._db.read(work)

    async def choose(self, front_end: str, place: Place, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what was chosen at a place (None takes a choice back); returns all of it."""

        async def work(connection: AsyncConnection) -> dict[str, Any]:
            this = _at(front_end, place)
            row = (await connection.execute(select(preferences.c.chosen).where(this).with_for_update())).first()
            chosen = {**(row.chosen if row else {}), **changes}
            chosen = {name: value for name, value in chosen.items() if value is not None}
            values = {"chosen": chosen, "changed_at": await self._db.now(connection)}
            keys = {"front_end": front_end, "scope": place[0], "scope_id": place[1]}
            insert = self._db.upsert(preferences).values(**keys, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=values))
            return chosen

        return await self._db.write(work)

    async def forget(self, front_end: str, place: Place) -> None:
        """Take back everything that was chosen at a place."""
        await self._db.write(lambda connection: connection.execute(delete(preferences).where(_at(front_end, place))))


class PendingWishes:
    """The orders of one ledger that wait for a person."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, wish: PendingWish) -> None:
        """Keep an order until it is answered; those that nobody answered in time are thrown away."""

        async def work(connection: AsyncConnection) -> None:
            now = await self._db.now(connection)
            await connection.execute(delete(pending_wishes).where(pending_wishes.c.made_at < now - PENDING_LIFE_S))
            names = ("wish_id", "front_end", "person_id", "owner_id", "body")
            values = {name: getattr(wish, name) for name in names}
            insert = self._db.upsert(pending_wishes).values(**values, made_at=now)
            await connection.execute(insert.on_conflict_do_nothing())

        await self._db.write(work)

    async def get(self, wish_id: str) -> PendingWish:
        """An order that waits. Raises RequestRefused when it was answered or waited too long."""
        names = ("front_end", "person_id", "body", "owner_id", "wish_id")
        wanted = select(pending_wishes).where(pending_wishes.c.wish_id == wish_id)

        async def work(connection: AsyncConnection) -> PendingWish | None:
            row = (await connection.execute(wanted)).mappings().first()
            return None if row is None else PendingWish(**{name: row[name] for name in names})

        found = await self._db.read(work)
        if found is None:
            raise RequestRefused("This was answered already, or waited too long. Ask for it once more.")
        return found

    async def take(self, wish_id: str) -> bool:
        """Take an order out of waiting; False when somebody else was faster: what follows is done once."""

        async def work(connection: AsyncConnection) -> bool:
            gone = await connection.execute(delete(pending_wishes).where(pending_wishes.c.wish_id == wish_id))
            return gone.rowcount == 1

        return await self._db.write(work)

    async def forget(self, front_end: str, person_id: str) -> None:
        """Throw away the orders that a person wished or is asked about."""
        theirs = (pending_wishes.c.person_id == person_id) | (pending_wishes.c.owner_id == person_id)
        statement = delete(pending_wishes).where(pending_wishes.c.front_end == front_end, theirs)
        await self._db.write(lambda connection: connection.execute(statement))


async def retracted_among(connection: AsyncConnection, take_ids: Collection[str]) -> set[str]:
    """Which of the takes were taken back; part of a transaction."""
    wanted = select(retractions.c.take_id).where(retractions.c.take_id.in_(take_ids))
    return set((await connection.execute(wanted)).scalars()) if take_ids else set()


def _at(front_end: str, place: Place) -> ColumnElement[bool]:
    columns = preferences.c
    return (columns.front_end == front_end) & (columns.scope == place[0]) & (columns.scope_id == place[1])
