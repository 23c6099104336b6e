"""Jobs, takes and answers in short words, for tests of the ledger and the service."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from generation.jobs import Origin
from generation.ledger import JobRow, Ledger, Limits, NewJob, Queue
from generation.request import Operation, Recipe, Request, Take

MANY = Limits(1000, 1000, 1000)


def asker(person: str = "ann", guild: str | None = "guild", front_end: str = "discord") -> Origin:
    """Somebody who asks."""
    return Origin(front_end, person, person.title(), guild, "channel", {"message": "1"})


async def put_in_line(
    ledger: Ledger,
    person: str = "ann",
    *,
    key: str | None = None,
    limits: Limits = MANY,
    guild: str | None = "guild",
    front_end: str = "discord",
    music_s: float = 20.0,
    expected_s: float | None = None,
) -> JobRow:
    """A new job of a person."""
    request = Request(Operation.COMPOSE, "a waltz")
    job_id = secrets.token_hex(8)
    home, origin = ledger.instance.instance_id, asker(person, guild, front_end)
    job = NewJob(job_id, key or f"key-{job_id}", origin, request, music_s, 0, home, expected_s)
    return (await ledger.jobs.submit(job, limits))[0]


def first_come(queue: Queue) -> Sequence[str]:
    """The choice of a scheduler without fairness."""
    return [row.job_id for row in queue.waiting]


async def lease(ledger: Ledger, *, lease_s: float = 30.0) -> JobRow | None:
    """Lease the next job for this ledger's service."""
    owner = ledger.instance.instance_id
    return await ledger.leases.lease(first_come, owner=owner, device="cpu", lease_s=lease_s)


async def leased(ledger: Ledger, *, lease_s: float = 30.0) -> JobRow:
    """Lease the next job, which must be there."""
    row = await lease(ledger, lease_s=lease_s)
    if row is None:
        raise LookupError("nothing to lease")
    return row


def take_of(row: JobRow, *, index: int = 0, audio: str = "a", parents: tuple[str, ...] = ()) -> Take:
    """A take of a job."""
    recipe = Recipe(row.request, 7 + index, "engine-1", "MIT", versions={"numpy": "2"}, details={"key": "C♯ minor"})
    return Take(
        f"{row.job_id}-{index}",
        row.job_id,
        index,
        audio * 64,
        20.0,
        44_100,
        recipe,
        samples_digest=audio * 64,
        stem_hashes={"drums": "d" * 64},
        midi_hash="e" * 64,
        parents=parents,
        remarks=("Done well.",),
    )
