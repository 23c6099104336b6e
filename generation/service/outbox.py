"""The outbox: the jobs that a front end has to answer, those of earlier runs first, each once in this run."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog

from generation.config import ServiceConfig
from generation.errors import BandmateError
from generation.jobs import STATES_WITH_TAKES, FinishedJob
from generation.service.bell import Bell

if TYPE_CHECKING:
    from generation.ledger import JobRow, Ledger

log = structlog.get_logger()


class Outbox:
    """Hands finished jobs to front ends. `ended` rings when a job has ended here."""

    def __init__(self, config: ServiceConfig, ledger: Ledger, ended: Bell) -> None:
        self._config, self._ledger, self._ended = config, ledger, ended
        self._handed_out: dict[str, set[str]] = defaultdict(set)

    async def finished(self, front_end: str) -> AsyncIterator[FinishedJob]:
        """Endless; see Service.finished."""
        handed_out = self._handed_out[front_end]
        adopt_at_s = float("-inf")
        while True:
            ring = self._ended.listen()
            try:
                if time.monotonic() >= adopt_at_s:
                    await self._adopt(front_end)
                    adopt_at_s = time.monotonic() + self._config.instance_s / 3
                owed = await self._ledger.answers.owed(front_end, self._me)
                handed_out &= {row.job_id for row in owed}  # what is answered is never owed again
                found = [await self._finished_job(row) for row in owed if row.job_id not in handed_out]
            except BandmateError as error:
                log.error("finished jobs can't be read", front_end=front_end, why=str(error))
                found = []
            for job in found:
                handed_out.add(job.status.job_id)  # not sooner: one that can't be read now comes the next time
                yield job
            await self._ended.heard(ring, limit_s=self._config.poll_interval_s)

    @property
    def _me(self) -> str:
        return self._ledger.instance.instance_id

    async def _adopt(self, front_end: str) -> None:
        """Take over what services left that are dead now."""
        num_adopted = await self._ledger.answers.adopt(front_end, self._me, await self._ledger.instance.dead())
        if num_adopted:
            log.info("jobs of an earlier run taken over", front_end=front_end, num_jobs=num_adopted)

    async def _finished_job(self, row: JobRow) -> FinishedJob:
        takes = await self._ledger.takes.of_job(row.job_id) if row.state in STATES_WITH_TAKES else ()
        return FinishedJob(row.status, row.request, row.origin, takes)
