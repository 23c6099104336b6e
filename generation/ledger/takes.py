"""The takes in the ledger, and which takes they were made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.ledger.database import Database
from generation.ledger.rows import take_of, take_values
from generation.ledger.tables import take_parents, takes
from generation.request import Take


class Takes:
    """The takes of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, take_id: str) -> Take:
        """A take by its id. Raises TakeNotFound."""
        found = await self._where(takes.c.take_id == take_id)
        if not found:
            raise TakeNotFound("There is no such take any more: it was deleted or never made.")
        return found[0]

    async def of_job(self, job_id: str) -> tuple[Take, ...]:
        """The takes of a job, by index."""
        return await self._where(takes.c.job_id == job_id)

    async def known(self, take_ids: Collection[str]) -> set[str]:
        """Which of these ids takes have."""
        wanted = select(takes.c.take_id).where(takes.c.take_id.in_(take_ids))

        async def work(connection: AsyncConnection) -> set[str]:
            return set((await connection.execute(wanted)).scalars())

        return await self._db.read(work) if take_ids else set()

    async def _where(self, which: ColumnElement[bool]) -> tuple[Take, ...]:
        async def work(connection: AsyncConnection) -> tuple[Take, ...]:
            rows = (await connection.execute(select(takes).where(which).order_by(takes.c.index))).mappings().all()
            parents = await _parents(connection, [row["take_id"] for row in rows])
            return tuple(take_of(dict(row), tuple(parents[row["take_id"]])) for row in rows)

        return await self._db.read(work)


async def add_takes(connection: AsyncConnection, new: Sequence[Take], now: float) -> None:
    """Write takes with their parents, as part of the transaction that calls their job made."""
    for take in new:
        await connection.execute(takes.insert().values(**take_values(take, now)))
        for position, parent_id in enumerate(dict.fromkeys(take.parents)):
            values = {"take_id": take.take_id, "parent_id": parent_id, "position": position}
            await connection.execute(take_parents.insert().values(**values))


async def _parents(connection: AsyncConnection, take_ids: Sequence[str]) -> dict[str, list[str]]:
    wanted = select(take_parents).where(take_parents.c.take_id.in_(take_ids)).order_by(take_parents.c.position)
    parents: dict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(wanted):
        parents[row.take_id].append(row.parent_id)
    return parents
