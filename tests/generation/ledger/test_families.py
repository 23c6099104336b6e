"""Families of takes, taking one back, preferences and waiting orders in the ledger."""

from __future__ import annotations

import pytest

from generation.errors import RequestRefused
from generation.ledger import Ledger
from generation.sharing import PENDING_LIFE_S, PendingWish
from tests.generation.ledger.conftest import Clock
from tests.support.families import grown
from tests.support.takes import put_take


async def test_the_whole_family_is_found_from_any_of_its_members(ledger: Ledger) -> None:
    await put_take(ledger, "a")
    await put_take(ledger, "b", ["a"], person="ben")
    await put_take(ledger, "c", ["a"])
    await put_take(ledger, "d", ["b", "c"])
    await put_take(ledger, "x")
    for take_id in "abcd":
        family = await ledger.families.around(take_id)
        assert {member.take_id: set(member.parents) for member in family.members} == {
            "a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"},
        }  # fmt: skip
        assert family.num_more == 0 and family.take_id == take_id
    assert [member.take_id for member in await ledger.families.lineage("b")] == ["a", "b"]
    assert {member.person_id for member in await ledger.families.lineage("d")} == {"ann", "ben"}


async def test_a_large_family_shows_the_nearest(ledger: Ledger) -> None:
    for member in grown(40, seed=2).members:
        await put_take(ledger, member.take_id, member.parents)
    family = await ledger.families.around("take20", max_members=10)
    assert len(family.members) == 10 and family.num_more >= 1
    shown = {member.take_id for member in family.members}
    whole = await ledger.families.around("take20")
    own = whole.member("take20")
    assert own is not None and len(whole.members) == 40 and {"take20", *own.parents} <= shown


async def test_a_parent_that_was_forgotten_keeps_its_place(ledger: Ledger) -> None:
    await put_take(ledger, "b", ["gone"])
    gone, there = (await ledger.families.around("b")).members
    assert (gone.take_id, gone.operation) == ("gone", None) and there.operation is not None


async def test_taking_back_marks_and_names_the_audio_that_nobody_else_needs(ledger: Ledger) -> None:
    await put_take(ledger, "a", audio_hash="shared")
    await put_take(ledger, "b", ["a"], audio_hash="own")
    await put_take(ledger, "c", audio_hash="shared")
    assert await ledger.families.retract("a", "ann") == ()
    assert await ledger.families.retract("b", "ann") == ("own",)
    assert await ledger.families.retract("c", "ann") == ("shared",)
    assert await ledger.families.retracted(["a", "b", "x"]) == {"a", "b"}
    members = {member.take_id: member.is_retracted for member in (await ledger.families.around("b")).members}
    assert members == {"a": True, "b": True}
    assert await ledger.families.newest_of("discord", "ann", "guild") == ()


async def test_a_persons_newest_takes_are_their_own_and_of_the_place(ledger: Ledger) -> None:
    for number in range(30):
        await put_take(ledger, f"t{number}")
    await put_take(ledger, "bens", person="ben")
    newest = await ledger.families.newest_of("discord", "ann", "guild")
    assert [member.take_id for member in newest] == [f"t{number}" for number in range(29, 4, -1)]
    assert await ledger.families.newest_of("discord", "ann", None) == ()


async def test_the_newest_takes_of_a_channel_are_everybodys_without_those_taken_back(ledger: Ledger) -> None:
    for number, person in enumerate(("ann", "ben", "ann")):
        await put_take(ledger, f"t{number}", person=person)
    channel_id = (await ledger.families.newest_of("discord", "ben", "guild"))[0].channel_id
    assert channel_id is not None
    await ledger.families.retract("t2", "ann")
    newest = await ledger.families.newest_in("discord", channel_id)
    assert [member.take_id for member in newest] == ["t1", "t0"]
    assert await ledger.families.newest_in("discord", "elsewhere") == ()


async def test_preferences_are_kept_by_place_and_taken_back(ledger: Ledger) -> None:
    mine, guild = ("person", "1"), ("guild", "1")
    await ledger.preferences.choose("discord", mine, {"engine": "arranger", "seconds": 12.5})
    await ledger.preferences.choose("discord", guild, {"channel_ids": ["7"]})
    assert await ledger.preferences.choose("discord", mine, {"engine": None, "language": "de"}) == {
        "seconds": 12.5, "language": "de",
    }  # fmt: skip
    found = await ledger.preferences.of("discord", [mine, guild, ("channel", "1")])
    assert found == {mine: {"seconds": 12.5, "language": "de"}, guild: {"channel_ids": ["7"]}}
    assert await ledger.preferences.of("web", [mine]) == {}
    await ledger.preferences.forget("discord", mine)
    assert await ledger.preferences.of("discord", [mine]) == {}


async def test_an_order_waits_is_taken_once_and_not_for_ever(ledger: Ledger, clock: Clock) -> None:
    wish = PendingWish("discord", "bob", {"wish": {"prompt": "funk"}}, owner_id="alice")
    await ledger.pending.add(wish)
    assert await ledger.pending.get(wish.wish_id) == wish
    assert [await ledger.pending.take(wish.wish_id) for _ in range(2)] == [True, False]
    with pytest.raises(RequestRefused, match="answered already"):
        await ledger.pending.get(wish.wish_id)

    old, other = PendingWish("discord", "bob", {}), PendingWish("discord", "carol", {}, owner_id="bob")
    await ledger.pending.add(old)
    clock.now += PENDING_LIFE_S + 1
    await ledger.pending.add(other)
    with pytest.raises(RequestRefused):
        await ledger.pending.get(old.wish_id)
    await ledger.pending.forget("discord", "bob")
    with pytest.raises(RequestRefused):
        await ledger.pending.get(other.wish_id)
