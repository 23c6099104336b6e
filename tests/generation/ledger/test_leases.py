"""Leases and fences: nothing is made by two, nothing is recorded by someone who lost its hold, nothing is lost."""

import asyncio

import pytest

from generation.jobs import JobState
from generation.ledger import LeaseLost, Ledger, Renewal
from tests.generation.ledger.conftest import Clock, OpenLedger
from tests.support.jobs import lease, leased, put_in_line, take_of


async def test_many_services_lease_each_job_once(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(4)]
    wanted = {(await put_in_line(ledgers[0], f"person{n % 5}")).job_id for n in range(30)}

    async def work_off(ledger: Ledger) -> list[str]:
        got = []
        while (row := await lease(ledger)) is not None:
            got.append(row.job_id)
        return got

    shares = await asyncio.gather(*(work_off(ledger) for ledger in ledgers))
    leased_ids = [job_id for share in shares for job_id in share]
    assert sorted(leased_ids) == sorted(wanted)


async def test_a_lease_takes_the_job_out_of_the_line_and_raises_the_fence(ledger: Ledger, clock: Clock) -> None:
    job = await put_in_line(ledger)
    row = await leased(ledger, lease_s=30)
    assert (row.job_id, row.state, row.fence, row.attempts) == (job.job_id, JobState.RUNNING, 1, 1)
    assert row.lease_until == clock.now + 30
    assert row.lease_owner == ledger.instance.instance_id
    assert await lease(ledger) is None


async def test_who_lost_its_lease_can_write_nothing(ledger: Ledger, open_ledger: OpenLedger, clock: Clock) -> None:
    await put_in_line(ledger)
    slow = await leased(ledger, lease_s=30)
    other = await open_ledger()
    clock.now += 31
    abandoned = await other.leases.abandoned(dead_owners=[], held_here=[], me=other.instance.instance_id)
    assert [row.job_id for row in abandoned] == [slow.job_id]
    await other.leases.take_up(abandoned[0], max_attempts=9, sentence="")
    quick = await leased(other)
    assert quick.fence == 2

    with pytest.raises(LeaseLost):
        await ledger.leases.record_made(slow.job_id, slow.fence, [take_of(slow, audio="b")])
    with pytest.raises(LeaseLost):
        await ledger.leases.record_failed(slow.job_id, slow.fence, "no")
    with pytest.raises(LeaseLost):
        await ledger.leases.hand_back(slow.job_id, slow.fence)
    with pytest.raises(LeaseLost):
        await ledger.leases.note_worker_death(slow.job_id, slow.fence, max_deaths=2, sentence="")
    assert await ledger.leases.renew([Renewal(slow.job_id, slow.fence)], lease_s=30) == {slow.job_id}

    await other.leases.record_made(quick.job_id, quick.fence, [take_of(quick, audio="c")])
    assert [take.audio_hash for take in await ledger.takes.of_job(slow.job_id)] == ["c" * 64]
    with pytest.raises(LeaseLost):
        await ledger.leases.record_made(slow.job_id, slow.fence, [take_of(slow, audio="b")])


async def test_a_renewed_lease_is_not_taken_up(ledger: Ledger, open_ledger: OpenLedger, clock: Clock) -> None:
    await put_in_line(ledger)
    row = await leased(ledger, lease_s=30)
    other = await open_ledger()
    clock.now += 31
    seen = await other.leases.abandoned(dead_owners=[], held_here=[], me=other.instance.instance_id)
    renewal = Renewal(row.job_id, row.fence, fraction=0.5, made_s=10.0, stage="drums", preview_hash="f" * 64)
    assert await ledger.leases.renew([renewal], lease_s=30) == set()
    with pytest.raises(LeaseLost):
        await other.leases.take_up(seen[0], max_attempts=9, sentence="")
    now = await other.jobs.get(row.job_id)
    assert (now.state, now.fraction, now.stage, now.lease_until) == (JobState.RUNNING, 0.5, "drums", clock.now + 30)


async def test_two_that_take_up_the_same_job_put_it_in_line_once(open_ledger: OpenLedger, clock: Clock) -> None:
    first, second = await open_ledger(), await open_ledger()
    await put_in_line(first)
    row = await leased(first, lease_s=5)
    clock.now += 6
    seen = (await second.leases.abandoned(dead_owners=[], held_here=[], me="second"))[0]
    taken = await asyncio.gather(
        *(ledger.leases.take_up(seen, max_attempts=9, sentence="") for ledger in (first, second)),
        return_exceptions=True,
    )
    assert all(getattr(item, "state", None) is JobState.QUEUED for item in taken)
    queue = await first.jobs.queue()
    assert [job.job_id for job in queue.waiting] == [row.job_id]
    assert (await leased(second)).attempts == 2


async def test_takes_and_state_are_written_together_and_twice_is_once(ledger: Ledger) -> None:
    await put_in_line(ledger)
    row = await leased(ledger)
    takes = [take_of(row, index=0), take_of(row, index=1, audio="b", parents=("p1", "p2"))]
    made = await ledger.leases.record_made(row.job_id, row.fence, takes)
    again = await ledger.leases.record_made(row.job_id, row.fence, takes)
    assert made.state is again.state is JobState.MADE
    assert list(await ledger.takes.of_job(row.job_id)) == takes
    assert await ledger.takes.get(takes[1].take_id) == takes[1]


async def test_takes_that_can_not_be_written_leave_the_job_running(ledger: Ledger) -> None:
    await put_in_line(ledger)
    row = await leased(ledger)
    twice_the_same_index = [take_of(row), take_of(row)]
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ledger.leases.record_made(row.job_id, row.fence, twice_the_same_index)
    assert (await ledger.jobs.get(row.job_id)).state is JobState.RUNNING
    assert await ledger.takes.of_job(row.job_id) == ()


async def test_a_job_that_kills_its_worker_twice_is_set_aside_with_its_reason(ledger: Ledger) -> None:
    await put_in_line(ledger)
    for deaths in (1, 2):
        row = await leased(ledger)
        assert row.worker_deaths == deaths - 1
        ended = await ledger.leases.note_worker_death(row.job_id, row.fence, max_deaths=2, sentence="It crashed twice.")
    assert (ended.state, ended.sentence, ended.worker_deaths) == (JobState.FAILED, "It crashed twice.", 2)
    assert await lease(ledger) is None


async def test_a_graceful_hand_back_costs_no_attempt_an_abandoned_one_does(ledger: Ledger, clock: Clock) -> None:
    await put_in_line(ledger)
    row = await leased(ledger)
    assert (await ledger.leases.hand_back(row.job_id, row.fence)).attempts == 0
    for attempts in (1, 2):
        row = await leased(ledger, lease_s=5)
        assert row.attempts == attempts
        clock.now += 6
        (seen,) = await ledger.leases.abandoned(dead_owners=[], held_here=[], me="another")
        ended = await ledger.leases.take_up(seen, max_attempts=2, sentence="Stopped too often.")
    assert (ended.state, ended.sentence) == (JobState.FAILED, "Stopped too often.")


async def test_jobs_of_a_dead_service_are_found_at_once_those_of_a_living_one_not(
    open_ledger: OpenLedger, clock: Clock
) -> None:
    living, dying = await open_ledger(), await open_ledger()
    await put_in_line(living)
    await put_in_line(living)
    kept, orphan = await leased(living), await leased(dying)
    await dying.__aexit__(None, None, None)

    successor = await open_ledger()
    dead = await successor.instance.dead()
    assert dead == [dying.instance.instance_id]
    found = await successor.leases.abandoned(dead_owners=dead, held_here=[], me=successor.instance.instance_id)
    assert [row.job_id for row in found] == [orphan.job_id]
    assert (await living.jobs.get(kept.job_id)).state is JobState.RUNNING


async def test_a_service_of_another_machine_is_dead_when_it_was_silent_too_long(
    open_ledger: OpenLedger, clock: Clock
) -> None:
    here, there = await open_ledger("here"), await open_ledger("there")
    clock.now += 50
    await here.instance.say_alive()
    assert await here.instance.dead() == []
    clock.now += 20
    assert await here.instance.dead() == [there.instance.instance_id]
    await there.instance.say_alive()
    assert await here.instance.dead() == []


async def test_own_leases_that_we_know_nothing_of_are_taken_up_and_known_ones_never(
    ledger: Ledger, clock: Clock
) -> None:
    await put_in_line(ledger)
    row = await leased(ledger, lease_s=5)
    me = ledger.instance.instance_id
    clock.now += 1000  # a clock that jumps must not cost us what we are making
    assert await ledger.leases.abandoned(dead_owners=[], held_here=[row.job_id], me=me) == []
    clock.now -= 1000
    assert [job.job_id for job in await ledger.leases.abandoned(dead_owners=[], held_here=[], me=me)] == [row.job_id]
