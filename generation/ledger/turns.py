"""The turns: how many jobs each person, each guild and all together have in line and running, kept with every change.

Each change of a job's state changes the counts in the same transaction, always in the order person, guild, all: two
transactions that wait for each other's rows then wait in one direction, never in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import Origin
from generation.ledger.database import Database
from generation.ledger.rows import guild_key, person_key
from generation.ledger.tables import turns
from generation.limits import Limits
from generation.scheduling import Turn

EVERYBODY = "all"
CLOCK_SLACK_S = 60.0
"""What others wrote while we looked, and clocks that differ a little, are no jump."""
PUT_BACK_S = 3600.0


class LimitReached(Exception):
    """A job would go over a limit. `scope` is "person", "guild" or "all"; `limit` the number that is allowed."""

    def __init__(self, scope: str, limit: int) -> None:
        super().__init__(f"{scope}: {limit}")
        self.scope, self.limit = scope, limit


async def join_line(db: Database, connection: AsyncConnection, origin: Origin, limits: Limits) -> None:
    """Count one more waiting job. Raises LimitReached (and the transaction must then be rolled back)."""
    _require(limits, origin, await move(db, connection, origin, queued=+1))


async def require_place(connection: AsyncConnection, origin: Origin, limits: Limits) -> None:
    """Raises LimitReached where one more waiting job would; changes nothing."""
    whos = (person_key(origin), guild_key(origin), EVERYBODY)
    rows = await connection.execute(select(turns).where(turns.c.who.in_(whos)))
    _require(limits, origin, {row.who: row.queued + row.running + 1 for row in rows})


def _require(limits: Limits, origin: Origin, counts: Mapping[str, int]) -> None:
    """Raises LimitReached for the first of the counts that is over its limit."""
    allowed = {person_key(origin): ("person", limits.per_person)}
    if origin.guild_id is not None:
        allowed[guild_key(origin)] = ("guild", limits.per_guild)
    allowed[EVERYBODY] = ("all", limits.in_all)
    for who, (scope, limit) in allowed.items():
        if counts.get(who, 1) > limit:
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
            # the newest, not the latest: after the clock was put back the latest would stay for hours
            "last_served_at": case((new.last_served_at > 0, new.last_served_at), else_=old.last_served_at),
        },
    )
    rows = await connection.execute(changed.returning(old.who, (old.queued + old.running).label("jobs")))
    return {row.who: row.jobs for row in rows}


async def turns_of(connection: AsyncConnection, keys: Iterable[str], now: float) -> dict[str, Turn]:
    """What each of `keys` had so far; those who never asked are left out.

    Who was served at a time that is still to come (the clock was put back) counts as served an hour ago.
    """
    rows = await connection.execute(select(turns).where(turns.c.who.in_(set(keys))))
    return {row.who: Turn(row.running, plausible(row.last_served_at, now)) for row in rows}


def plausible(at: float, now: float) -> float:
    """A time of the past as it is; one that lies ahead, because the clock was put back, as an hour ago."""
    return at if at <= now + CLOCK_SLACK_S else now - PUT_BACK_S
