"""Daily limits and the cool-down, as the ledger keeps them: what counts, whose it is, when there is room again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import REPLAYS
from generation.ledger import Amount, BudgetSpent, Ledger, LimitReached, Limits, Renewal, TooSoon
from generation.ledger.tables import spendings
from generation.limits import DAY_S, Budget, Resource, Whose
from tests.generation.ledger.conftest import Clock, OpenLedger
from tests.support.jobs import asker, leased, put_in_line, take_of

TAKE_S = 20.0
"""How long the takes of these tests are, and how much each order asks for."""


def limited(*budgets: Budget, cooldown_s: float = 0.0) -> Limits:
    return Limits(99, 99, 99, cooldown_s, budgets)


def music(limit_s: float, whose: Whose = Whose.PERSON) -> Limits:
    return limited(Budget(whose, Resource.MUSIC, limit_s))


async def make(ledger: Ledger, person: str = "ann", *, guild: str | None = "guild", device_s: float = 0.0) -> None:
    """One take of 20 s that is made at once."""
    await put_in_line(ledger, person, guild=guild)
    row = await leased(ledger)
    await ledger.leases.record_made(row.job_id, row.fence, [take_of(row)], device_s=device_s)


async def refused(ledger: Ledger, limits: Limits, person: str = "ann", guild: str | None = "guild") -> BudgetSpent:
    with pytest.raises(BudgetSpent) as caught:
        await put_in_line(ledger, person, limits=limits, guild=guild)
    return caught.value


async def test_what_was_made_counts_for_a_day_and_then_makes_room(ledger: Ledger, clock: Clock) -> None:
    limits = music(2.5 * TAKE_S)
    await make(ledger)
    clock.now += 3600
    await make(ledger)
    clock.now += 3600
    spent = await refused(ledger, limits)
    assert (spent.used_s, spent.coming_s, spent.wanted_s, spent.left_s) == (40.0, 0.0, 20.0, 10.0)
    assert spent.room_in_s == pytest.approx(DAY_S - 7200)  # when the first of the two is a day old
    clock.now += DAY_S - 7200 - 1
    await refused(ledger, limits)
    clock.now += 2
    await put_in_line(ledger, limits=limits)


async def test_what_fails_or_is_cancelled_costs_no_music_but_its_time_on_the_device(ledger: Ledger) -> None:
    for end in ("failed", "cancelled", "death"):
        await put_in_line(ledger)
        row = await leased(ledger)
        if end == "failed":
            await ledger.leases.record_failed(row.job_id, row.fence, "no", device_s=30.0)
        elif end == "cancelled":
            await ledger.jobs.cancel(row.job_id, device_s=12.0)
        else:
            await ledger.leases.note_worker_death(row.job_id, row.fence, max_deaths=1, sentence="no", device_s=8.0)
    waiting = await put_in_line(ledger)
    await ledger.jobs.cancel(waiting.job_id)
    await put_in_line(ledger, limits=music(TAKE_S))
    device = limited(Budget(Whose.PERSON, Resource.DEVICE, 50.0))
    assert (await refused(ledger, device)).used_s == 50.0


async def test_what_waits_or_runs_is_kept_free_for_it(ledger: Ledger) -> None:
    limits = music(3 * TAKE_S)
    for _ in range(3):
        await put_in_line(ledger, limits=limits)
    running = await leased(ledger)
    spent = await refused(ledger, limits)
    assert (spent.used_s, spent.coming_s, spent.left_s) == (0.0, 60.0, 0.0)
    assert spent.room_in_s is None  # nothing made leaves the day: what is coming has to be made first
    await ledger.leases.record_failed(running.job_id, running.fence, "no")
    await put_in_line(ledger, limits=limits)


async def test_a_time_on_the_device_is_guessed_for_what_is_coming(ledger: Ledger) -> None:
    limits = limited(Budget(Whose.PERSON, Resource.DEVICE, 100.0))
    await put_in_line(ledger, limits=limits, expected_s=60.0)
    with pytest.raises(BudgetSpent) as caught:
        await put_in_line(ledger, limits=limits, expected_s=41.0)
    assert (caught.value.coming_s, caught.value.wanted_s) == (60.0, 41.0)
    await put_in_line(ledger, limits=limits, expected_s=None)  # nothing was measured yet: nothing is guessed


async def test_more_than_a_days_worth_never_fits(ledger: Ledger) -> None:
    spent = await refused(ledger, music(TAKE_S - 1))
    assert (spent.room_in_s, spent.left_s) == (None, TAKE_S - 1)


@pytest.mark.parametrize(
    ("whose", "fits"),
    [
        (Whose.PERSON, {"ben": True, "ann elsewhere": False, "ann alone": False}),
        (Whose.MEMBER, {"ben": True, "ann elsewhere": True, "ann alone": True}),
        (Whose.GUILD, {"ben": False, "ann elsewhere": True, "ann alone": True}),
    ],
)
async def test_whose_it_is(ledger: Ledger, whose: Whose, fits: dict[str, bool]) -> None:
    await make(ledger, "ann")
    limits = music(1.5 * TAKE_S, whose)
    await refused(ledger, limits)
    who = {"ben": ("ben", "guild"), "ann elsewhere": ("ann", "another"), "ann alone": ("ann", None)}
    for name, (person, guild) in who.items():
        if fits[name]:
            await put_in_line(ledger, person, guild=guild, limits=limits)
        else:
            await refused(ledger, limits, person, guild)


async def test_orders_that_come_together_never_go_over_a_limit_together(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(3)]
    limits = limited(
        Budget(Whose.PERSON, Resource.MUSIC, 5 * TAKE_S),
        Budget(Whose.MEMBER, Resource.MUSIC, 5 * TAKE_S),
        Budget(Whose.GUILD, Resource.MUSIC, 8 * TAKE_S),
    )
    asked = (put_in_line(ledgers[n % 3], ("ann", "ben")[n % 2], limits=limits) for n in range(24))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert Counter(type(answer).__name__ for answer in answers) == {"JobRow": 8, "BudgetSpent": 16}
    queue = await ledgers[0].jobs.queue()
    assert max(Counter(job.person_id for job in queue.waiting).values()) <= 5


async def test_one_order_after_another(ledger: Ledger, clock: Clock) -> None:
    limits = limited(cooldown_s=30.0)
    row = await put_in_line(ledger, limits=limits, key="k")
    clock.now += 10
    with pytest.raises(TooSoon) as caught:
        await put_in_line(ledger, limits=limits)
    assert (caught.value.cooldown_s, caught.value.wait_s) == (30.0, pytest.approx(20.0))
    assert (await put_in_line(ledger, limits=limits, key="k")).job_id == row.job_id  # that is the same order
    await put_in_line(ledger, "ben", limits=limits)
    clock.now += 20
    await put_in_line(ledger, limits=limits, front_end=REPLAYS)
    with pytest.raises(TooSoon):  # a replay is an order too
        await put_in_line(ledger, limits=limits)
    clock.now -= 7200  # a clock that is put back locks nobody out
    await put_in_line(ledger, limits=limits)


async def test_one_of_many_that_come_together_is_not_too_soon(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(3)]
    asked = (put_in_line(ledgers[n % 3], limits=limited(cooldown_s=30.0)) for n in range(9))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert Counter(type(answer).__name__ for answer in answers) == {"JobRow": 1, "TooSoon": 8}


async def test_asking_before_says_the_same_and_changes_nothing(ledger: Ledger) -> None:
    await make(ledger)
    ann, wanted = asker("ann"), Amount(TAKE_S, 0.0)
    refusals: Sequence[tuple[Limits, type[Exception]]] = [
        (Limits(0, 99, 99), LimitReached),
        (Limits(99, 99, 0), LimitReached),
        (music(TAKE_S), BudgetSpent),
        (limited(cooldown_s=10.0), TooSoon),
    ]
    for limits, kind in refusals:
        with pytest.raises(kind):
            await ledger.jobs.require_room(ann, wanted, limits)
    await ledger.jobs.require_room(ann, wanted, music(2 * TAKE_S))
    await ledger.jobs.require_room(ann, Amount(0.0, 0.0), music(1.1 * TAKE_S))  # how long it gets is not known yet
    with pytest.raises(BudgetSpent):
        await ledger.jobs.require_room(ann, Amount(0.0, 0.0), music(TAKE_S))
    assert (await ledger.jobs.queue()).waiting == ()


async def test_who_is_forgotten_leaves_no_name_and_finds_no_way_around(ledger: Ledger) -> None:
    await make(ledger, "zelda")
    await ledger.people.forget("discord", "zelda")
    spent = await refused(ledger, music(TAKE_S), "zelda")
    assert spent.used_s == TAKE_S


async def test_what_no_limit_counts_any_more_is_removed(ledger: Ledger, clock: Clock) -> None:
    await make(ledger)
    clock.now += DAY_S / 2
    await make(ledger)
    clock.now += DAY_S / 2 + 1
    await ledger.spendings.forget_old()
    assert await num_spendings(ledger) == 1


async def test_forgetting_does_not_shorten_a_cooldown_and_is_itself_forgotten(ledger: Ledger, clock: Clock) -> None:
    limits = limited(cooldown_s=600.0)
    await put_in_line(ledger, limits=limits)
    clock.now += 100
    await ledger.people.forget("discord", "ann")
    for _ in range(2):  # again is no way around it either
        with pytest.raises(TooSoon) as soon:
            await put_in_line(ledger, limits=limits)
        assert soon.value.wait_s == pytest.approx(500.0)
        await ledger.people.forget("discord", "ann")
    await put_in_line(ledger, "ben", limits=limits)  # nobody else waits for it
    clock.now += 501
    await put_in_line(ledger, limits=limits)
    await ledger.people.forget("discord", "ann")
    clock.now += 3601  # the longest that a cool-down can be
    await ledger.spendings.forget_old()
    assert await num_spendings(ledger) == 0


async def test_what_a_dead_service_had_of_a_device_is_spent_up_to_its_last_sign(
    ledger: Ledger, open_ledger: OpenLedger, clock: Clock
) -> None:
    await put_in_line(ledger)
    row = await leased(ledger, lease_s=30.0)
    clock.now += 12.0
    await ledger.leases.renew([Renewal(row.job_id, row.fence)], lease_s=30.0)
    clock.now += 300.0
    other = await open_ledger()
    (abandoned,) = await other.leases.abandoned(
        dead_owners=[ledger.instance.instance_id], held_here=[], me=other.instance.instance_id
    )
    await other.leases.take_up(abandoned, max_attempts=3, sentence="", lease_s=30.0)
    waiting = await leased(other)
    assert waiting.job_id == row.job_id
    await other.jobs.cancel(row.job_id)
    device = limited(Budget(Whose.PERSON, Resource.DEVICE, 12.0))
    assert (await refused(other, device)).used_s == pytest.approx(12.0)


async def num_spendings(ledger: Ledger) -> int:
    async def work(connection: AsyncConnection) -> int:
        return int((await connection.execute(select(func.count()).select_from(spendings))).scalar_one())

    return await ledger.db.read(work)
