"""When a worker shows what it has so far: not at once, not too often, not at the end, and of one take alone."""

from __future__ import annotations

import pytest

from generation.engines.base import Preview, Progress
from generation.previews import place_of
from generation.request import Operation, Request
from generation.worker.making import Making
from generation.worker.second_ear import HeardAsSaid
from tests.support.scripted_engine import tone

EVERY_S = 10.0


def begun(num_takes: int = 1, *, is_watched: bool = True) -> Making:
    request, place = Request(Operation.COMPOSE, "x", num_takes=num_takes), place_of("job", 1)
    making = Making("job", request, (), HeardAsSaid(()), previews=place if is_watched else None)
    for _ in range(num_takes):
        making.next_take()
    assert making.due_preview(EVERY_S, 100.0) is None
    return making


def play(making: Making, fraction: float, take: str = "job-0") -> None:
    making.note_progress(Progress(take, fraction), every_s=0, now_s=0)
    making.note_preview(Preview(take, tone(1, 1 + fraction)))


def test_the_first_after_an_interval_the_next_an_interval_later() -> None:
    making, shown = begun(), {}
    for second in range(1, 60):
        play(making, second / 61)
        if clip := making.due_preview(EVERY_S, 100.0 + second):
            shown[second] = clip.duration_s
    assert list(shown) == [10, 20, 30, 40, 50]  # at 50 s the rest takes 11
    assert shown[30] == pytest.approx(1.49, abs=0.01)


def test_none_of_what_takes_less_than_two_intervals() -> None:
    making = begun()
    for second in range(1, 19):
        play(making, second / 19)
        assert making.due_preview(EVERY_S, 100.0 + second) is None


def test_what_came_too_early_is_shown_when_its_time_comes() -> None:
    making = begun()
    play(making, 0.05)
    assert making.due_preview(EVERY_S, 105.0) is None
    assert making.due_preview(EVERY_S, 110.0) is not None
    assert making.due_preview(EVERY_S, 130.0) is None  # nothing new since


def test_of_several_takes_the_first_is_followed_until_it_is_done() -> None:
    making = begun(num_takes=2)
    play(making, 0.2)
    play(making, 0.4, "job-1")
    clip = making.due_preview(EVERY_S, 110.0)
    assert clip is not None and clip.duration_s == pytest.approx(1.2)


@pytest.mark.parametrize(("interval_s", "is_watched"), [(0.0, True), (EVERY_S, False)])
def test_none_where_they_are_off_or_nobody_listens(interval_s: float, is_watched: bool) -> None:
    making = begun(is_watched=is_watched)
    play(making, 0.1)
    assert making.due_preview(interval_s, 150.0) is None
