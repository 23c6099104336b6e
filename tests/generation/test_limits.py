"""Limits without a ledger: whose word is stricter, which budgets an order has, when there is room again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.limits import DAY_S, RANGES, Budget, Resource, Whose, limits_of, room_in_s, stricter

USUAL = {
    name: {"max_jobs": 500.0, "max_jobs_per_person": 5.0, "max_jobs_per_guild": 50.0}.get(name, 0.0) for name in RANGES
}


@pytest.mark.parametrize(
    ("name", "one", "other", "value"),
    [
        ("max_jobs_per_person", 5.0, 3.0, 3.0),
        ("max_jobs_per_person", 5.0, 9.0, 5.0),
        ("max_jobs_per_person", 5.0, None, 5.0),
        ("daily_music_min_per_guild", 0.0, 60.0, 60.0),  # 0: no limit
        ("daily_music_min_per_guild", 60.0, 0.0, 60.0),
        ("daily_music_min_per_guild", 0.0, None, 0.0),
        ("cooldown_s", 10.0, 30.0, 30.0),  # the longer pause is the stricter one
        ("cooldown_s", 0.0, 0.0, 0.0),
        ("cooldown_s", None, None, None),
    ],
)
def test_the_stricter_of_two(name: str, one: float | None, other: float | None, value: float | None) -> None:
    assert stricter(name, one, other) == stricter(name, other, one) == value


def test_without_a_word_of_anybody_there_are_no_daily_limits() -> None:
    limits = limits_of(USUAL, {})
    assert (limits.per_person, limits.per_guild, limits.in_all, limits.cooldown_s) == (5, 50, 500, 0.0)
    assert limits.budgets == ()


def test_a_places_limits_are_for_what_is_asked_there() -> None:
    service = USUAL | {"daily_music_min_per_person": 30.0, "daily_music_min_per_guild": 100.0, "cooldown_s": 5.0}
    place = {
        "max_jobs_per_person": 2.0,
        "max_jobs_per_guild": 500.0,
        "daily_music_min_per_person": 10.0,
        "daily_music_min_per_guild": 60.0,
        "daily_device_s_per_person": 120.0,
        "cooldown_s": 30.0,
    }
    limits = limits_of(service, place)
    assert (limits.per_person, limits.per_guild, limits.cooldown_s) == (2, 50, 30.0)
    assert set(limits.budgets) == {
        Budget(Whose.PERSON, Resource.MUSIC, 1800.0),
        Budget(Whose.MEMBER, Resource.MUSIC, 600.0),
        Budget(Whose.GUILD, Resource.MUSIC, 3600.0),
        Budget(Whose.MEMBER, Resource.DEVICE, 120.0),
    }


SPENT = st.lists(st.tuples(st.floats(1.0, DAY_S - 1.0), st.floats(0.1, 100.0)), max_size=20)


@given(SPENT, st.floats(0.0, 500.0))
def test_there_is_room_when_it_is_said_and_not_before(ages: list[tuple[float, float]], room_s: float) -> None:
    now = 2 * DAY_S
    spent = [(now - age_s, amount) for age_s, amount in ages]
    wait_s = room_in_s(spent, room_s, now)
    assert wait_s is not None and 0.0 <= wait_s <= DAY_S

    def within_a_day(at: float) -> float:
        return sum(amount for when, amount in spent if when > at - DAY_S)

    assert within_a_day(now + wait_s + 1e-3) <= room_s + 1e-3
    if wait_s > 0:
        assert within_a_day(now + wait_s - 1e-3) > room_s


def test_what_is_more_than_a_days_worth_never_has_room() -> None:
    assert room_in_s([(0.0, 5.0)], -1.0, 10.0) is None
