"""Jobs in the ledger: one per key, limits, cancelling, the counts of the turns, answers and who owes them."""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.jobs import JobState
from generation.ledger import LeaseLost, Ledger, LimitReached, Limits
from generation.ledger.tables import turns
from generation.service.orphans import end_unattended
from tests.generation.ledger.conftest import Clock, OpenLedger
from tests.support.jobs import asker, lease, leased, put_in_line, take_of


async def test_the_same_key_is_the_same_job_from_wherever_it_comes(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(3)]
    rows = await asyncio.gather(*(put_in_line(ledgers[n % 3], key="interaction 7") for n in range(15)))
    assert len({row.job_id for row in rows}) == 1
    queue = await ledgers[0].jobs.queue()
    assert len(queue.waiting) == 1
    assert (await ledgers[0].jobs.find("interaction 7")) == rows[0]


async def test_a_row_comes_back_as_it_went_in(ledger: Ledger) -> None:
    row = await put_in_line(ledger, "ann")
    assert row.origin == asker("ann")
    assert row.request.prompt == "a waltz"
    with pytest.raises(TakeNotFound):
        await ledger.jobs.get("nobody's")


@pytest.mark.parametrize(
    ("limits", "scope"), [(Limits(2, 99, 99), "person"), (Limits(99, 2, 99), "guild"), (Limits(99, 99, 2), "all")]
)
async def test_limits_hold_and_ended_jobs_make_room(ledger: Ledger, limits: Limits, scope: str) -> None:
    first = await put_in_line(ledger, key="k", limits=limits)
    await put_in_line(ledger, limits=limits)
    with pytest.raises(LimitReached) as reached:
        await put_in_line(ledger, limits=limits)
    assert (reached.value.scope, reached.value.limit) == (scope, 2)
    assert (await put_in_line(ledger, key="k", limits=limits)) == first  # a known key is never refused
    await ledger.jobs.cancel(first.job_id)
    await put_in_line(ledger, limits=limits)


async def test_limits_of_one_do_not_touch_others(ledger: Ledger) -> None:
    limits = Limits(1, 2, 99)
    await put_in_line(ledger, "ann", limits=limits)
    await put_in_line(ledger, "ben", limits=limits)
    with pytest.raises(LimitReached):
        await put_in_line(ledger, "cyd", limits=limits)
    await put_in_line(ledger, "cyd", guild="another", limits=limits)
    await put_in_line(ledger, "dan", guild=None, limits=limits)


async def test_limits_hold_when_many_ask_at_once(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(3)]
    asked = (put_in_line(ledgers[n % 3], limits=Limits(5, 99, 99)) for n in range(20))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    kinds = Counter(type(answer).__name__ for answer in answers)
    assert kinds == {"JobRow": 5, "LimitReached": 15}


async def test_cancelling_takes_effect_here_and_now(ledger: Ledger) -> None:
    waiting = await put_in_line(ledger)
    assert await ledger.jobs.cancel(waiting.job_id)
    assert await lease(ledger) is None
    assert not await ledger.jobs.cancel(waiting.job_id)

    await put_in_line(ledger)
    running = await leased(ledger)
    assert await ledger.jobs.cancel(running.job_id)
    with pytest.raises(LeaseLost):
        await ledger.leases.record_made(running.job_id, running.fence, [take_of(running)])
    assert (await ledger.jobs.get(running.job_id)).state is JobState.CANCELLED

    await put_in_line(ledger)
    made = await leased(ledger)
    await ledger.leases.record_made(made.job_id, made.fence, [take_of(made)])
    assert not await ledger.jobs.cancel(made.job_id)
    with pytest.raises(TakeNotFound):
        await ledger.jobs.cancel("nobody's")


async def _check_counts(ledger: Ledger) -> None:
    """The kept counts must be what counting the jobs gives."""
    queue = await ledger.jobs.queue()
    waiting, running = (
        Counter(who for row in rows for who in (*row.turn_keys, "all")) for rows in (queue.waiting, queue.running)
    )

    async def kept(connection: AsyncConnection) -> list[tuple[str, int, int]]:
        return [(row.who, row.queued, row.running) for row in await connection.execute(select(turns))]

    rows = await ledger.db.read(kept)
    assert rows
    assert {who: (queued, runs) for who, queued, runs in rows} == {
        who: (waiting[who], running[who]) for who, *_ in rows
    }


@pytest.mark.parametrize("seed", range(3))
async def test_running_counts_stay_true_through_any_story(open_ledger: OpenLedger, clock: Clock, seed: int) -> None:
    ledgers = [await open_ledger(), await open_ledger()]
    chance = random.Random(seed)
    people = ["ann", "ben", "cyd"]

    async def one_event(ledger: Ledger) -> None:
        clock.now += 1
        queue = await ledger.jobs.queue()
        event = chance.choice(["ask", "ask", "lease", "lease", "made", "failed", "back", "death", "cancel", "abandon"])
        if event == "ask":
            await put_in_line(ledger, chance.choice(people))
        elif event == "lease":
            await lease(ledger, lease_s=20)
        elif event == "cancel" and (queue.waiting or queue.running):
            await ledger.jobs.cancel(chance.choice(queue.waiting + queue.running).job_id)
        elif event == "abandon":
            for row in await ledger.leases.abandoned(dead_owners=[], held_here=[], me="x"):
                await ledger.leases.take_up(row, max_attempts=3, sentence="enough")
        elif queue.running:
            row = await ledger.jobs.get(chance.choice(queue.running).job_id)
            end = {
                "made": lambda: ledger.leases.record_made(row.job_id, row.fence, [take_of(row)]),
                "failed": lambda: ledger.leases.record_failed(row.job_id, row.fence, "no"),
                "back": lambda: ledger.leases.hand_back(row.job_id, row.fence),
                "death": lambda: ledger.leases.note_worker_death(row.job_id, row.fence, max_deaths=2, sentence="no"),
            }.get(event)
            if end is not None:
                await end()

    for _ in range(25):
        for ledger in ledgers:
            await one_event(ledger)
    await _check_counts(ledgers[0])


async def test_answers_are_owed_until_told_the_oldest_first(ledger: Ledger, clock: Clock) -> None:
    me = ledger.instance.instance_id
    for _ in range(3):
        await put_in_line(ledger)
    made, failed, lost = [await leased(ledger) for _ in range(3)]
    await ledger.leases.record_made(made.job_id, made.fence, [take_of(made)])
    clock.now += 1
    await ledger.leases.record_failed(failed.job_id, failed.fence, "The band went home.")
    clock.now += 1
    await ledger.leases.record_made(lost.job_id, lost.fence, [take_of(lost)])
    assert [row.job_id for row in await ledger.answers.owed("discord", me)] == [made.job_id, failed.job_id, lost.job_id]
    assert await ledger.answers.owed("web", me) == []

    assert (await ledger.answers.mark_delivered(made.job_id, "message 1")).state is JobState.DELIVERED
    told = await ledger.answers.mark_delivered(failed.job_id, "message 2")
    assert (told.state, told.sentence, told.message_id) == (JobState.FAILED, "The band went home.", "message 2")
    gone = await ledger.answers.mark_undeliverable(lost.job_id, "The channel is gone.")
    assert (gone.state, gone.sentence) == (JobState.UNDELIVERABLE, "The channel is gone.")
    assert await ledger.answers.owed("discord", me) == []
    assert len(await ledger.takes.of_job(lost.job_id)) == 1


async def test_only_the_home_answers_until_it_is_dead(open_ledger: OpenLedger) -> None:
    home, other, third = await open_ledger(), await open_ledger(), await open_ledger()
    await put_in_line(home)
    row = await leased(other)
    await other.leases.record_made(row.job_id, row.fence, [take_of(row)])
    me, they = other.instance.instance_id, third.instance.instance_id

    assert await other.answers.adopt("discord", me, await other.instance.dead()) == 0
    assert await other.answers.owed("discord", me) == []
    assert len(await home.answers.owed("discord", home.instance.instance_id)) == 1

    await home.__aexit__(None, None, None)
    dead = await other.instance.dead()
    shares = await asyncio.gather(other.answers.adopt("discord", me, dead), third.answers.adopt("discord", they, dead))
    assert sorted(shares) == [0, 1]
    owed = [await other.answers.owed("discord", me), await third.answers.owed("discord", they)]
    assert sorted(len(rows) for rows in owed) == [0, 1]


async def test_what_a_killed_command_has_asked_for_ends(open_ledger: OpenLedger) -> None:
    killed, other = await open_ledger(), await open_ledger()
    asked = {(await put_in_line(killed, front_end="cli")).job_id for _ in range(3)}
    made, running = await leased(killed), await leased(killed)
    (left,) = asked - {made.job_id, running.job_id}
    waiting, discords = await killed.jobs.get(left), await put_in_line(killed)
    await killed.leases.record_made(made.job_id, made.fence, [take_of(made)])

    await end_unattended(other, await other.instance.dead())
    assert (await other.jobs.get(waiting.job_id)).state is JobState.QUEUED  # its command lives

    await killed.__aexit__(None, None, None)
    for _ in range(2):
        await end_unattended(other, await other.instance.dead())
    states = [(await other.jobs.get(row.job_id)).state for row in (made, running, waiting, discords)]
    assert states == [JobState.UNDELIVERABLE, JobState.CANCELLED, JobState.CANCELLED, JobState.QUEUED]
    assert await other.answers.num_owed() == 0 and len(await other.takes.of_job(made.job_id)) == 1


async def test_the_reply_is_replaced(ledger: Ledger) -> None:
    row = await put_in_line(ledger)
    await ledger.answers.update_reply(row.job_id, {"message": "2", "name": "Zoë \u0001"})
    assert (await ledger.jobs.get(row.job_id)).reply == {"message": "2", "name": "Zoë \u0001"}
    with pytest.raises(TakeNotFound):
        await ledger.answers.update_reply("nobody's", {})


async def test_open_jobs_by_person_and_guild(ledger: Ledger) -> None:
    mine = await put_in_line(ledger, "ann")
    other = await put_in_line(ledger, "ben", guild="elsewhere")
    ids = [row.job_id for row in await ledger.jobs.active_of("discord")]
    assert sorted(ids) == sorted([mine.job_id, other.job_id])
    assert [row.job_id for row in await ledger.jobs.active_of("discord", person_id="ann")] == [mine.job_id]
    assert [row.job_id for row in await ledger.jobs.active_of("discord", guild_id="elsewhere")] == [other.job_id]
    assert [row.job_id for row in await ledger.jobs.many([mine.job_id, "nobody's"])] == [mine.job_id]
