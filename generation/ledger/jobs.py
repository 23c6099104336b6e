"""The jobs in the ledger: putting them in line, finding them, cancelling them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import ACTIVE_STATES, JobState
from generation.ledger.database import Database
from generation.ledger.job_changes import find_job, get_job, get_job_by, in_states, leave, list_jobs
from generation.ledger.rows import JobRow, NewJob, QueuedJob, job_values
from generation.ledger.tables import jobs
from generation.ledger.turns import Limits, join_line, turns_of
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

        Raises LimitReached when it is new and a limit is reached.
        """

        async def work(connection: AsyncConnection) -> tuple[JobRow, bool]:
            if (row := await find_job(connection, jobs.c.key == job.key)) is not None:
                return row, False
            await join_line(self._db, connection, job.origin, limits)
            values = job_values(job, await self._db.now(connection))
            added = await connection.execute(jobs.insert().values(**values).returning(jobs))
            return JobRow.of(dict(added.mappings().one())), True

        try:
            return await self._db.write(work)
        except IntegrityError:  # the same key came in on another connection between our look and our insert
            return await self._db.read(lambda connection: get_job_by(connection, jobs.c.key == job.key)), False

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

    async def cancel(self, job_id: str) -> bool:
        """Cancel a waiting or running job; False when it had ended. Raises TakeNotFound.

        It takes effect here and now: the fence is raised, so that whoever makes the job can't record it any more.
        """

        async def work(connection: AsyncConnection) -> bool:
            row = await get_job(connection, job_id, lock=True)
            if row.state not in ACTIVE_STATES:
                return False
            await leave(self._db, connection, row, JobState.CANCELLED, fence=row.fence + 1)
            return True

        return await self._db.write(work)


async def read_queue(db: Database, connection: AsyncConnection) -> Queue:
    """Everything that waits or runs, and the turns of those who wait; part of a transaction."""
    columns = [jobs.c[item.name] for item in fields(QueuedJob)]  # few and plain: this is read for every lease
    wanted = select(*columns).where(in_states(ACTIVE_STATES)).order_by(jobs.c.submitted_at, jobs.c.job_id)
    rows = [QueuedJob(*row) for row in await connection.execute(wanted)]
    waiting = tuple(row for row in rows if row.state == JobState.QUEUED)
    running = tuple(row for row in rows if row.state == JobState.RUNNING)
    keys = {key for row in waiting for key in row.turn_keys}
    return Queue(await db.now(connection), waiting, running, await turns_of(connection, keys))
