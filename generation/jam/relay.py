"""A relay: people extend the room's music in turn, each within a time; who is late is passed over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from generation.errors import RequestRefused
from generation.jam.room import Person, Room, credited, leads, met, require_open

MIN_TURN_S, MAX_TURN_S = 60.0, 24 * 3600.0
MAX_ROUNDS = 8
MAX_PEOPLE = 16


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay under way. `order`: person ids; `place` (0..) whose turn it is, in round `round_number` (1..num_rounds).

    `turn_ends_at` is in seconds since the epoch. `playing_key` is the key of the job that the turn's person has asked
    for; while there is one the turn does not end by time. `take_ids`: what was played. `num_missed`: turns in a row
    that nobody took. `message_id` is the front end's, of the message that shows the turn. `num_given`: how many of the
    takes were there before it began.
    """

    order: tuple[str, ...]
    num_rounds: int
    turn_limit_s: float
    turn_ends_at: float
    round_number: int = 1
    place: int = 0
    playing_key: str | None = None
    take_ids: tuple[str, ...] = ()
    num_missed: int = 0
    message_id: str | None = None
    num_given: int = 0

    @property
    def num_turns(self) -> int:
        """How many turns were played."""
        return len(self.take_ids) - self.num_given

    @property
    def person_id(self) -> str:
        """Whose turn it is; empty when nobody is left."""
        return self.order[self.place] if self.order else ""

    @property
    def is_over(self) -> bool:
        """Whether all rounds were played, everybody left, or a whole round was missed."""
        return not self.order or self.round_number > self.num_rounds or self.num_missed >= len(self.order)


def start_relay(
    room: Room, by: Person, *, turn_limit_s: float, num_rounds: int, now: float, start_take_id: str | None = None
) -> Room:
    """A relay that begins with the one who starts it, from a take or from nothing. Raises RequestRefused."""
    require_open(room)
    if room.relay is not None:
        raise RequestRefused("A relay is under way in this room already: join it, or end it first.")
    if not MIN_TURN_S <= turn_limit_s <= MAX_TURN_S:
        raise RequestRefused(f"A turn lasts {MIN_TURN_S / 60:g} min to {MAX_TURN_S / 3600:g} h.")
    if not 1 <= num_rounds <= MAX_ROUNDS:
        raise RequestRefused(f"A relay has 1 to {MAX_ROUNDS} rounds, not {num_rounds}.")
    take_ids = (start_take_id,) if start_take_id else ()
    order = (by.person_id,)
    relay = Relay(order, num_rounds, turn_limit_s, now + turn_limit_s, take_ids=take_ids, num_given=len(take_ids))
    return met(room, by).changed(relay=relay)


def join_relay(room: Room, by: Person) -> Room:
    """One more in the relay, at the end of the order. Raises RequestRefused."""
    relay = running(room)
    if by.person_id in relay.order:
        raise RequestRefused("You are in this relay already.")
    if len(relay.order) >= MAX_PEOPLE:
        raise RequestRefused(f"This relay is full: {MAX_PEOPLE} play already.")
    return met(room, by).changed(relay=replace(relay, order=(*relay.order, by.person_id)))


def leave_relay(room: Room, person_id: str, *, now: float) -> Room:
    """The relay without somebody; if it was their turn, the next one's begins. Raises RequestRefused."""
    relay = running(room)
    if person_id not in relay.order:
        raise RequestRefused("You are not in this relay.")
    at = relay.order.index(person_id)
    had_turn = at == relay.place
    order = relay.order[:at] + relay.order[at + 1 :]
    place = relay.place - 1 if at < relay.place else relay.place
    relay = replace(relay, order=order, place=place, num_missed=0)
    if had_turn:
        wraps = place >= len(order)
        relay = replace(relay, place=0 if wraps else place, round_number=relay.round_number + wraps, playing_key=None)
        relay = replace(relay, turn_ends_at=now + relay.turn_limit_s)
    return room.changed(relay=relay)


def claim_turn(room: Room, by: Person, key: str) -> Room:
    """The turn taken: its job will have this key. Claiming again with the same key changes nothing."""
    relay = running(room)
    if relay.playing_key == key:
        return room
    if by.person_id != relay.person_id:
        raise RequestRefused(f"It is {room.name_of(relay.person_id)}'s turn, not yours.")
    if relay.playing_key is not None:
        raise RequestRefused("Your turn is being played already.")
    return met(room, by).changed(relay=replace(relay, playing_key=key))


def finish_turn(room: Room, key: str, take_id: str, *, now: float) -> Room:
    """The turn's take is made: it is what goes on, and the next turn begins. Raises RequestRefused for an old key."""
    relay = _playing(room, key)
    room = credited(room, relay.person_id, f"turn {relay.num_turns + 1} of the relay")
    relay = replace(relay, take_ids=(*relay.take_ids, take_id), num_missed=0)
    return room.changed(relay=_next(relay, now), parent_take_id=take_id)


def fail_turn(room: Room, key: str, *, now: float) -> Room:
    """The turn's job came to nothing: the same person has the whole time again. Raises RequestRefused: an old key."""
    relay = _playing(room, key)
    return room.changed(relay=replace(relay, playing_key=None, turn_ends_at=now + relay.turn_limit_s))


def skip_turn(room: Room, by: Person, *, now: float) -> Room:
    """The turn passed over: by its own person, the host or a moderator; by anybody once its time is up."""
    relay = running(room)
    if relay.playing_key is not None:
        raise RequestRefused("This turn is being played just now.")
    may = by.person_id == relay.person_id or leads(room, by) or now >= relay.turn_ends_at
    if not may:
        raise RequestRefused(f"{room.name_of(relay.person_id)} still has time: only they and the host can pass.")
    return _missed(met(room, by), relay, now)


def time_out(room: Room, *, now: float) -> Room:
    """The turn passed over because its time is up. Raises RequestRefused when it is not."""
    relay = running(room)
    if relay.playing_key is not None or now < relay.turn_ends_at:
        raise RequestRefused("This turn still has time.")
    return _missed(room, relay, now)


def end_relay(room: Room, by: Person | None = None) -> Room:
    """The relay ended: by the host or a moderator, or (None) because it is over."""
    relay = running(room)
    if by is not None and not leads(room, by):
        raise RequestRefused(f"Only the host ({room.name_of(room.host_id)}) and moderators can end the relay.")
    parent = relay.take_ids[-1] if relay.take_ids else room.parent_take_id
    return room.changed(relay=None, parent_take_id=parent)


def running(room: Room) -> Relay:
    """The relay of an open room. Raises RequestRefused when there is none."""
    require_open(room)
    if room.relay is None:
        raise RequestRefused("There is no relay in this room. `/jam relay start` begins one.")
    return room.relay


def _playing(room: Room, key: str) -> Relay:
    relay = running(room)
    if relay.playing_key != key:
        raise RequestRefused("That turn is over.")
    return relay


def _missed(room: Room, relay: Relay, now: float) -> Room:
    return room.changed(relay=_next(replace(relay, num_missed=relay.num_missed + 1), now))


def _next(relay: Relay, now: float) -> Relay:
    place = relay.place + 1
    wraps = place >= len(relay.order)
    return replace(
        relay,
        place=0 if wraps else place,
        round_number=relay.round_number + wraps,
        playing_key=None,
        turn_ends_at=now + relay.turn_limit_s,
    )
