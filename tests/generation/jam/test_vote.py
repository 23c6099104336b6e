"""A blind vote: ballots, the end, ties, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import RequestRefused
from generation.jam import vote as rules
from generation.jam.record import body_of, fields_of
from generation.jam.room import Person, Room
from generation.jam.vote import Outcome
from tests.support.jam_rooms import ANN, BEN, CYD, MOD, room_of

TAKES = ("t1", "t2", "t3")


def voting(room: Room | None = None) -> Room:
    return rules.start_vote(room or room_of(host=BEN), ANN, TAKES, limit_s=60, now=1000.0)


def cast(room: Room, *choices: int) -> Room:
    for number, choice in enumerate(choices):
        person = Person(f"p{number}", f"P{number}")
        room = rules.cast(room, person, rules.voting(room).number, choice, now=1010.0)
    return room


def test_the_most_votes_win_and_go_on() -> None:
    room = rules.end_vote(cast(voting(), 1, 1, 0), now=1060.0)
    assert room.outcomes == (Outcome(1, TAKES, (1, 2, 0), 1),)
    assert room.parent_take_id == "t2" and room.vote is None


def test_a_ballot_can_be_changed_until_the_end() -> None:
    room = rules.cast(cast(voting(), 0), Person("p0", "P"), 1, 2, now=1059.0)
    assert rules.end_vote(room, now=1060.0).outcomes[-1].counts == (0, 0, 1)
    with pytest.raises(RequestRefused, match="over"):
        rules.cast(room, ANN, 1, 0, now=1060.0)
    with pytest.raises(RequestRefused, match="over"):
        rules.cast(room, ANN, 7, 0, now=1010.0)
    with pytest.raises(RequestRefused, match="no such take"):
        rules.cast(room, ANN, 1, 3, now=1010.0)


def test_a_tie_is_run_off_and_a_second_tie_goes_to_the_earlier_letter() -> None:
    room = rules.end_vote(cast(voting(), 2, 0, 2, 0), now=1060.0)
    assert room.outcomes[-1].is_tie and room.outcomes[-1].winner is None and room.parent_take_id is None
    runoff = rules.voting(room)
    assert runoff.take_ids == ("t1", "t3") and runoff.is_runoff and runoff.number == 2 and runoff.ends_at == 1120.0
    room = rules.end_vote(cast(room, 0, 1), now=1120.0)
    assert room.parent_take_id == "t1" and room.outcomes[-1].is_tie and room.vote is None


def test_nobody_voted() -> None:
    room = rules.end_vote(voting(room_of(parent_take_id="old")), now=1060.0)
    assert room.outcomes[-1].winner is None and not room.outcomes[-1].is_tie
    assert room.parent_take_id == "old" and room.vote is None


@pytest.mark.parametrize(("takes", "word"), [((), "none yet"), (("a",), "only one"), (("a", "a"), "only one")])
def test_too_few_takes(takes: tuple[str, ...], word: str) -> None:
    with pytest.raises(RequestRefused, match=word):
        rules.start_vote(room_of(), ANN, takes, limit_s=60, now=0)


def test_limits_and_who_ends_it() -> None:
    with pytest.raises(RequestRefused, match="at most"):
        rules.start_vote(room_of(), ANN, [str(n) for n in range(6)], limit_s=60, now=0)
    with pytest.raises(RequestRefused, match="lasts"):
        rules.start_vote(room_of(), ANN, TAKES, limit_s=1, now=0)
    room = voting(room_of(host=BEN))
    with pytest.raises(RequestRefused, match="under way"):
        rules.start_vote(room, BEN, TAKES, limit_s=60, now=0)
    with pytest.raises(RequestRefused, match="still has time"):
        rules.end_vote(room, now=1001.0)
    with pytest.raises(RequestRefused, match="Only Ann"):
        rules.end_vote(room, now=1001.0, by=CYD)
    for person in (ANN, BEN, MOD):
        assert rules.end_vote(room, now=1001.0, by=person).vote is None
    with pytest.raises(RequestRefused, match="over"):
        rules.end_vote(room, now=1001.0, by=ANN, number=9)
    with pytest.raises(RequestRefused, match="no vote"):
        rules.end_vote(room_of(), now=1.0)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), max_size=30))
def test_every_person_counts_once_and_a_winner_has_the_most(ballots: list[tuple[int, int]]) -> None:
    room = voting()
    for person, choice in ballots:
        room = rules.cast(room, Person(str(person), str(person)), 1, choice, now=1001.0)
    assert room.changed(**fields_of(json.loads(json.dumps(body_of(room))))) == room
    outcome, tied = rules.tally(rules.voting(room))
    assert sum(outcome.counts) == len({person for person, _ in ballots})
    if outcome.winner is not None:
        assert outcome.counts.count(max(outcome.counts)) == 1
        assert outcome.counts[outcome.winner] == max(outcome.counts)
    else:
        assert not ballots or len(tied) > 1
