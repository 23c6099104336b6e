"""The services that work on a ledger: each says at intervals that it lives, and holds a lock on its own machine.

A service whose lock can be taken is dead for certain, and its jobs are taken up at once. One on another machine is
taken for dead when it has not been seen for longer than it promised.
"""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.ledger.database import Database
from generation.ledger.promises import Promises
from generation.ledger.tables import instances, jobs

_FORGET_AFTER_S = 86_400.0


class Instance:
    """This service among those on the ledger. `seen_s`: how long one sign of life counts, in seconds."""

    def __init__(
        self, db: Database, locks_folder: Path, *, seen_s: float, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.instance_id = secrets.token_hex(8)
        self._db, self._folder, self._seen_s = db, locks_folder, seen_s
        self._lock: IO[bytes] | None = None
        self._promises, self._started_at = Promises(elapsed), 0.0

    async def open(self) -> None:
        """Take the lock and say that we live."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / f"{self.instance_id}.lock").open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._started_at = await self._db.read(self._db.now)
        await self.say_alive()

    async def say_alive(self) -> None:
        """Renew the sign of life, also where somebody took us for long dead and has dropped it."""

        async def work(connection: AsyncConnection) -> None:
            seen = {"seen_until": await self._db.now(connection) + self._seen_s}
            values = {"host": platform.node(), "pid": os.getpid(), "started_at": self._started_at, **seen}
            insert = self._db.upsert(instances).values(instance_id=self.instance_id, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["instance_id"], set_=seen))

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
        """The ids of the other services that are dead: silent for longer than they promised (a clock that jumps
        changes nothing of that), or without their lock."""

        async def work(connection: AsyncConnection) -> tuple[float, dict[str, float]]:
            others = select(instances).where(instances.c.instance_id != self.instance_id)
            rows = await connection.execute(others)
            return await self._db.now(connection), {row.instance_id: row.seen_until for row in rows}

        now, promised = await self._db.read(work)
        silent = self._promises.ended(promised, now=now, usual_s=self._seen_s)
        return [other for other in promised if other in silent or self._left_its_lock(other)]

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
