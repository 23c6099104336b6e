"""The jobs that nobody waits for any more: their asker sat before a command that was killed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from generation.ledger import Ledger

log = structlog.get_logger()

NOBODY_WAITS = "The command that asked for it ended before it was there."


async def end_unattended(ledger: Ledger, dead_homes: Collection[str]) -> None:
    """Cancel what waits or runs for commands that are gone, and owe nobody what is made already; takes are kept.

    Two services that do it at once do the same.
    """
    for row in await ledger.answers.unattended(dead_homes):
        was_open = await ledger.jobs.cancel(row.job_id)
        await ledger.answers.mark_undeliverable(row.job_id, NOBODY_WAITS)
        log.info("nobody waits for a job any more", job_id=row.job_id, front_end=row.origin.front_end, open=was_open)
