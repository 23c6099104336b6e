"""The answers that front ends owe: jobs that are made or failed and whose message is not in the channel yet.

Each job has a home, the service that was asked for it and that answers it. When a home dies, whoever adopts its jobs
first answers them: the home is replaced only where it is still the old one, so a job has one home at any moment.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.jobs import ATTENDED, STATES_WITH_TAKES, JobState
from generation.ledger.database import Database
from generation.ledger.job_changes import get_job, in_states, list_jobs
from generation.ledger.rows import JobRow
from generation.ledger.tables import jobs


class Answers:
    """The answers of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def owed(self, front_end: str, home: str) -> list[JobRow]:
        """The jobs that `home` has to answer, the longest waiting first."""
        ended = in_states({JobState.MADE, JobState.FAILED})
        wanted = select(jobs).where(jobs.c.front_end == front_end, jobs.c.home == home, ended)
        return await list_jobs(self._db, wanted.where(jobs.c.answered_at.is_(None)).order_by(jobs.c.ended_at))

    async def num_owed(self) -> int:
        """How many answers are owed, over all services."""
        ended = in_states({JobState.MADE, JobState.FAILED})
        counted = select(func.count()).select_from(jobs).where(ended, jobs.c.answered_at.is_(None))

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(counted)).scalar_one())

        return await self._db.read(work)

    async def adopt(self, front_end: str, home: str, dead_homes: Collection[str]) -> int:
        """Take over the unanswered jobs of dead homes, those still in line included; returns how many."""

        async def work(connection: AsyncConnection) -> int:
            orphans = (jobs.c.front_end == front_end, jobs.c.home.in_(dead_homes), jobs.c.answered_at.is_(None))
            return (await connection.execute(update(jobs).where(*orphans).values(home=home))).rowcount

        return await self._db.write(work) if dead_homes else 0

    async def unattended(self, dead_homes: Collection[str]) -> list[JobRow]:
        """The unanswered jobs that only a process which is dead has waited for."""
        orphans = (jobs.c.front_end.in_(ATTENDED), jobs.c.home.in_(dead_homes), jobs.c.answered_at.is_(None))
        return await list_jobs(self._db, select(jobs).where(*orphans)) if dead_homes else []

    async def mark_delivered(self, job_id: str, message_id: str) -> JobRow:
        """The answer is in the channel. A failure that was told stays failed. Raises TakeNotFound."""
        return await self._answer(job_id, JobState.DELIVERED, message_id=message_id)

    async def mark_undeliverable(self, job_id: str, reason: str) -> JobRow:
        """The answer could not be posted anywhere; the takes are kept. Raises TakeNotFound."""
        return await self._answer(job_id, JobState.UNDELIVERABLE, sentence=reason)

    async def update_reply(self, job_id: str, reply: dict[str, Any]) -> None:
        """Replace what the front end needs to answer. Raises TakeNotFound."""

        async def work(connection: AsyncConnection) -> None:
            statement = update(jobs).where(jobs.c.job_id == job_id).values(reply=reply)
            if (await connection.execute(statement)).rowcount == 0:
                raise TakeNotFound("There is no such job any more.")

        await self._db.write(work)

    async def _answer(self, job_id: str, state: JobState, **values: Any) -> JobRow:
        async def work(connection: AsyncConnection) -> JobRow:
            row = await get_job(connection, job_id, lock=True)
            changes: dict[str, Any] = {"answered_at": await self._db.now(connection), **values}
            if row.state in STATES_WITH_TAKES:
                changes["state"] = state.value
            else:
                changes.pop("sentence", None)  # the reason of the failure stays
            await connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**changes))
            return await get_job(connection, job_id)

        return await self._db.write(work)
