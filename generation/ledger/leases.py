"""Leases: who makes a job, and what they may write while they hold it; each change is one transaction.

A lease is a worker's hold on a job; the fence is the number of the hold, and every write names the fence it holds:

    worker A   lease(fence 1) ──── renew ── renew ── (frozen, or cut off) ············ record_made(fence 1) → LeaseLost
    ledger     queued → running ─────────────────── lease ends → queued → running ──────────────── made
    worker B                                             lease(fence 2) ── renew ── record_made(fence 2) → takes

Whoever was thought dead and comes back finds its fence out of date and can change nothing. A cancelled job has its
fence raised too, so that a take that is made at the same moment is not delivered after all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import JobState
from generation.ledger.database import Database
from generation.ledger.job_changes import LeaseLost, change, held_row, leave, requeue
from generation.ledger.jobs import Queue, read_queue
from generation.ledger.promises import Promises
from generation.ledger.rows import JobRow
from generation.ledger.spending import Amount, spend
from generation.ledger.tables import jobs
from generation.ledger.takes import add_takes
from generation.ledger.turns import move
from generation.request import Take

NUM_CANDIDATES = 16
"""How many of the next jobs are tried at once when other services may hold the first ones."""
USUAL_LEASE_S = 30.0
"""How long a lease from before the clock was put back still counts, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """A held job's sign of life, with what is worth telling others of it."""

    job_id: str
    fence: int
    fraction: float = 0.0
    made_s: float = 0.0
    stage: str = ""
    preview_hash: str | None = None


Choice = Callable[[Queue], Sequence[str]]
"""Puts the ids of the jobs that may start in order, the next one first."""


class Leases:
    """The leases of one ledger."""

    def __init__(self, db: Database, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._db, self._promises = db, Promises(elapsed)

    async def lease(self, choose: Choice, *, owner: str, device: str, lease_s: float) -> JobRow | None:
        """Give the first of the chosen jobs that nobody else is taking to `owner`; None when there is none.

        On PostgreSQL the rows that another service is just leasing are skipped (FOR UPDATE SKIP LOCKED); on SQLite the
        whole transaction is the only writer.
        """

        async def work(connection: AsyncConnection) -> JobRow | None:
            queue = await read_queue(self._db, connection)
            candidates = list(choose(queue))[:NUM_CANDIDATES]
            row = await _lock_first(connection, candidates)
            if row is None:
                return None
            await move(self._db, connection, row.origin, queued=-1, running=+1, served_at=queue.now)
            return await change(connection, row.job_id, _start(row, owner, device, queue.now, lease_s))

        return await self._db.write(work)

    async def renew(self, renewals: Sequence[Renewal], *, lease_s: float) -> set[str]:
        """Prolong leases and note how far the jobs are; returns the ids of those that are no longer held."""

        async def work(connection: AsyncConnection) -> set[str]:
            lost: set[str] = set()
            until = await self._db.now(connection) + lease_s
            for item in sorted(renewals, key=lambda item: item.job_id):  # one order for all: no deadlock
                values = {"fraction": item.fraction, "made_s": item.made_s, "stage": item.stage}
                statement = update(jobs).where(_held(item.job_id, item.fence))
                statement = statement.values(lease_until=until, preview_hash=item.preview_hash, **values)
                if (await connection.execute(statement)).rowcount == 0:
                    lost.add(item.job_id)
            return lost

        return await self._db.write(work)

    async def record_made(self, job_id: str, fence: int, takes: Sequence[Take], *, device_s: float = 0.0) -> JobRow:
        """Keep a job's takes and call it made, both or neither; `device_s`: seconds that it held its device.

        Raises LeaseLost.
        """

        async def work(connection: AsyncConnection) -> JobRow:
            row = await held_row(connection, job_id, fence, JobState.MADE)
            if row.state is JobState.MADE:  # the first try was committed, its answer got lost
                return row
            now = await self._db.now(connection)
            await add_takes(connection, takes, now)
            made_s = sum(take.duration_s for take in takes)
            await spend(connection, row.origin, Amount(made_s, device_s), now)
            return await leave(
                self._db, connection, row, JobState.MADE, fraction=1.0, made_s=made_s, stage="", sentence=""
            )

        return await self._db.write(work)

    async def record_failed(self, job_id: str, fence: int, sentence: str, *, device_s: float = 0.0) -> JobRow:
        """Call a held job failed, with the sentence for the user; it costs no music. Raises LeaseLost."""

        async def work(connection: AsyncConnection) -> JobRow:
            row = await held_row(connection, job_id, fence, JobState.FAILED)
            if row.state is not JobState.RUNNING:
                return row
            await spend(connection, row.origin, Amount(0.0, device_s), await self._db.now(connection))
            return await leave(self._db, connection, row, JobState.FAILED, sentence=sentence)

        return await self._db.write(work)

    async def hand_back(self, job_id: str, fence: int) -> JobRow:
        """Put a held job back in line as if it had not been started (a graceful stop). Raises LeaseLost."""

        async def work(connection: AsyncConnection) -> JobRow:
            row = await held_row(connection, job_id, fence, JobState.QUEUED)
            if row.state is not JobState.RUNNING:
                return row
            return await requeue(self._db, connection, row, attempts=max(row.attempts - 1, 0))

        return await self._db.write(work)

    async def note_worker_death(
        self, job_id: str, fence: int, *, max_deaths: int, sentence: str, device_s: float = 0.0
    ) -> JobRow:
        """A held job's worker died under it: back in line, or set aside as failed once that happened `max_deaths`
        times, with `sentence`. The `device_s` seconds that it held its device are spent. Raises LeaseLost."""

        async def work(connection: AsyncConnection) -> JobRow:
            row = await held_row(connection, job_id, fence, JobState.QUEUED)
            if row.state is not JobState.RUNNING:
                return row
            await spend(connection, row.origin, Amount(0.0, device_s), await self._db.now(connection))
            deaths = row.worker_deaths + 1
            if deaths < max_deaths:
                return await requeue(self._db, connection, row, worker_deaths=deaths)
            return await leave(self._db, connection, row, JobState.FAILED, sentence=sentence, worker_deaths=deaths)

        return await self._db.write(work)

    async def abandoned(
        self, *, dead_owners: Collection[str], held_here: Collection[str], me: str, lease_s: float = USUAL_LEASE_S
    ) -> list[JobRow]:
        """Running jobs that nobody is making: their lease ended, their owner is dead, or they are ours (`me`) and we
        know nothing of them (a lease that was committed while its answer got lost).

        A clock that is put forward ends no lease, one that is put back keeps none; `lease_s`: see Promises.
        """

        async def work(connection: AsyncConnection) -> tuple[float, list[JobRow]]:
            running = select(jobs).where(jobs.c.state == JobState.RUNNING.value)
            rows = [JobRow.of(dict(row)) for row in (await connection.execute(running)).mappings()]
            return await self._db.now(connection), rows

        now, rows = await self._db.read(work)
        promised = {(row.job_id, row.fence): row.lease_until or 0.0 for row in rows if row.lease_owner != me}
        ended = self._promises.ended(promised, now=now, usual_s=lease_s)
        return [
            row
            for row in rows
            if row.lease_owner in dead_owners
            or (row.job_id, row.fence) in ended
            or (row.lease_owner == me and row.job_id not in held_here)
        ]

    async def take_up(
        self, abandoned: JobRow, *, max_attempts: int, sentence: str, lease_s: float = USUAL_LEASE_S
    ) -> JobRow:
        """Put an abandoned job back in line, or set it aside with `sentence` when it was started too often. What it had
        of its device up to the last renewal of its lease (of `lease_s`) is spent.

        Raises LeaseLost when another service was quicker, or its owner is alive after all and renewed the lease.
        """

        async def work(connection: AsyncConnection) -> JobRow:
            row = await held_row(connection, abandoned.job_id, abandoned.fence, JobState.QUEUED)
            if row.state is not JobState.RUNNING:
                return row
            if row.lease_until != abandoned.lease_until:
                raise LeaseLost(f"job {row.job_id} was renewed")
            now = await self._db.now(connection)
            await spend(connection, row.origin, Amount(0.0, _held_s(row, lease_s, now)), now)
            if row.attempts < max_attempts:
                return await requeue(self._db, connection, row)
            return await leave(self._db, connection, row, JobState.FAILED, sentence=sentence)

        return await self._db.write(work)


def _start(row: JobRow, owner: str, device: str, now: float, lease_s: float) -> dict[str, Any]:
    changes = {"state": JobState.RUNNING.value, "fence": row.fence + 1, "attempts": row.attempts + 1}
    lease = {"lease_owner": owner, "lease_until": now + lease_s, "device": device, "started_at": now}
    return {**changes, **lease}


def _held_s(row: JobRow, lease_s: float, now: float) -> float:
    """Seconds from a lease's start to its last renewal; a clock that was put forward or back meanwhile adds nothing."""
    if row.started_at is None or row.lease_until is None:
        return 0.0
    return max(min(row.lease_until - lease_s, now) - row.started_at, 0.0)


def _held(job_id: str, fence: int) -> ColumnElement[bool]:
    return and_(jobs.c.job_id == job_id, jobs.c.fence == fence, jobs.c.state == JobState.RUNNING.value)


async def _lock_first(connection: AsyncConnection, candidates: Sequence[str]) -> JobRow | None:
    """The first candidate that still waits and that no other service is taking, locked."""
    for job_id in candidates:
        wanted = select(jobs).where(jobs.c.job_id == job_id, jobs.c.state == JobState.QUEUED.value)
        found = (await connection.execute(wanted.with_for_update(skip_locked=True))).mappings().one_or_none()
        if found is not None:
            return JobRow.of(dict(found))
    return None
