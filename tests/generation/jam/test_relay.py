"""A relay: whose turn it is, whatever happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import RequestRefused
from generation.jam import relay as rules
from generation.jam.record import body_of, fields_of
from generation.jam.relay import Relay
from generation.jam.room import Person, Room
from tests.support.jam_rooms import ANN, BEN, CYD, MOD, room_of


def started(rounds: int = 1, limit_s: float = 300.0) -> Room:
    return rules.start_relay(room_of(), ANN, turn_limit_s=limit_s, num_rounds=rounds, now=1000.0)


def relay_of(room: Room) -> Relay:
    assert room.relay is not None
    return room.relay


def played(room: Room, by: Person, take_id: str, now: float = 1100.0) -> Room:
    room = rules.claim_turn(room, by, f"key of {take_id}")
    return rules.finish_turn(room, f"key of {take_id}", take_id, now=now)


def test_turns_go_round_and_each_take_goes_on() -> None:
    room = rules.join_relay(started(rounds=2), BEN)
    for by, take_id in ((ANN, "t1"), (BEN, "t2"), (ANN, "t3")):
        assert relay_of(room).person_id == by.person_id
        room = played(room, by, take_id)
        assert room.parent_take_id == take_id
    assert relay_of(room).round_number == 2 and not relay_of(room).is_over
    room = played(room, BEN, "t4")
    assert relay_of(room).is_over and relay_of(room).take_ids == ("t1", "t2", "t3", "t4")
    assert rules.end_relay(room).parent_take_id == "t4"
    assert ("ben", "turn 2 of the relay") in room.contributions


def test_only_whose_turn_it_is_plays_and_only_once() -> None:
    room = rules.join_relay(started(), BEN)
    with pytest.raises(RequestRefused, match="Ann's turn"):
        rules.claim_turn(room, BEN, "k")
    room = rules.claim_turn(room, ANN, "k")
    assert rules.claim_turn(room, ANN, "k") == room
    with pytest.raises(RequestRefused, match="already"):
        rules.claim_turn(room, ANN, "k2")
    with pytest.raises(RequestRefused, match="over"):
        rules.finish_turn(room, "k2", "t", now=0)


def test_time_runs_out_but_not_while_it_is_made() -> None:
    room = rules.join_relay(started(limit_s=60), BEN)
    with pytest.raises(RequestRefused, match="still has time"):
        rules.time_out(room, now=1059.0)
    late = rules.time_out(room, now=1060.0)
    assert relay_of(late).person_id == "ben" and relay_of(late).turn_ends_at == 1120.0
    with pytest.raises(RequestRefused):
        rules.time_out(rules.claim_turn(room, ANN, "k"), now=9999.0)
    assert relay_of(rules.time_out(late, now=1120.0)).is_over  # a whole round was missed


def test_a_failed_turn_is_played_again_by_the_same_person() -> None:
    room = rules.fail_turn(rules.claim_turn(started(), ANN, "k"), "k", now=2000.0)
    assert relay_of(room).person_id == "ann" and relay_of(room).turn_ends_at == 2300.0
    assert relay_of(played(room, ANN, "t")).is_over


def test_passing_is_for_the_one_the_host_and_after_the_time_for_all() -> None:
    room = rules.join_relay(rules.skip_turn(rules.join_relay(started(), BEN), ANN, now=1001.0), CYD)
    assert relay_of(room).person_id == "ben"
    with pytest.raises(RequestRefused, match="still has time"):
        rules.skip_turn(room, CYD, now=1002.0)
    assert relay_of(rules.skip_turn(room, CYD, now=9000.0)).person_id == "cyd"
    assert relay_of(rules.skip_turn(room, MOD, now=1002.0)).person_id == "cyd"


def test_leaving_moves_the_turn_on() -> None:
    room = rules.join_relay(rules.join_relay(started(rounds=2), BEN), CYD)
    room = rules.leave_relay(room, "ann", now=1200.0)
    assert relay_of(room).person_id == "ben" and relay_of(room).order == ("ben", "cyd")
    room = played(room, BEN, "t")
    room = rules.leave_relay(room, "ben", now=1200.0)
    assert relay_of(room).person_id == "cyd"
    room = rules.leave_relay(room, "cyd", now=1200.0)
    assert relay_of(room).is_over and relay_of(room).person_id == ""
    with pytest.raises(RequestRefused, match="not in this relay"):
        rules.leave_relay(room, "cyd", now=1200.0)


@pytest.mark.parametrize(
    "change", [{"turn_limit_s": 5.0}, {"turn_limit_s": 1e9}, {"num_rounds": 0}, {"num_rounds": 99}]
)
def test_limits_of_a_relay(change: dict[str, float]) -> None:
    wanted = {"turn_limit_s": 300.0, "num_rounds": 1, "now": 0.0, **change}
    with pytest.raises(RequestRefused):
        rules.start_relay(room_of(), ANN, **wanted)  # type: ignore[arg-type]


def test_one_relay_at_a_time_and_its_end_is_the_hosts() -> None:
    room = started()
    with pytest.raises(RequestRefused, match="under way"):
        rules.start_relay(room, BEN, turn_limit_s=300, num_rounds=1, now=0)
    with pytest.raises(RequestRefused, match="Only the host"):
        rules.end_relay(room, BEN)
    ended = rules.end_relay(room, MOD)
    with pytest.raises(RequestRefused, match="no relay"):
        rules.join_relay(ended, BEN)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "claim", "finish", "fail", "skip", "time"]), st.sampled_from([ANN, BEN, CYD])
    ),
    max_size=50,
)


@settings(max_examples=200)
@given(STEPS, st.integers(1, 3))
def test_any_story_has_one_whose_turn_it_is_or_is_over(steps: list[tuple[str, Person]], rounds: int) -> None:
    room, now = started(rounds, limit_s=60), 1000.0
    for number, (what, by) in enumerate(steps):
        now += 30
        relay = relay_of(room)
        if relay.is_over:
            break
        key = relay.playing_key or "none"
        story = {
            "join": lambda: rules.join_relay(room, by),  # noqa: B023
            "leave": lambda: rules.leave_relay(room, by.person_id, now=now),  # noqa: B023
            "claim": lambda: rules.claim_turn(room, by, f"key {number}"),  # noqa: B023
            "finish": lambda: rules.finish_turn(room, key, f"take {number}", now=now),  # noqa: B023
            "fail": lambda: rules.fail_turn(room, key, now=now),  # noqa: B023
            "skip": lambda: rules.skip_turn(room, by, now=now),  # noqa: B023
            "time": lambda: rules.time_out(room, now=now),  # noqa: B023
        }
        try:
            room = story[what]()
        except RequestRefused:
            continue
        relay = relay_of(room)
        assert relay.is_over or relay.person_id in relay.order
        assert len(set(relay.order)) == len(relay.order)
    assert room.changed(**fields_of(json.loads(json.dumps(body_of(room))))) == room
