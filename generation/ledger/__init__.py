"""The ledger: the database of jobs, clips and takes, and the truth about them. Import it only where it is opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from generation.ledger.answers import Answers
from generation.ledger.clips import Clips
from generation.ledger.database import Database, LedgerUnavailable
from generation.ledger.family import Families
from generation.ledger.housekeeping import Housekeeping
from generation.ledger.instances import Instance
from generation.ledger.jams import Jams
from generation.ledger.job_changes import LeaseLost
from generation.ledger.jobs import Jobs, Queue
from generation.ledger.leases import Leases, Renewal
from generation.ledger.people import People
from generation.ledger.rows import ClipRow, JobRow, NewJob, QueuedJob
from generation.ledger.sharing import PendingWishes, Preferences
from generation.ledger.speeds import Speeds
from generation.ledger.spending import Amount, BudgetSpent, Spendings, TooSoon
from generation.ledger.takes import Takes
from generation.ledger.turns import LimitReached
from generation.limits import Limits

if TYPE_CHECKING:
    from generation.config import ServiceConfig

__all__ = [
    "Amount",
    "BudgetSpent",
    "ClipRow",
    "JobRow",
    "LeaseLost",
    "Ledger",
    "LedgerUnavailable",
    "LimitReached",
    "Limits",
    "NewJob",
    "Queue",
    "QueuedJob",
    "Renewal",
    "TooSoon",
]


class Ledger:
    """One ledger, opened with `async with`, its parts by name.

    `url` and `clock` as in Database; `locks_folder` holds a lock of every service of this machine; `instance_s` is how
    long a service may be silent before others take it for dead, in seconds; `elapsed` a clock that never jumps.
    """

    def __init__(
        self,
        url: str,
        *,
        locks_folder: Path,
        instance_s: float = 60.0,
        clock: Callable[[], float] | None = None,
        elapsed: Callable[[], float] = time.monotonic,
        busy_limit_s: float = 10.0,
    ) -> None:
        self.db = Database(url, clock=clock, busy_limit_s=busy_limit_s)
        self.jobs, self.leases, self.answers = Jobs(self.db), Leases(self.db, elapsed), Answers(self.db)
        self.clips, self.takes, self.speeds = Clips(self.db), Takes(self.db), Speeds(self.db)
        self.spendings = Spendings(self.db)
        self.jams = Jams(self.db)
        self.people, self.housekeeping = People(self.db), Housekeeping(self.db)
        self.families, self.preferences, self.pending = Families(self.db), Preferences(self.db), PendingWishes(self.db)
        self.instance = Instance(self.db, locks_folder, seen_s=instance_s, elapsed=elapsed)

    @classmethod
    def of(cls, config: ServiceConfig) -> Self:
        """The ledger of a service with these settings."""
        return cls(
            config.ledger_url,
            locks_folder=config.locks_folder,
            instance_s=config.instance_s,
            busy_limit_s=config.ledger_busy_limit_s,
        )

    async def __aenter__(self) -> Self:
        """Connect, migrate, say that we are here. Raises LedgerUnavailable."""
        await self.db.open()
        try:
            await self.instance.open()
        except BaseException:
            await self.db.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Say good-bye and close all connections."""
        try:
            await self.instance.close()
        finally:
            await self.db.close()
