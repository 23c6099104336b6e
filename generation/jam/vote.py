"""A blind vote: takes without names, counts that nobody sees before the end; the winner is the take that goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from generation.errors import RequestRefused
from generation.jam.room import Person, Room, leads, met, require_open

MIN_VOTE_S, MAX_VOTE_S = 30.0, 7 * 24 * 3600.0
MAX_VOTE_TAKES = 5
"""One row of buttons, and half of the files that a message holds."""
LETTERS = "ABCDE"


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote under way: `take_ids` in the order of their letters, `ballots` the letter's index by person id.

    `ends_at` and `limit_s` in seconds (since the epoch; long). `number` counts a room's votes, so that a button of an
    old one is known. `message_id` is the front end's.
    """

    number: int
    take_ids: tuple[str, ...]
    ends_at: float
    limit_s: float
    started_by: str
    ballots: dict[str, int] = field(default_factory=dict)
    is_runoff: bool = False
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a vote ended: the votes of each take; the winner, or None (nobody voted, or a tie goes to a run-off)."""

    number: int
    take_ids: tuple[str, ...]
    counts: tuple[int, ...]
    winner: int | None
    is_tie: bool = False


def start_vote(room: Room, by: Person, take_ids: Sequence[str], *, limit_s: float, now: float) -> Room:
    """A vote on these takes, lettered as they come (whoever calls has shuffled them). Raises RequestRefused."""
    require_open(room)
    if room.vote is not None:
        raise RequestRefused("A vote is under way in this room already: end it first.")
    distinct = tuple(dict.fromkeys(take_ids))
    if len(distinct) < 2:
        there = "only one" if distinct else "none yet"
        raise RequestRefused(f"A vote needs at least two takes of this room; there is {there}. Make another one first.")
    if len(distinct) > MAX_VOTE_TAKES:
        raise RequestRefused(f"A vote has at most {MAX_VOTE_TAKES} takes, not {len(distinct)}.")
    if not MIN_VOTE_S <= limit_s <= MAX_VOTE_S:
        raise RequestRefused(f"A vote lasts {MIN_VOTE_S:g} s to {MAX_VOTE_S / 86400:g} days.")
    vote = Vote(_next_number(room), distinct, now + limit_s, limit_s, by.person_id)
    return met(room, by).changed(vote=vote)


def cast(room: Room, by: Person, number: int, choice: int, *, now: float) -> Room:
    """A ballot; a later one of the same person replaces it. Raises RequestRefused once the vote is over."""
    vote = voting(room)
    if vote.number != number or now >= vote.ends_at:
        raise RequestRefused("This vote is over.")
    if not 0 <= choice < len(vote.take_ids):
        raise RequestRefused("There is no such take in this vote.")
    ballots = vote.ballots | {by.person_id: choice}
    return met(room, by).changed(vote=replace(vote, ballots=ballots))


def end_vote(room: Room, *, now: float, by: Person | None = None, number: int | None = None) -> Room:
    """The vote ended; its Outcome is the last of `room.outcomes`, its winner the take that goes on.

    A tie opens a run-off between the tied takes, as long as the vote itself; a tie in the run-off goes to the take
    with the earlier letter. By time (`by` None), or at once by whoever started it, the host or a moderator.
    """
    vote = voting(room)
    if number is not None and vote.number != number:
        raise RequestRefused("This vote is over.")
    if by is None and now < vote.ends_at:
        raise RequestRefused("This vote still has time.")
    if by is not None and by.person_id != vote.started_by and not leads(room, by):
        raise RequestRefused(f"Only {room.name_of(vote.started_by)}, the host and moderators can end this vote.")
    outcome, tied = tally(vote)
    room = room.changed(outcomes=(*room.outcomes, outcome), vote=None)
    if outcome.winner is not None:
        return room.changed(parent_take_id=vote.take_ids[outcome.winner])
    if tied:
        take_ids = tuple(vote.take_ids[index] for index in tied)
        runoff = Vote(_next_number(room), take_ids, now + vote.limit_s, vote.limit_s, vote.started_by, is_runoff=True)
        return room.changed(vote=runoff)
    return room


def tally(vote: Vote) -> tuple[Outcome, tuple[int, ...]]:
    """The outcome, and the indices of the takes that go to a run-off (empty: none)."""
    counted = Counter(vote.ballots.values())
    counts = tuple(counted[index] for index in range(len(vote.take_ids)))
    best = [index for index, count in enumerate(counts) if count == max(counts)]
    is_tie = len(best) > 1 and max(counts) > 0
    winner = best[0] if max(counts) > 0 and (not is_tie or vote.is_runoff) else None
    outcome = Outcome(vote.number, vote.take_ids, counts, winner, is_tie)
    return outcome, tuple(best) if is_tie and winner is None else ()


def voting(room: Room) -> Vote:
    """The vote of an open room. Raises RequestRefused when there is none."""
    require_open(room)
    if room.vote is None:
        raise RequestRefused("There is no vote in this room now.")
    return room.vote


def _next_number(room: Room) -> int:
    return 1 + max((outcome.number for outcome in room.outcomes), default=0)
