"""A jam room and who leads it: its state, its host, its people, opening and closing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from generation.errors import RequestRefused
from generation.jam.frame import Frame

if TYPE_CHECKING:
    from generation.jam.relay import Relay
    from generation.jam.vote import Outcome, Vote


class RoomState(StrEnum):
    """An open room takes everything; a closed one only shows what there was."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something to a room, and whether they moderate the place where it lies."""

    person_id: str
    name: str
    is_moderator: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One piece of audio in a room's frame.

    `audio_hash` names the fitted audio in the store; `take_id` is the take it came from, None for an upload.
    `gain_db` is MIN_GAIN_DB..MAX_GAIN_DB (see layers); `strip` is its outline for the card, 0..255 each.
    """

    layer_id: int
    name: str
    owner_id: str
    audio_hash: str
    take_id: str | None = None
    gain_db: float = 0.0
    is_muted: bool = False
    is_solo: bool = False
    strip: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to a layer, so that it can be undone: the layer before (None: it was added) and after."""

    person_id: str
    what: str
    before: Layer | None
    after: Layer


@dataclass(frozen=True, slots=True)
class Room:
    """A room as the ledger keeps it. `version` counts its changes; `people` are all who did something, by id.

    `parent_take_id` is the take that goes on (the last of a relay, the winner of a vote). Message ids are the front
    end's: of the living card, and of the closing post once it is there.
    `language` is that of whoever opened the room ("de"; empty: not known).
    """

    room_id: str
    front_end: str
    thread_id: str
    host_id: str
    frame: Frame
    title: str = ""
    guild_id: str | None = None
    state: RoomState = RoomState.OPEN
    layers: tuple[Layer, ...] = ()
    history: tuple[Change, ...] = ()
    num_layers_made: int = 0
    parent_take_id: str | None = None
    relay: Relay | None = None
    vote: Vote | None = None
    outcomes: tuple[Outcome, ...] = ()
    people: dict[str, str] = field(default_factory=dict)
    contributions: tuple[tuple[str, str], ...] = ()
    card_message_id: str | None = None
    closing_message_id: str | None = None
    version: int = 0
    opened_at: float = 0.0
    language: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still takes anything."""
        return self.state is RoomState.OPEN

    @property
    def audible_layers(self) -> tuple[Layer, ...]:
        """What the mix is made of: the solo layers if there are any, else all; never a muted one."""
        solo = [layer for layer in self.layers if layer.is_solo]
        return tuple(layer for layer in solo or self.layers if not layer.is_muted)

    def name_of(self, person_id: str) -> str:
        """A person's name as it was last seen here."""
        return self.people.get(person_id, "somebody")

    def changed(self, **changes: Any) -> Room:
        """A changed copy."""
        return replace(self, **changes)


def new_room(room_id: str, host: Person, frame: Frame, *, front_end: str, thread_id: str, **more: Any) -> Room:
    """A room that was just opened by its host; `more` are further fields of Room."""
    room = Room(room_id, front_end, thread_id, host.person_id, frame, **more)
    return met(room, host)


def met(room: Room, *people: Person) -> Room:
    """The room knowing these people by name."""
    return room.changed(people=room.people | {person.person_id: person.name for person in people})


def credited(room: Room, person_id: str, what: str) -> Room:
    """The room with a contribution in its credits; what was taken back is not among them (see layers)."""
    return room.changed(contributions=(*room.contributions, (person_id, what)))


def require_open(room: Room) -> None:
    """Raises RequestRefused when the room is closed."""
    if not room.is_open:
        raise RequestRefused("This room is closed. `/jam start` in a channel opens a new one.")


def leads(room: Room, person: Person) -> bool:
    """Whether the person hosts the room or moderates the place."""
    return person.is_moderator or person.person_id == room.host_id


def require_lead(room: Room, person: Person, verb: str) -> None:
    """Raises RequestRefused unless the person hosts the room or moderates the place."""
    if not leads(room, person):
        raise RequestRefused(f"Only the host ({room.name_of(room.host_id)}) and moderators can {verb}.")


def hand_over(room: Room, by: Person, to: Person, *, host_has_left: bool = False) -> Room:
    """Another host. The host and moderators may; when the host has left the server, anybody may take it over."""
    require_open(room)
    if not host_has_left:
        require_lead(room, by, "hand the room over")
    if to.person_id == room.host_id:
        raise RequestRefused(f"{to.name} hosts this room already.")
    return met(room, by, to).changed(host_id=to.person_id)


def close(room: Room, by: Person) -> Room:
    """The room closed: relay and vote end without a winner. The host and moderators may.

    A room that is closed but whose closing post is still missing may be closed again, so that it can be posted.
    """
    if not room.is_open and room.closing_message_id is not None:
        raise RequestRefused("This room is closed already; the closing post is in it.")
    require_lead(room, by, "close the room")
    return shut(met(room, by))


def shut(room: Room) -> Room:
    """The room closed by nobody: its thread is gone."""
    return room.changed(state=RoomState.CLOSED, relay=None, vote=None)


def credit_lines(room: Room) -> tuple[str, ...]:
    """One line a person, in the order in which they first gave something: "Ann: drums, turn 1 of the relay"."""
    given: dict[str, list[str]] = {}
    for person_id, what in room.contributions:
        given.setdefault(person_id, []).append(what)
    return tuple(f"{room.name_of(person_id)}: {', '.join(parts)}" for person_id, parts in given.items())
