"""The turnstile: few at once, the one who has waited longest since their last turn is next, nobody's place is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.service.turnstile import Turnstile


async def let_in(people: Sequence[str], num_places: int = 1) -> list[str]:
    """Who came in, in order, when all of them stand in line before the first one leaves."""
    turnstile, order, opened = Turnstile(num_places), list[str](), asyncio.Event()

    async def visit(person: str) -> None:
        async with turnstile.turn(person):
            order.append(person)
            await opened.wait()
            await asyncio.sleep(0)

    visits = [asyncio.create_task(visit(person)) for person in people]
    await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*visits)
    assert turnstile.num_waiting == 0
    return order


async def test_one_with_many_clips_does_not_keep_the_others_waiting() -> None:
    order = await let_in(["ann"] * 5 + ["ben"] + ["cyd"] * 2)
    assert order == ["ann", "ben", "cyd", "ann", "cyd", "ann", "ann", "ann"]


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(1, 4))
def test_all_come_in_and_nobody_twice_while_another_waits(people: list[str], num_places: int) -> None:
    order = asyncio.run(let_in(people, num_places))
    assert Counter(order) == Counter(people)
    left = Counter(people)
    left.subtract(order[:num_places])
    for earlier, person in enumerate(order[num_places:], start=num_places):
        waiting = {who for who, number in left.items() if number > 0}
        last = {who: max((at for at in range(earlier) if order[at] == who), default=-1) for who in waiting}
        assert last[person] == min(last.values())
        left[person] -= 1


async def test_at_most_so_many_are_inside() -> None:
    turnstile, inside, most = Turnstile(3), 0, 0

    async def visit(number: int) -> None:
        nonlocal inside, most
        async with turnstile.turn(f"p{number % 4}"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit(number) for number in range(20)))
    assert (most, inside) == (3, 0)


async def test_who_gives_up_takes_no_place_along() -> None:
    turnstile = Turnstile()
    async with turnstile.turn("ann"):
        waiting = [asyncio.create_task(_pass(turnstile, "ben")) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(waiting[0], waiting[2]), 60)

    entered = turnstile.turn("ann")
    await entered.__aenter__()
    late = asyncio.create_task(_pass(turnstile, "cyd"))
    await asyncio.sleep(0)
    await entered.__aexit__(None, None, None)  # the place is handed to cyd ...
    late.cancel()  # ... who gives up at that very moment
    with pytest.raises(asyncio.CancelledError):
        await late
    await asyncio.wait_for(_pass(turnstile, "dan"), 60)


async def _pass(turnstile: Turnstile, person: str) -> None:
    async with turnstile.turn(person):
        pass
