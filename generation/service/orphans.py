"""The jobs that nobody makes any more, and those that nobody waits for: their service or their asker was killed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import structlog

from generation.config import ServiceConfig
from generation.telemetry import Telemetry

if TYPE_CHECKING:
    from generation.ledger import Ledger

log = structlog.get_logger()

NOBODY_WAITS = "The command that asked for it ended before it was there."


async def take_up_abandoned(
    ledger: Ledger, config: ServiceConfig, telemetry: Telemetry, held_here: Collection[str]
) -> bool:
    """Put back in line what nobody is making: the jobs of dead services, and ended leases; whether there were any."""
    from generation.ledger import LeaseLost

    me, dead, leases = ledger.instance.instance_id, await ledger.instance.dead(), ledger.leases
    await end_unattended(ledger, dead)
    found = False
    for job in await leases.abandoned(dead_owners=dead, held_here=held_here, me=me, lease_s=config.lease_s):
        sentence = f"I started this {job.attempts} times and was stopped each time, so I set it aside. Ask again."
        try:
            row = await leases.take_up(job, max_attempts=config.max_attempts, sentence=sentence, lease_s=config.lease_s)
        except LeaseLost:  # another service was quicker
            continue
        telemetry.lease_ended("taken up")
        log.warning("job taken up again", job_id=row.job_id, state=row.state.value, attempts=row.attempts)
        found = True
    return found


async def end_unattended(ledger: Ledger, dead_homes: Collection[str]) -> None:
    """Cancel what waits or runs for commands that are gone, and owe nobody what is made already; takes are kept.

    Two services that do it at once do the same.
    """
    for row in await ledger.answers.unattended(dead_homes):
        was_open = await ledger.jobs.cancel(row.job_id)
        await ledger.answers.mark_undeliverable(row.job_id, NOBODY_WAITS)
        log.info("nobody waits for a job any more", job_id=row.job_id, front_end=row.origin.front_end, open=was_open)
