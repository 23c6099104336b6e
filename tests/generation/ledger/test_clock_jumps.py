"""The clock is put forward or back by hours: no lease and no service is lost by it, none is held for hours."""

import pytest

from generation.ledger import Ledger
from tests.generation.ledger.conftest import Clock, OpenLedger
from tests.support.jobs import leased, put_in_line

HOURS_S = 5 * 3600.0


async def abandoned(ledger: Ledger) -> list[str]:
    me = ledger.instance.instance_id
    return [row.job_id for row in await ledger.leases.abandoned(dead_owners=[], held_here=[], me=me, lease_s=30)]


@pytest.mark.parametrize("jump_s", [HOURS_S, -HOURS_S])
async def test_a_lease_lives_as_long_as_it_would_have(open_ledger: OpenLedger, clock: Clock, jump_s: float) -> None:
    maker, other = await open_ledger(), await open_ledger()
    job = await put_in_line(maker)
    await leased(maker, lease_s=30)
    clock.now += 10
    assert await abandoned(other) == []
    clock.jump(jump_s)
    clock.now += 19
    assert await abandoned(other) == []
    clock.now += 2
    assert await abandoned(other) == [job.job_id]


async def test_a_lease_from_before_the_clock_was_put_back_is_not_kept_for_hours(
    open_ledger: OpenLedger, clock: Clock
) -> None:
    maker = await open_ledger()
    job = await put_in_line(maker)
    await leased(maker, lease_s=30)
    clock.jump(-HOURS_S)
    newcomer = await open_ledger()  # has never seen the lease when it had thirty seconds to go
    assert await abandoned(newcomer) == []
    clock.now += 31
    assert await abandoned(newcomer) == [job.job_id]


@pytest.mark.parametrize("jump_s", [HOURS_S, -HOURS_S])
async def test_a_service_of_another_machine_is_neither_buried_nor_kept_alive(
    open_ledger: OpenLedger, clock: Clock, jump_s: float
) -> None:
    here, there = await open_ledger("here"), await open_ledger("there")
    assert await here.instance.dead() == []
    clock.jump(jump_s)
    assert await here.instance.dead() == []
    clock.now += 30
    await there.instance.say_alive()
    clock.now += 50
    assert await here.instance.dead() == []
    clock.now += 61
    assert await here.instance.dead() == [there.instance.instance_id]


async def test_who_was_taken_for_long_dead_says_again_that_it_lives(open_ledger: OpenLedger, clock: Clock) -> None:
    living = await open_ledger("there")
    clock.jump(30 * 3600.0)
    other = await open_ledger("here")
    await other.instance.forget_dead()
    await living.instance.say_alive()
    clock.now += 61
    assert await other.instance.dead() == [living.instance.instance_id]  # and its answers can be taken over


async def test_nobody_waits_for_the_hours_that_the_clock_was_put_back(ledger: Ledger, clock: Clock) -> None:
    """Ann was served before; Ben asks all the time. Ann's next job must not stand behind all of his."""
    await put_in_line(ledger, "ann")
    served = await leased(ledger)
    await ledger.leases.record_failed(served.job_id, served.fence, "x")
    waiting = await put_in_line(ledger, "ann")
    clock.jump(-HOURS_S)
    for _ in range(3):
        clock.now += 60
        await put_in_line(ledger, "ben")
    queue = await ledger.jobs.queue()
    assert all(job.submitted_at <= queue.now for job in queue.waiting)
    assert all(turn.last_served_at <= queue.now for turn in queue.turns.values())
    assert min(queue.waiting, key=lambda job: job.submitted_at).job_id == waiting.job_id
    for _ in range(4):
        await leased(ledger)
    assert all(turn.last_served_at <= clock.now for turn in (await ledger.jobs.queue()).turns.values())
