"""The vitals of a running service: is the ledger writable, which engines are loaded, how long is the line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.ledger import Ledger
    from generation.service.dispatch import Dispatcher


@dataclass(frozen=True, slots=True)
class LineLength:
    """The line at one moment: jobs by engine, the age of the longest waiting one in seconds, answers that are owed."""

    waiting: Mapping[str, int]
    running: Mapping[str, int]
    oldest_s: float
    unanswered: int


class Vitals:
    """Asked by health checks; nothing here changes anything but our own sign of life."""

    def __init__(self, ledger: Ledger, dispatcher: Dispatcher) -> None:
        self._ledger, self._dispatcher = ledger, dispatcher

    async def check_ledger(self, limit_s: float) -> None:
        """Write our sign of life. Raises LedgerUnavailable, or TimeoutError after `limit_s` seconds."""
        async with asyncio.timeout(limit_s):
            await self._ledger.instance.say_alive()

    @property
    def loaded_engines(self) -> Collection[str]:
        """The engines that a living worker has loaded."""
        return {name for worker in self._dispatcher.workers if worker.is_ready for name in worker.loaded}

    async def line(self) -> LineLength:
        """What waits and runs now, over all services on the ledger. Raises LedgerUnavailable."""
        queue = await self._ledger.jobs.queue()
        oldest = min((job.submitted_at for job in queue.waiting), default=queue.now)
        return LineLength(
            Counter(job.engine for job in queue.waiting),
            Counter(job.engine for job in queue.running),
            max(queue.now - oldest, 0.0),
            await self._ledger.answers.num_owed(),
        )
