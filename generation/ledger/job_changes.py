"""What every change of a job is made of: finding it, locking it, taking it out of the line, putting it back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.jobs import JobState
from generation.ledger.database import Database
from generation.ledger.rows import JobRow
from generation.ledger.tables import jobs
from generation.ledger.turns import move


class LeaseLost(Exception):
    """The job is no longer held by this lease: it ended, was cancelled, or was given to another worker."""


def in_states(states: Collection[JobState]) -> ColumnElement[bool]:
    """The condition that a job is in one of these states."""
    return jobs.c.state.in_([state.value for state in states])


async def find_job(connection: AsyncConnection, which: ColumnElement[bool], *, lock: bool = False) -> JobRow | None:
    """The one job that fits, None when there is none; `lock` keeps others from changing it until the commit."""
    wanted = select(jobs).where(which)
    found = (await connection.execute(wanted.with_for_update() if lock else wanted)).mappings().one_or_none()
    return None if found is None else JobRow.of(dict(found))


async def get_job_by(connection: AsyncConnection, which: ColumnElement[bool], *, lock: bool = False) -> JobRow:
    """The one job that fits. Raises TakeNotFound."""
    row = await find_job(connection, which, lock=lock)
    if row is None:
        raise TakeNotFound("There is no such job any more.")
    return row


async def get_job(connection: AsyncConnection, job_id: str, *, lock: bool = False) -> JobRow:
    """A job by its id. Raises TakeNotFound."""
    return await get_job_by(connection, jobs.c.job_id == job_id, lock=lock)


async def list_jobs(db: Database, wanted: Select[Any]) -> list[JobRow]:
    """The jobs that a query over the table finds."""

    async def work(connection: AsyncConnection) -> list[JobRow]:
        return [JobRow.of(dict(row)) for row in (await connection.execute(wanted)).mappings()]

    return await db.read(work)


async def held_row(connection: AsyncConnection, job_id: str, fence: int, done: JobState) -> JobRow:
    """The job, locked, if this fence still holds it, or if what is to be written was written already (`done`)."""
    row = await get_job(connection, job_id, lock=True)
    if row.fence != fence or row.state not in (JobState.RUNNING, done):
        raise LeaseLost(f"job {job_id} is {row.state.value} under fence {row.fence}, not held under {fence}")
    return row


async def leave(db: Database, connection: AsyncConnection, row: JobRow, state: JobState, **values: Any) -> JobRow:
    """Take a job out of the line or off its worker, for good; returns it as it is then."""
    now = await db.now(connection)
    cleared = {"lease_owner": None, "lease_until": None, "preview_hash": None}
    changes = {"state": state.value, "ended_at": now, **cleared, **values}
    if row.state is JobState.RUNNING:
        await move(db, connection, row.origin, running=-1, served_at=now)
    else:
        await move(db, connection, row.origin, queued=-1)
    return await change(connection, row.job_id, changes)


async def requeue(db: Database, connection: AsyncConnection, row: JobRow, **values: Any) -> JobRow:
    """Put a running job back in line, at the age it has; returns it as it is then."""
    cleared = {"lease_owner": None, "lease_until": None, "device": None, "started_at": None, "preview_hash": None}
    changes = {"state": JobState.QUEUED.value, "fraction": 0.0, "made_s": 0.0, "stage": "", **cleared, **values}
    await move(db, connection, row.origin, queued=+1, running=-1)
    return await change(connection, row.job_id, changes)


async def change(connection: AsyncConnection, job_id: str, changes: dict[str, Any]) -> JobRow:
    """Change a job that is there; returns it as it is then."""
    statement = update(jobs).where(jobs.c.job_id == job_id).values(**changes).returning(jobs)
    return JobRow.of(dict((await connection.execute(statement)).mappings().one()))
