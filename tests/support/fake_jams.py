"""Jam rooms for tests of what Discord is told: the real rules and posts over dictionaries, without audio."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from generation.errors import RequestRefused
from generation.jam import layers
from generation.jam.record import body_of, fields_of, frame_of
from generation.jam.room import Layer, Person, Room
from generation.jobs import CheckIn, JobStatus, Origin, Rendered
from generation.request import AudioFormat, Take
from generation.service.jams import JamRooms

if TYPE_CHECKING:
    from tests.support.fake_service import FakeService


class MemoryRooms:
    """What ledger.Jams does, in a dictionary of JSON texts: nothing of a room lives outside of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._texts: dict[str, str] = {}
        self._rooms: dict[str, Room] = {}

    async def now(self) -> float:
        return self.clock()

    async def add(self, room: Room) -> Room:
        if await self.of_thread(room.front_end, room.thread_id) is not None:
            raise RequestRefused("This thread is a jam room already.")
        return self._keep(room.changed(opened_at=self.clock()))

    async def change(self, room_id: str, rule: Callable[[Room, float], Room]) -> Room:
        before = await self.get(room_id)
        after = rule(before, self.clock())
        return before if after == before else self._keep(after.changed(version=before.version + 1))

    async def get(self, room_id: str) -> Room:
        if room_id not in self._texts:
            raise RequestRefused("There is no such room any more.")
        body = json.loads(self._texts[room_id])
        return self._rooms[room_id].changed(frame=frame_of(body.pop("frame")), **fields_of(body))

    async def of_thread(self, front_end: str, thread_id: str) -> Room | None:
        return next((room for room in self.all if (room.front_end, room.thread_id) == (front_end, thread_id)), None)

    async def open_rooms(self, front_end: str, guild_id: str | None = None) -> list[Room]:
        return [room for room in self.all if room.is_open and guild_id in (None, room.guild_id)]

    @property
    def all(self) -> list[Room]:
        return list(self._rooms.values())

    def _keep(self, room: Room) -> Room:
        self._texts[room.room_id] = json.dumps({**body_of(room), "frame": room.frame.to_json()})
        self._rooms[room.room_id] = room
        return room


class FakeJams(JamRooms):
    """The service's rooms; clips named "fast.*" are too fast for every room."""

    def __init__(self, service: FakeService, clock: Callable[[], float] = time.time) -> None:
        self.rooms = MemoryRooms(clock)
        self._ledger: Any = SimpleNamespace(jams=self.rooms)
        self._service = service
        self.stems_fit = True
        self.mix_bytes = b"the mix"
        self.mixes: list[tuple[str, ...]] = []

    async def add_clip(self, room_id: str, by: Person, clip_id: str, name: str) -> tuple[Room, tuple[str, ...]]:
        room = await self.room(room_id)
        layers.require_room(room)
        self._check(name)
        rule = self._adding(by, name, f"fitted {clip_id}")
        return await self.change(room_id, rule), ("Stretched from 120 BPM to the room's 100.",)

    async def add_take(
        self, room_id: str, by: Origin, take: Take, name: str, person: Person
    ) -> tuple[Room, tuple[str, ...]]:
        made_by = self._service.jobs[take.job_id].origin
        maker = Person(made_by.person_id, made_by.person_name)
        rule = self._adding(person, name, f"fitted {take.take_id}", take_id=take.take_id, maker=maker)
        return await self.change(room_id, rule), ()

    async def fit_clip(self, room: Room, clip_id: str, owner: Origin, name: str) -> tuple[CheckIn, tuple[str, ...]]:
        check_in = await self._service.check_in(b"OggS fitted", name=name, owner=owner)
        return check_in, (f"Stretched from 120 BPM to the room's {room.frame.tempo_bpm:g}.",)

    async def withdraw_take(self, take_id: str) -> list[Room]:
        rooms = [room for room in self.rooms.all if any(layer.take_id == take_id for layer in room.layers)]
        for room in rooms:
            await self.change(room.room_id, lambda newest, now: layers.without_take(newest, take_id))
        return rooms

    async def takes_in(self, room: Room) -> list[Take]:
        jobs = [job for job in self._service.jobs.values() if job.origin.channel_id == room.thread_id]
        return [take for job in reversed(jobs) for take in job.takes]

    async def last_bars(self, room: Room, take: Take, owner: Origin) -> CheckIn:
        return await self._service.check_in(b"OggS the last bars", name="end", owner=owner)

    async def job_of_key(self, key: str) -> JobStatus | None:
        job_id = self._service.keys.get(key)
        return None if job_id is None else self._service.jobs[job_id].status

    async def render_mix(self, room: Room, audio_format: AudioFormat, max_bytes: int | None) -> Rendered:
        if not room.audible_layers:
            raise RequestRefused("All layers are muted: `/jam mute` lets one be heard again.")
        self.mixes.append(tuple(layer.name for layer in room.audible_layers))
        return Rendered(self.mix_bytes, f"mix.{audio_format.value}", audio_format)

    async def render_layer(self, room: Room, layer: Layer, audio_format: AudioFormat, max_bytes: int) -> Rendered:
        return Rendered(b"a layer", f"{layer.name}.{audio_format.value}", audio_format)

    async def stems(self, room: Room, max_bytes: int) -> Rendered | None:
        return Rendered(b"PK", "stems.zip", AudioFormat.FLAC) if self.stems_fit else None

    async def stem_parts(self, room: Room, max_bytes: int) -> list[Rendered]:
        if not room.layers:
            raise RequestRefused("There is nothing in this room yet: `/jam add` brings the first layer.")
        return [Rendered(b"PK", f"stems-{number}.zip", AudioFormat.FLAC) for number in (1, 2)]

    async def render_blind(self, take_id: str, letter: str, max_bytes: int) -> Rendered:
        return Rendered(b"ID3", f"take-{letter}.mp3", AudioFormat.MP3)

    async def render_relay(self, room: Room, take_ids: tuple[str, ...], max_bytes: int) -> Rendered:
        return Rendered(b"ID3" + " ".join(take_ids).encode(), "relay.mp3", AudioFormat.MP3)

    async def card_png(self, room: Room, tell: Callable[[str], str] = str) -> bytes:
        return b"\x89PNG the card"

    def _check(self, name: str) -> None:
        if name.startswith("fast"):
            raise RequestRefused("It plays at 170 BPM and the room at 120: more than 30 % spoils it.")

    @staticmethod
    def _adding(by: Person, name: str, audio_hash: str, **more: Any) -> Callable[[Room, float], Room]:
        return lambda room, now: layers.add_layer(room, by, name, audio_hash, strip=(1, 2, 3), **more)
