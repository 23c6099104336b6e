"""Rooms and people for tests of jams."""

from __future__ import annotations

from generation.hearing import Key
from generation.jam.frame import Frame
from generation.jam.layers import add_layer
from generation.jam.room import Person, Room, new_room

ANN, BEN, CYD = (Person(name, name.title()) for name in ("ann", "ben", "cyd"))
MOD = Person("mod", "Mod", is_moderator=True)
FRAME = Frame(120.0, Key(2, "minor"), 4, 4, "lo-fi")


def room_of(host: Person = ANN, frame: Frame = FRAME, **more: object) -> Room:
    """An open room in a thread."""
    return new_room("r1", host, frame, front_end="discord", thread_id="77", **{"guild_id": "1", "title": "Den", **more})


def with_layers(room: Room, *names: str, by: Person = ANN) -> Room:
    """The room with layers of these names."""
    for name in names:
        room = add_layer(room, by, name, f"hash of {name}")
    return room
