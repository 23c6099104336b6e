"""The jobs in the ledger: putting them in line, finding them, cancelling them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import ACTIVE_STATES, JobState, Origin
from generation.ledger.database import Database
from generation.ledger.job_changes import find_job, get_job, get_job_by, in_states, leave, list_jobs
from generation.ledger.rows import JobRow, NewJob, QueuedJob, job_values
from generation.ledger.spending import Amount, require_room, spend
from generation.ledger.tables import jobs
from generation.ledger.turns import join_line, plausible, require_place, turns_of
from generation.limits import Limits
from generation.scheduling import Turn


@dataclass(frozen=True, slots=True)
class Queue:
    """The waiting and running jobs at one moment (`now`, epoch seconds), and the turns of their people and guilds."""

    now: float
    waiting: tuple[QueuedJob, ...]
    running: tuple[QueuedJob, ...]
    turns: dict[str, Turn]


class Jobs:
    """The jobs of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def submit(self, job: NewJob, limits: Limits) -> tuple[JobRow, bool]:
        """Put a job in line, or find the one with the same key; the second value says whether it is new.

        Raises LimitReached, TooSoon or BudgetSpent when it is new and a limit is reached.
        """

        async def work(connection: AsyncConnection) -> tuple[JobRow, bool]:
            if (row := await find_job(connection, jobs.c.key == job.key)) is not None:
                return row, False
            await join_line(self._db, connection, job.origin, limits)
            now = await self._db.now(connection)
            await require_room(connection, job.origin, Amount(job.music_s, job.expected_s or 0.0), limits, now)
            values = job_values(job, now)
            added = await connection.execute(jobs.insert().values(**values).returning(jobs))
            return JobRow.of(dict(added.mappings().one())), True

        try:
            return await self._db.write(work)
        except IntegrityError:  # the same key came in on another connection between our look and our insert
            return await self._db.read(lambda connection: get_job_by(connection, jobs.c.key == job.key)), False

    async def require_room(self, origin: Origin, wanted: Amount, limits: Limits) -> None:
        """Raises what `submit` would raise, as things stand now; nobody is promised a place by it."""

        async def work(connection: AsyncConnection) -> None:
            await require_place(connection, origin, limits)
            await require_room(connection, origin, wanted, limits, await self._db.now(connection))

        await self._db.read(work)

    async def get(self, job_id: str) -> JobRow:
        """A job by its id. Raises TakeNotFound."""
        return await self._db.read(lambda connection: get_job(connection, job_id))

    async def find(self, key: str) -> JobRow | None:
        """The job with this key, None when the key is new."""
        return await self._db.read(lambda connection: find_job(connection, jobs.c.key == key))

    async def many(self, job_ids: Collection[str]) -> list[JobRow]:
        """The jobs with these ids, those that exist."""
        return await list_jobs(self._db, select(jobs).where(jobs.c.job_id.in_(job_ids)))

    async def active_of(
        self, front_end: str, *, person_id: str | None = None, guild_id: str | None = None
    ) -> list[JobRow]:
        """The waiting and running jobs of a front end (of one person, of one guild), the oldest first."""
        wanted = select(jobs).where(jobs.c.front_end == front_end, in_states(ACTIVE_STATES))
        if person_id is not None:
            wanted = wanted.where(jobs.c.person_id == person_id)
        if guild_id is not None:
            wanted = wanted.where(jobs.c.guild_id == guild_id)
        return await list_jobs(self._db, wanted.order_by(jobs.c.submitted_at))

    async def queue(self) -> Queue:
        """Everything that waits or runs now."""
        return await self._db.read(lambda connection: read_queue(self._db, connection))

    async def cancel(self, job_id: str, *, device_s: float = 0.0) -> bool:
        """Cancel a waiting or running job that has held a device for `device_s` seconds; False when it had ended.

        Raises TakeNotFound.
        It takes effect here and now: the fence is raised, so that whoever makes the job can't record it any more.
        """

        async def work(connection: AsyncConnection) -> bool:
            row = await get_job(connection, job_id, lock=True)
            if row.state not in ACTIVE_STATES:
                return False
            left = await leave(self._db, connection, row, JobState.CANCELLED, fence=row.fence + 1)
            await spend(connection, row.origin, Amount(0.0, device_s), left.ended_at or 0.0)
            return True

        return await self._db.write(work)


async def read_queue(db: Database, connection: AsyncConnection) -> Queue:
    """Everything that waits or runs, and the turns of those who wait; part of a transaction."""
    asked = {"model": jobs.c.request["model"].as_string().label("model")}
    columns: list[Any] = [
        asked.get(item.name, jobs.c.get(item.name)) for item in fields(QueuedJob)
    ]  # few: read for every lease
    wanted = select(*columns).where(in_states(ACTIVE_STATES)).order_by(jobs.c.submitted_at, jobs.c.job_id)
    now = await db.now(connection)
    rows = [_as_of(now, QueuedJob(*row)) for row in await connection.execute(wanted)]
    waiting = tuple(row for row in rows if row.state == JobState.QUEUED)
    running = tuple(row for row in rows if row.state == JobState.RUNNING)
    keys = {key for row in waiting for key in row.turn_keys}
    return Queue(now, waiting, running, await turns_of(connection, keys, now))


def _as_of(now: float, job: QueuedJob) -> QueuedJob:
    """A job that was put in line at a time that is still to come (the clock was put back) keeps no place for that."""
    at = plausible(job.submitted_at, now)
    return job if at == job.submitted_at else replace(job, submitted_at=at)
