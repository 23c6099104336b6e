"""The jam rooms in the ledger. A change is a rule that is applied to the newest state, in one transaction.

    two people add at once:   ann reads version 4, writes 5 ─┐
                              ben waits for the row, reads 5, writes 6: both layers are there

SQLite lets one writer in at a time, PostgreSQL locks the room's row; the version in the update's condition is the
proof that nothing came between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import RequestRefused
from generation.jam.record import body_of, fields_of, frame_of
from generation.jam.room import Room, RoomState
from generation.ledger.database import Database
from generation.ledger.tables import jam_rooms, jobs, takes

Rule = Callable[[Room, float], Room]
"""A change of a room: the newest state and the time (seconds since the epoch) in, a new state out, or RequestRefused.
It may be called several times and must leave nothing behind."""
_COLUMNS = ("room_id", "front_end", "guild_id", "thread_id", "host_id", "title", "card_message_id", "opened_at")


class RoomChanged(Exception):
    """Somebody else changed the room between reading and writing: never seen with a working lock."""


class Jams:
    """The rooms of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def now(self) -> float:
        """Seconds since the epoch, by the ledger's clock."""
        return await self._db.read(self._db.now)

    async def add(self, room: Room) -> Room:
        """Keep a new room. Raises RequestRefused when its thread has one already."""

        async def work(connection: AsyncConnection) -> Room:
            opened = room.changed(opened_at=await self._db.now(connection))
            insert = self._db.upsert(jam_rooms).values(**_values(opened)).on_conflict_do_nothing()
            if (await connection.execute(insert)).rowcount == 0:
                known = await _one(connection, jam_rooms.c.room_id == room.room_id)
                if known is None:
                    raise RequestRefused("This thread is a jam room already.")
                return known
            return opened

        return await self._db.write(work)

    async def change(self, room_id: str, rule: Rule) -> Room:
        """Apply a rule to the newest state of a room and keep what comes out. Raises RequestRefused."""

        async def work(connection: AsyncConnection) -> Room:
            before = await _one(connection, jam_rooms.c.room_id == room_id, lock=not self._db.is_sqlite)
            if before is None:
                raise _no_room()
            after = rule(before, await self._db.now(connection))
            if after == before:
                return before
            after = after.changed(version=before.version + 1)
            this = (jam_rooms.c.room_id == room_id, jam_rooms.c.version == before.version)
            written = await connection.execute(update(jam_rooms).where(*this).values(**_values(after)))
            if written.rowcount != 1:
                raise RoomChanged(room_id)
            return after

        return await self._db.write(work)

    async def get(self, room_id: str) -> Room:
        """A room by its id. Raises RequestRefused."""
        room = await self._db.read(lambda connection: _one(connection, jam_rooms.c.room_id == room_id))
        if room is None:
            raise _no_room()
        return room

    async def of_thread(self, front_end: str, thread_id: str) -> Room | None:
        """The room that a thread is, open or closed; None for any other place."""
        this = (jam_rooms.c.front_end == front_end) & (jam_rooms.c.thread_id == thread_id)
        return await self._db.read(lambda connection: _one(connection, this))

    async def open_rooms(self, front_end: str, guild_id: str | None = None) -> list[Room]:
        """The open rooms, the oldest first; of one guild where given."""
        wanted = select(jam_rooms).where(jam_rooms.c.front_end == front_end, jam_rooms.c.state == RoomState.OPEN.value)
        if guild_id is not None:
            wanted = wanted.where(jam_rooms.c.guild_id == guild_id)
        return await self._list(wanted.order_by(jam_rooms.c.opened_at))

    async def all_rooms(self, front_end: str) -> list[Room]:
        """All rooms, the closed ones too."""
        return await self._list(select(jam_rooms).where(jam_rooms.c.front_end == front_end))

    async def with_take(self, take_id: str) -> list[Room]:
        """The rooms, open or closed, of which a layer was made from this take."""
        found = await self._list(select(jam_rooms))
        return [room for room in found if any(layer.take_id == take_id for layer in room.layers)]

    async def take_ids_in(self, front_end: str, channel_id: str, limit: int = 25) -> list[str]:
        """The takes that were made in a channel or thread, the newest first."""
        wanted = (
            select(takes.c.take_id)
            .join(jobs, jobs.c.job_id == takes.c.job_id)
            .where(jobs.c.front_end == front_end, jobs.c.channel_id == channel_id)
            .order_by(takes.c.made_at.desc(), takes.c.index.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> list[str]:
            return list((await connection.execute(wanted)).scalars())

        return await self._db.read(work)

    async def _list(self, wanted: Select[Any]) -> list[Room]:
        async def work(connection: AsyncConnection) -> list[Room]:
            return [_room_of(row) for row in (await connection.execute(wanted)).mappings()]

        return await self._db.read(work)


async def _one(connection: AsyncConnection, which: ColumnElement[bool], *, lock: bool = False) -> Room | None:
    wanted = select(jam_rooms).where(which)
    row = (await connection.execute(wanted.with_for_update() if lock else wanted)).mappings().one_or_none()
    return None if row is None else _room_of(row)


def _values(room: Room) -> dict[str, Any]:
    columns = {name: getattr(room, name) for name in (*_COLUMNS, "closing_message_id", "version")}
    return {**columns, "state": room.state.value, "frame": room.frame.to_json(), "body": body_of(room)}


def _room_of(row: Mapping[Any, Any]) -> Room:
    fields = {name: row[name] for name in (*_COLUMNS, "closing_message_id", "version")}
    return Room(**fields, state=RoomState(row["state"]), frame=frame_of(row["frame"]), **fields_of(row["body"]))


def _no_room() -> RequestRefused:
    return RequestRefused("There is no such room any more.")
