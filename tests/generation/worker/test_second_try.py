"""A take that falls short is made once more with another seed, but only when its seed was drawn."""

from __future__ import annotations

from generation.request import DRAW_SEED, Operation, Request
from generation.worker.making import Making, take_seed
from generation.worker.messages import MadeTake
from generation.worker.second_ear import HeardAsSaid


def made(making: Making, index: int, *shortcomings: str) -> MadeTake:
    remarks = list(shortcomings)
    return MadeTake(
        index, making.seed_of(index), "a", "a", 1.0, 1, {}, None, "", "", "", {}, {}, remarks, remarks, bool(remarks)
    )  # fmt: skip


def request(**changes: int) -> Request:
    return Request(Operation.COMPOSE, "x", num_takes=2, **changes)  # type: ignore[arg-type]


def begin(making: Making) -> str:
    return making.next_take().job_id


def test_a_seed_is_drawn_or_given() -> None:
    drawn, given = Request(Operation.COMPOSE, "x"), Request(Operation.COMPOSE, "x", seed=5)
    assert drawn.seed_is_drawn and drawn.seed >= 0
    assert not given.seed_is_drawn
    assert not drawn.changed(seed=5).seed_is_drawn
    assert given.changed(seed=DRAW_SEED).seed_is_drawn
    assert drawn.changed(prompt="y").seed_is_drawn and drawn.changed(prompt="y").seed == drawn.seed
    assert Request.from_json(drawn.to_json()) == drawn
    old = {name: value for name, value in given.to_json().items() if name != "seed_is_drawn"}
    assert Request.from_json(old) == given  # recipes from before there was this word


def test_the_second_try_has_another_seed_and_the_better_one_counts() -> None:
    making = Making("job", request(), (), HeardAsSaid(()))
    first = begin(making)
    bad = made(making, 0, "silent", "soft")
    assert making.may_try_again(first, bad)
    making.try_again(first, bad)
    assert making.has_waiting and not making.is_complete and making.num_admitted == 0
    again = making.next_take()
    assert again.job_id == first and again.seed == take_seed(making.request, 0, 1) != take_seed(making.request, 0)
    better = made(making, 0, "soft")
    assert not making.may_try_again(first, better)  # once
    making.note_done(first, better)
    second = begin(making)
    making.note_done(second, made(making, 1))
    assert making.is_complete
    assert [take.remarks for take in making.made_takes] == [["soft"], []]
    assert making.made_takes[0].seed == again.seed


def test_a_second_try_that_is_no_better_or_fails_leaves_the_first() -> None:
    making = Making("job", request(), (), HeardAsSaid(()))
    first = begin(making)
    bad = made(making, 0, "soft")
    making.try_again(first, bad)
    begin(making)
    making.note_done(first, made(making, 0, "silent"))
    assert making.made_takes == [bad]
    second = begin(making)
    assert not making.keep_first_try(second)
    worse = made(making, 1, "soft")
    making.try_again(second, worse)
    begin(making)
    assert making.keep_first_try(second)
    assert making.is_complete and making.made_takes == [bad, worse]


def test_a_given_seed_is_kept_and_so_is_what_no_seed_changes() -> None:
    making = Making("job", request(seed=7), (), HeardAsSaid(()))
    first = begin(making)
    assert not making.may_try_again(first, made(making, 0, "silent"))
    drawn = Making("job", request(), (), HeardAsSaid(()))
    first = begin(drawn)
    assert not drawn.may_try_again(first, made(drawn, 0))
