"""The turns: how many jobs each person, each guild and all together have in line and running, kept with every change.

Each change of a job's state changes the counts in the same transaction, always in the order person, guild, all: two
transactions that wait for each other's rows then wait in one direction, never in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import Origin
from generation.ledger.database import Database
from generation.ledger.rows import guild_key, person_key
from generation.ledger.tables import turns
from generation.scheduling import Turn

EVERYBODY = "all"


class LimitReached(Exception):
    """A job would go over a limit. `scope` is "person", "guild" or "all"; `limit` the number that is allowed."""

    def __init__(self, scope: str, limit: int) -> None:
        super().__init__(f"{scope}: {limit}")
        self.scope, self.limit = scope, limit


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs may wait or run at once."""

    per_person: int
    per_guild: int
    in_all: int


async def join_line(db: Database, connection: AsyncConnection, origin: Origin, limits: Limits) -> None:
    """Count one more waiting job. Raises LimitReached (and the transaction must then be rolled back)."""
    allowed = {person_key(origin): ("person", limits.per_person)}
    if origin.guild_id is not None:
        allowed[guild_key(origin)] = ("guild", limits.per_guild)
    allowed[EVERYBODY] = ("all", limits.in_all)
    counts = await move(db, connection, origin, queued=+1)
    for who, (scope, limit) in allowed.items():
        if counts[who] > limit:
            raise LimitReached(scope, limit)


async def move(
    db: Database,
    connection: AsyncConnection,
    origin: Origin,
    *,
    queued: int = 0,
    running: int = 0,
    served_at: float = 0.0,
) -> dict[str, int]:
    """Change the counts of everyone a job belongs to; `served_at`: when they last got or gave back a worker.

    Returns how many jobs each of them has now, waiting or running. One statement, whose rows are locked in its order.
    """
    whos = dict.fromkeys((person_key(origin), guild_key(origin), EVERYBODY))
    change = {"queued": queued, "running": running, "last_served_at": served_at}
    insert = db.upsert(turns).values([{"who": who, **change} for who in whos])
    old, new = turns.c, insert.excluded
    changed = insert.on_conflict_do_update(
        index_elements=["who"],
        set_={
            "queued": old.queued + new.queued,
            "running": old.running + new.running,
            "last_served_at": case(
                (new.last_served_at > old.last_served_at, new.last_served_at), else_=old.last_served_at
            ),
        },
    )
    rows = await connection.execute(changed.returning(old.who, (old.queued + old.running).label("jobs")))
    return {row.who: row.jobs for row in rows}


async def turns_of(connection: AsyncConnection, keys: Iterable[str]) -> dict[str, Turn]:
    """What each of `keys` had so far; those who never asked are left out."""
    rows = await connection.execute(select(turns).where(turns.c.who.in_(set(keys))))
    return {row.who: Turn(row.running, row.last_served_at) for row in rows}
