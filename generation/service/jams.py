"""The jam rooms behind the front ends: rooms of the ledger, clips and takes brought in, files that come out."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from generation.errors import RequestRefused
from generation.hearing import Key
from generation.jam import layers
from generation.jam.frame import Frame
from generation.jam.room import Layer, Person, Room, new_room
from generation.jobs import CheckIn, JobStatus, Origin, Rendered
from generation.keys import key_named
from generation.request import AudioFormat, Operation, Take
from generation.service import jam_files
from generation.service.fitting import Fitter
from generation.service.rendering import load_take

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.jam.fit import Fitted, Grid
    from generation.ledger import Ledger
    from generation.service.reception import Reception

log = structlog.get_logger()
Rule = Callable[[Room, float], Room]
RELAY_BARS = 4
"""How many of the last bars the next one of a relay hears and goes on from."""
_SAME_TEMPO = 0.005


class JamRooms:
    """All rooms. Each change is a rule of generation.jam; see ledger.jams on two people at once."""

    def __init__(
        self, ledger: Ledger, store: AudioStore, reception: Reception, clip_of_take: Callable[..., Awaitable[CheckIn]]
    ) -> None:
        """`clip_of_take` is the service's: it refuses what may not be built on."""
        self._ledger, self._store, self._reception, self._clip_of_take = ledger, store, reception, clip_of_take
        self._fitter = Fitter()

    async def close(self) -> None:
        """End the process that fits clips."""
        await self._fitter.close()

    # rooms

    async def open(
        self,
        frame: Frame,
        host: Person,
        *,
        front_end: str,
        thread_id: str,
        guild_id: str | None,
        title: str,
        language: str = "",
    ) -> Room:
        """A new room in a thread. Raises RequestRefused when the thread is one already."""
        room = new_room(secrets.token_hex(6), host, frame, front_end=front_end, thread_id=thread_id)
        room = await self._ledger.jams.add(room.changed(guild_id=guild_id, title=title, language=language))
        log.info("room opened", room=room.room_id, frame=frame.sentence())
        return room

    async def room(self, room_id: str) -> Room:
        """A room by its id. Raises RequestRefused."""
        return await self._ledger.jams.get(room_id)

    async def of_thread(self, front_end: str, thread_id: str) -> Room | None:
        """The room that a thread is, open or closed; None for any other place."""
        return await self._ledger.jams.of_thread(front_end, thread_id)

    async def open_rooms(self, front_end: str, guild_id: str | None = None) -> list[Room]:
        """The open rooms, the oldest first; of one guild where given."""
        return await self._ledger.jams.open_rooms(front_end, guild_id)

    async def change(self, room_id: str, rule: Rule) -> Room:
        """Apply a rule to the newest state of a room, with the time now. Raises RequestRefused."""
        return await self._ledger.jams.change(room_id, rule)

    async def now(self) -> float:
        """Seconds since the epoch, by the clock of all rules."""
        return await self._ledger.jams.now()

    # what comes in

    async def add_clip(self, room_id: str, by: Person, clip_id: str, name: str) -> tuple[Room, tuple[str, ...]]:
        """A clip that was let in, as a layer; with what was done to it. Raises RequestRefused, ClipRefused."""
        room = await self.room(room_id)
        layers.require_room(room)
        row = await self._ledger.clips.get(clip_id)
        clip = await load_take(self._store, row.audio_hash)
        fitted = await self._fitter.fit(clip, row.hearing, room.frame)
        return await self._add(room_id, by, name, fitted, None, None), fitted.remarks

    async def add_take(
        self, room_id: str, by: Origin, take: Take, name: str, person: Person
    ) -> tuple[Room, tuple[str, ...]]:
        """A take as a layer; its maker is credited too. Raises RequestRefused, TakeNotFound."""
        room = await self.room(room_id)
        layers.require_room(room)
        checked = await self._clip_of_take(take.take_id, owner=by)
        fitted = await self._fitter.fit(
            await load_take(self._store, take.audio_hash), checked.hearing, room.frame, _grid_of(take, room.frame)
        )
        made_by = (await self._ledger.jobs.get(take.job_id)).origin
        maker = Person(made_by.person_id, made_by.person_name or "somebody")
        return await self._add(room_id, person, name, fitted, take.take_id, maker), fitted.remarks

    async def fit_clip(self, room: Room, clip_id: str, owner: Origin, name: str) -> tuple[CheckIn, tuple[str, ...]]:
        """A clip in a room's frame, as a clip of its own; with what was done to it. Raises RequestRefused."""
        row = await self._ledger.clips.get(clip_id)
        clip = await load_take(self._store, row.audio_hash)
        fitted = await self._fitter.fit(clip, row.hearing, room.frame)
        return await self._reception.let_in(fitted.clip, name=name, owner=owner), fitted.remarks

    async def withdraw_take(self, take_id: str) -> list[Room]:
        """Take a take's layers out of all rooms and forget their audio: somebody has taken it back."""
        rooms = await self._ledger.jams.with_take(take_id)
        for room in rooms:
            await self.change(room.room_id, lambda newest, now: layers.without_take(newest, take_id))
            for layer in room.layers:
                if layer.take_id == take_id:
                    await asyncio.to_thread(self._store.remove, layer.audio_hash)
        return rooms

    async def takes_in(self, room: Room) -> list[Take]:
        """The takes that were made in a room, the newest first."""
        take_ids = await self._ledger.jams.take_ids_in(room.front_end, room.thread_id)
        return [await self._ledger.takes.get(take_id) for take_id in take_ids]

    async def last_bars(self, room: Room, take: Take, owner: Origin) -> CheckIn:
        """The last RELAY_BARS bars of a take as a clip, to go on from. Raises TakeNotFound."""
        await self._clip_of_take(take.take_id, owner=owner)  # whoever may not build on it is refused here
        clip = await load_take(self._store, take.audio_hash)
        start_s = max(clip.duration_s - relay_s(room.frame), 0.0)
        return await self._reception.let_in(clip.cut(start_s), name=f"the end of take {take.take_id}", owner=owner)

    async def job_of_key(self, key: str) -> JobStatus | None:
        """The job that was asked for under a key; None when it never came to it."""
        row = await self._ledger.jobs.find(key)
        return None if row is None else row.status

    # what comes out

    async def render_mix(self, room: Room, audio_format: AudioFormat, max_bytes: int | None) -> Rendered:
        """The audible layers as one file. Raises RequestRefused when there is nothing to hear, TakeNotFound."""
        return await jam_files.render_mix(self._store, room, audio_format, max_bytes)

    async def render_layer(self, room: Room, layer: Layer, audio_format: AudioFormat, max_bytes: int) -> Rendered:
        """One layer alone, as it was fitted. Raises TakeNotFound."""
        return await jam_files.render_layer(self._store, room, layer, audio_format, max_bytes)

    async def stems(self, room: Room, max_bytes: int) -> Rendered | None:
        """All layers in one zip, lossless where that fits, else as ogg; None when not even that does."""
        return await jam_files.stems(self._store, room, max_bytes)

    async def stem_parts(self, room: Room, max_bytes: int) -> list[Rendered]:
        """All layers in as many zips as it takes for each to fit. Raises RequestRefused when there are none."""
        if not room.layers:
            raise RequestRefused("There is nothing in this room yet: `/jam add` brings the first layer.")
        return await jam_files.stem_parts(self._store, room, max_bytes)

    async def render_blind(self, take_id: str, letter: str, max_bytes: int) -> Rendered:
        """A take of a vote: nothing in the file says whose it is. Raises TakeNotFound."""
        return await jam_files.render_blind(self._store, await self._ledger.takes.get(take_id), letter, max_bytes)

    async def render_relay(self, room: Room, take_ids: tuple[str, ...], max_bytes: int) -> Rendered:
        """The whole song of a relay: each take goes on from the last bars of the one before. Raises TakeNotFound."""
        takes = [await self._ledger.takes.get(take_id) for take_id in take_ids]
        return await jam_files.render_relay(self._store, room, takes, relay_s(room.frame), max_bytes)

    async def card_png(self, room: Room, tell: Callable[[str], str] = str) -> bytes:
        """The room's card as a picture; `tell` gives its words in a language."""
        from generation.jam.picture import card_png

        return await asyncio.to_thread(card_png, room, tell)

    async def _add(
        self, room_id: str, by: Person, name: str, fitted: Fitted, take_id: str | None, maker: Person | None
    ) -> Room:
        from generation.jam.fit import strip_of

        audio_hash = await asyncio.to_thread(self._store.put, fitted.clip)
        strip = await asyncio.to_thread(strip_of, fitted.clip)

        def rule(room: Room, now: float) -> Room:
            return layers.add_layer(room, by, name, audio_hash, take_id=take_id, strip=strip, maker=maker)

        return await self.change(room_id, rule)


def relay_s(frame: Frame) -> float:
    """Seconds of the bars that a relay hands on."""
    return min(RELAY_BARS, frame.bars) * frame.bar_s


def _grid_of(take: Take, frame: Frame) -> Grid | None:
    """What an engine says of the beats it played by itself; None where only listening can tell."""
    from generation.jam.fit import Grid

    details = take.recipe.details
    tempo_bpm, key = details.get("tempo_bpm"), details.get("key")
    if take.recipe.request.operation is not Operation.COMPOSE or not isinstance(tempo_bpm, int | float):
        return None
    if abs(tempo_bpm * frame.beat_s / 60 - 1) > _SAME_TEMPO:
        return None
    return Grid(_key(key) if isinstance(key, str) else None)


def _key(name: str) -> Key | None:
    """The key that a recipe names."""
    try:
        return key_named(name)
    except RequestRefused:
        return None
