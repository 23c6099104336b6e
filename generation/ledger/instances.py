"""The services that work on a ledger: each says at intervals that it lives, and holds a lock on its own machine.

A service whose lock can be taken is dead for certain, and its jobs are taken up at once. One on another machine is
taken for dead when it has not been seen for longer than it promised.
"""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.ledger.database import Database
from generation.ledger.tables import instances, jobs

_FORGET_AFTER_S = 86_400.0


class Instance:
    """This service among those on the ledger. `seen_s`: how long one sign of life counts, in seconds."""

    def __init__(self, db: Database, locks_folder: Path, *, seen_s: float) -> None:
        self.instance_id = secrets.token_hex(8)
        self._db, self._folder, self._seen_s = db, locks_folder, seen_s
        self._lock: IO[bytes] | None = None

    async def open(self) -> None:
        """Take the lock and say that we live."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / f"{self.instance_id}.lock").open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

        async def work(connection: AsyncConnection) -> None:
            now = await self._db.now(connection)
            values = {"host": platform.node(), "pid": os.getpid(), "started_at": now, "seen_until": now + self._seen_s}
            insert = self._db.upsert(instances).values(instance_id=self.instance_id, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["instance_id"], set_=values))

        await self._db.write(work)

    async def say_alive(self) -> None:
        """Renew the sign of life."""

        async def work(connection: AsyncConnection) -> None:
            seen_until = await self._db.now(connection) + self._seen_s
            mine = instances.c.instance_id == self.instance_id
            await connection.execute(update(instances).where(mine).values(seen_until=seen_until))

        await self._db.write(work)

    async def close(self) -> None:
        """Say good-bye and let go of the lock; the row stays while there are jobs of ours to answer."""

        async def work(connection: AsyncConnection) -> None:
            now = await self._db.now(connection)
            mine = instances.c.instance_id == self.instance_id
            await connection.execute(update(instances).where(mine).values(seen_until=now))

        lock, self._lock = self._lock, None
        if lock is None:
            return  # closed before
        try:
            await self._db.write(work)
        finally:
            self._let_go(lock)

    async def dead(self) -> list[str]:
        """The ids of the other services that are dead."""

        async def work(connection: AsyncConnection) -> list[str]:
            now = await self._db.now(connection)
            rows = await connection.execute(select(instances).where(instances.c.instance_id != self.instance_id))
            return [row.instance_id for row in rows if row.seen_until <= now or self._left_its_lock(row.instance_id)]

        return await self._db.read(work)

    async def forget_dead(self) -> None:
        """Drop the rows and locks of services that are long dead and have nothing to answer."""

        async def work(connection: AsyncConnection) -> list[str]:
            before = await self._db.now(connection) - _FORGET_AFTER_S
            unanswered = select(jobs.c.home).where(jobs.c.answered_at.is_(None))
            old = (instances.c.seen_until < before, instances.c.instance_id.not_in(unanswered))
            statement = delete(instances).where(*old).returning(instances.c.instance_id)
            return list((await connection.execute(statement)).scalars())

        for instance_id in await self._db.write(work):
            (self._folder / f"{instance_id}.lock").unlink(missing_ok=True)

    def _let_go(self, lock: IO[bytes]) -> None:
        Path(lock.name).unlink(missing_ok=True)
        lock.close()

    def _left_its_lock(self, instance_id: str) -> bool:
        """Whether a service of this machine (and data folder) has let go of its lock: it is dead, without a doubt."""
        try:
            with (self._folder / f"{instance_id}.lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:  # of another machine
            return False
        except BlockingIOError:
            return False
        return True
