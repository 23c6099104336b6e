"""The layers of a jam room: add, gain, mute, solo, undo."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from generation.errors import RequestRefused
from generation.jam.room import Change, Layer, Person, Room, credited, leads, met, require_open

MAX_LAYERS = 12
"""More can't be told apart by ear, nor on the card."""
MIN_GAIN_DB, MAX_GAIN_DB = -40.0, 12.0
MAX_NAME_CHARACTERS = 32
MAX_HISTORY = 40
"""How many changes can still be undone."""


def require_room(room: Room) -> None:
    """Raises RequestRefused when no further layer may be added; to be asked before a clip is fitted."""
    require_open(room)
    if len(room.layers) >= MAX_LAYERS:
        raise RequestRefused(f"This room has {MAX_LAYERS} layers already: undo one first, or close it and start anew.")


def add_layer(
    room: Room,
    by: Person,
    name: str,
    audio_hash: str,
    *,
    take_id: str | None = None,
    strip: tuple[int, ...] = (),
    maker: Person | None = None,
) -> Room:
    """The room with one more layer, named so that no two are alike; `maker` is who made its take, where that is
    somebody else: both are credited. Raises RequestRefused."""
    require_room(room)
    if any(layer.audio_hash == audio_hash for layer in room.layers):
        raise RequestRefused("This is in the room already, note for note.")
    number = room.num_layers_made + 1
    layer = Layer(number, _free_name(room, _plain(name) or f"layer {number}"), by.person_id, audio_hash, take_id)
    layer = replace(layer, strip=strip)
    change = Change(by.person_id, f"added {layer.name}", None, layer)
    room = met(room, by).changed(layers=(*room.layers, layer), num_layers_made=number)
    if maker is not None and maker.person_id != by.person_id:
        room = credited(met(room, maker, by), maker.person_id, layer.name)
    return credited(_noted(room, change), by.person_id, layer.name)


def set_gain(room: Room, by: Person, layer_id: int, gain_db: float) -> Room:
    """A layer louder or softer than it came. Raises RequestRefused."""
    if not MIN_GAIN_DB <= gain_db <= MAX_GAIN_DB:
        raise RequestRefused(f"The gain must be {MIN_GAIN_DB:g} to {MAX_GAIN_DB:+g} dB, not {gain_db:g} dB.")
    return _altered(room, by, layer_id, f"{gain_db:+g} dB", gain_db=gain_db)


def set_mute(room: Room, by: Person, layer_id: int, is_muted: bool) -> Room:
    """A layer out of the mix, or in it again. Raises RequestRefused."""
    return _altered(room, by, layer_id, "muted" if is_muted else "unmuted", is_muted=is_muted)


def set_solo(room: Room, by: Person, layer_id: int, is_solo: bool) -> Room:
    """A layer alone (with other solo ones), or among all again. Raises RequestRefused."""
    return _altered(room, by, layer_id, "solo" if is_solo else "no longer solo", is_solo=is_solo)


def undo(room: Room, by: Person, *, anyones: bool = False) -> Room:
    """The newest change of one's own taken back; with `anyones` (host, moderators) the newest of all.

    Raises RequestRefused: nothing to undo, or somebody has changed the same layer since.
    """
    require_open(room)
    if anyones and not leads(room, by):
        raise RequestRefused(f"Only the host ({room.name_of(room.host_id)}) and moderators undo what others did.")
    own = [change for change in room.history if anyones or change.person_id == by.person_id]
    if not own:
        raise RequestRefused("There is nothing left to undo." if anyones else "You have nothing to undo here.")
    return _taken_back(met(room, by), own[-1])


def layer_named(room: Room, name: str) -> Layer:
    """A layer by its name or number. Raises RequestRefused with the names that there are."""
    wanted = _plain(name).casefold()
    for layer in room.layers:
        if wanted in (layer.name.casefold(), str(layer.layer_id), f"#{layer.layer_id}"):
            return layer
    there = f"there are {', '.join(layer.name for layer in room.layers)}" if room.layers else "there are none yet"
    raise RequestRefused(f"There is no such layer in this room: {there}.")


def without_take(room: Room, take_id: str) -> Room:
    """The room without the layers of a take that was taken back: nobody can undo them, and nobody is credited."""
    gone = {layer.layer_id: layer.name for layer in room.layers if layer.take_id == take_id}
    return room.changed(
        layers=tuple(layer for layer in room.layers if layer.layer_id not in gone),
        history=tuple(change for change in room.history if change.after.layer_id not in gone),
        contributions=tuple(item for item in room.contributions if item[1] not in gone.values()),
        parent_take_id=None if room.parent_take_id == take_id else room.parent_take_id,
    )


def _altered(room: Room, by: Person, layer_id: int, what: str, **values: Any) -> Room:
    require_open(room)
    before = _layer(room, layer_id)
    if before.owner_id != by.person_id and not leads(room, by):
        raise RequestRefused(f"{before.name} is {room.name_of(before.owner_id)}'s: they and the host can change it.")
    after = replace(before, **values)
    if after == before:
        raise RequestRefused(f"{before.name} is {what} already.")
    return _noted(met(_replaced(room, after), by), Change(by.person_id, f"{before.name}: {what}", before, after))


def _taken_back(room: Room, change: Change) -> Room:
    history = tuple(other for other in room.history if other is not change)
    present = next((layer for layer in room.layers if layer.layer_id == change.after.layer_id), None)
    if present != change.after:
        raise RequestRefused(f"{change.after.name} was changed since by somebody else: change it by hand.")
    if change.before is not None:
        return _replaced(room.changed(history=history), change.before)
    kept = tuple(layer for layer in room.layers if layer is not present)
    contributions = tuple(item for item in room.contributions if item[1] != change.after.name)
    return room.changed(history=history, layers=kept, contributions=contributions)


def _layer(room: Room, layer_id: int) -> Layer:
    for layer in room.layers:
        if layer.layer_id == layer_id:
            return layer
    raise RequestRefused("This layer is not in the room any more.")


def _replaced(room: Room, layer: Layer) -> Room:
    return room.changed(layers=tuple(layer if old.layer_id == layer.layer_id else old for old in room.layers))


def _noted(room: Room, change: Change) -> Room:
    return room.changed(history=(*room.history, change)[-MAX_HISTORY:])


def _plain(name: str) -> str:
    visible = "".join(c for c in " ".join(name.split()) if not unicodedata.category(c).startswith("C"))
    return visible.replace("`", "'")[:MAX_NAME_CHARACTERS].strip()


def _free_name(room: Room, name: str) -> str:
    taken = {layer.name.casefold() for layer in room.layers}
    candidates = [name, *(f"{name[: MAX_NAME_CHARACTERS - 3]} {number}" for number in range(2, MAX_LAYERS + 2))]
    return next(candidate for candidate in candidates if candidate.casefold() not in taken)
