"""What audio may go: age, budget, and that nothing goes that something living was made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generation.retention import Kept, to_remove

DAY_S = 86_400.0
NOW = 1_000 * DAY_S


def item(name: str, age_days: float, *needs: str, num_bytes: int = 10, is_held: bool = False) -> Kept:
    return Kept(name, NOW - age_days * DAY_S, num_bytes, frozenset(needs), is_held)


def gone(*kept: Kept, days: float | None = None, max_bytes: int | None = None) -> list[str]:
    return to_remove(kept, now=NOW, max_age_s=None if days is None else days * DAY_S, max_bytes=max_bytes)


def test_old_audio_goes_and_young_audio_stays() -> None:
    assert gone(item("old", 31), item("young", 29), days=30) == ["old"]
    assert gone(item("old", 31), item("young", 29)) == []


def test_a_parent_stays_while_a_child_lives_and_goes_with_the_last_one() -> None:
    clip, take = item("clip", 100), item("take", 90, "clip")
    assert gone(clip, take, item("child", 1, "take"), days=30) == []
    assert gone(clip, take, item("child", 80, "take"), days=30) == ["child", "take", "clip"]


def test_over_the_budget_the_oldest_goes_first_and_no_more_than_is_needed() -> None:
    kept = [item(name, age) for name, age in (("a", 4), ("b", 3), ("c", 2), ("d", 1))]
    assert gone(*kept, max_bytes=25) == ["a", "b"]
    assert gone(*kept, max_bytes=40) == []
    assert gone(item("clip", 9), item("take", 5, "clip"), item("alone", 7), max_bytes=20) == ["alone"]


def test_what_is_held_stays_and_keeps_its_parents() -> None:
    assert gone(item("clip", 90), item("take", 80, "clip", is_held=True), item("x", 70), days=30, max_bytes=0) == ["x"]


def test_a_take_of_its_own_audio_is_no_knot() -> None:
    assert gone(item("same", 90, "same"), days=30) == ["same"]


@st.composite
def forests(draw: st.DrawFn) -> list[Kept]:
    """Items that need only earlier ones, with ages of their own."""
    kept: list[Kept] = []
    for number in range(draw(st.integers(0, 25))):
        needs = draw(st.sets(st.sampled_from(kept), max_size=3)) if kept else set()
        held = draw(st.booleans()) and draw(st.booleans())
        age, size = draw(st.floats(0, 100)), draw(st.integers(0, 50))
        kept.append(item(str(number), age, *(need.name for need in needs), num_bytes=size, is_held=held))
    return kept


@given(forests(), st.none() | st.floats(0, 100), st.none() | st.integers(0, 300))
def test_nothing_living_ever_loses_what_it_was_made_from(
    kept: list[Kept], days: float | None, max_bytes: int | None
) -> None:
    removed = gone(*kept, days=days, max_bytes=max_bytes)
    assert len(removed) == len(set(removed))
    left = [each for each in kept if each.name not in removed]
    for each in left:
        assert not each.needs & set(removed)
    assert all(each.name not in removed for each in kept if each.is_held)
    if days is None and max_bytes is None:
        assert removed == []
    needed = {need for each in left for need in each.needs}
    free = [each for each in left if not each.is_held and each.name not in needed]
    if free and max_bytes is not None:  # more could have gone: then there was room
        assert sum(each.num_bytes for each in left) <= max_bytes
    if days is not None:
        assert all(NOW - each.used_at <= days * DAY_S for each in free)
