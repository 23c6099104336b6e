"""The family of a take in the ledger: parents and children, step by step; and taking a take back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.family import MAX_MEMBERS, Family, Member
from generation.ledger.database import Database
from generation.ledger.people import FORGOTTEN
from generation.ledger.sharing import retracted_among
from generation.ledger.tables import clips, jobs, retractions, take_parents, takes
from generation.request import Operation

_JOB_COLUMNS = ("person_id", "person_name", "guild_id", "channel_id", "front_end", "reply")


class Families:
    """The families of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def around(self, take_id: str, max_members: int = MAX_MEMBERS) -> Family:
        """The takes that are related to this one, the nearest `max_members` of them."""

        async def work(connection: AsyncConnection) -> Family:
            found, num_more = await _related(connection, take_id, max_members)
            members = await _members(connection, found)
            return Family(
                take_id, tuple(sorted(members, key=lambda member: (member.made_at, member.take_id))), num_more
            )

        return await self._db.read(work)

    async def lineage(self, take_id: str, max_members: int = MAX_MEMBERS) -> tuple[Member, ...]:
        """A take and all that it was made from, the oldest first."""

        async def work(connection: AsyncConnection) -> tuple[Member, ...]:
            found, edge = {take_id: None}, [take_id]
            while edge and len(found) < max_members:
                above = await _parents_of(connection, edge)
                edge = list(dict.fromkeys(parent for ids in above.values() for parent in ids if parent not in found))
                found.update(dict.fromkeys(edge[: max_members - len(found)]))
            members = await _members(connection, found)
            return tuple(sorted(members, key=lambda member: (member.made_at, member.take_id)))

        return await self._db.read(work)

    async def newest_of(
        self, front_end: str, person_id: str, guild_id: str | None, limit: int = 25
    ) -> tuple[Member, ...]:
        """A person's own takes in a guild (or in direct messages), the newest first, without those taken back."""
        theirs = (jobs.c.front_end == front_end, jobs.c.person_id == person_id, jobs.c.guild_id == guild_id)
        return await self._newest(theirs, limit)

    async def newest_in(self, front_end: str, channel_id: str, limit: int = 25) -> tuple[Member, ...]:
        """The takes that were made in a channel or thread, the newest first, without those taken back."""
        return await self._newest((jobs.c.front_end == front_end, jobs.c.channel_id == channel_id), limit)

    async def _newest(self, which: tuple[ColumnElement[bool], ...], limit: int) -> tuple[Member, ...]:
        standing = takes.c.take_id.not_in(select(retractions.c.take_id))
        wanted = (
            select(takes.c.take_id)
            .join(jobs, jobs.c.job_id == takes.c.job_id)
            .where(*which, standing)
            .order_by(takes.c.made_at.desc(), takes.c.index.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> tuple[Member, ...]:
            ids = list((await connection.execute(wanted)).scalars())
            by_id = {member.take_id: member for member in await _members(connection, ids)}
            return tuple(by_id[take_id] for take_id in ids)

        return await self._db.read(work)

    async def retracted(self, take_ids: Collection[str]) -> set[str]:
        """Which of the takes were taken back."""
        return await self._db.read(lambda connection: retracted_among(connection, take_ids))

    async def retract(self, take_id: str, person_id: str) -> tuple[str, ...]:
        """Take a take back; returns the hashes of the audio that nothing else needs now. Again is fine."""

        async def work(connection: AsyncConnection) -> tuple[str, ...]:
            values = {"take_id": take_id, "person_id": person_id, "retracted_at": await self._db.now(connection)}
            await connection.execute(self._db.upsert(retractions).values(**values).on_conflict_do_nothing())
            return await _unneeded_audio(connection, take_id)

        return await self._db.write(work)


async def _related(connection: AsyncConnection, take_id: str, max_members: int) -> tuple[list[str], int]:
    """The ids of the nearest relatives, the take first, and how many more lie right behind them."""
    found, edge = {take_id: None}, [take_id]
    while edge:
        steps = await _steps_from(connection, edge)
        new = list(dict.fromkeys(step for step in steps if step not in found))
        room = max_members - len(found)
        if len(new) > room:
            found.update(dict.fromkeys(new[:room]))
            return list(found), len(new) - room
        found.update(dict.fromkeys(new))
        edge = new
    return list(found), 0


async def _steps_from(connection: AsyncConnection, edge: Collection[str]) -> list[str]:
    """The parents and children of these takes, in a fixed order."""
    columns = take_parents.c
    wanted = select(columns.take_id, columns.parent_id).where(
        or_(columns.take_id.in_(edge), columns.parent_id.in_(edge))
    )
    rows = (await connection.execute(wanted.order_by(columns.take_id, columns.position))).all()
    return [step for row in rows for step in (row.parent_id, row.take_id)]


async def _parents_of(connection: AsyncConnection, take_ids: Collection[str]) -> dict[str, list[str]]:
    wanted = select(take_parents).where(take_parents.c.take_id.in_(take_ids)).order_by(take_parents.c.position)
    parents: dict[str, list[str]] = {}
    for row in await connection.execute(wanted):
        parents.setdefault(row.take_id, []).append(row.parent_id)
    return parents


async def _members(connection: AsyncConnection, take_ids: Iterable[str]) -> list[Member]:
    """The takes with these ids; of one that is not in the ledger any more its place alone."""
    ids = list(take_ids)
    columns = [jobs.c[name] for name in _JOB_COLUMNS]
    of_take = (takes.c.take_id, takes.c.made_at, takes.c.duration_s, jobs.c.request)
    wanted = select(*of_take, *columns).join(jobs, jobs.c.job_id == takes.c.job_id).where(takes.c.take_id.in_(ids))
    rows = {row["take_id"]: row for row in (await connection.execute(wanted)).mappings()}
    parents, retracted = await _parents_of(connection, ids), await retracted_among(connection, ids)
    return [_member(take_id, rows.get(take_id), parents.get(take_id, []), take_id in retracted) for take_id in ids]


def _member(take_id: str, row: Mapping[Any, Any] | None, parents: list[str], is_retracted: bool) -> Member:
    if row is None or row["person_id"] == FORGOTTEN:
        return Member(take_id, parents=tuple(parents), is_retracted=is_retracted)
    request = row["request"]
    return Member(
        take_id,
        Operation(request["operation"]),
        request["prompt"],
        request["engine"],
        **{name: row[name] for name in _JOB_COLUMNS},
        made_at=row["made_at"],
        duration_s=row["duration_s"],
        parents=tuple(parents),
        is_retracted=is_retracted,
    )


async def _unneeded_audio(connection: AsyncConnection, take_id: str) -> tuple[str, ...]:
    """The hashes of a take's files that no take which still stands has too. As a clip it is forgotten as well."""
    row = (await connection.execute(select(takes).where(takes.c.take_id == take_id))).mappings().first()
    if row is None:
        return ()
    others = select(takes.c.audio_hash).where(takes.c.take_id.not_in(select(retractions.c.take_id)))
    kept = set((await connection.execute(others.where(takes.c.audio_hash == row["audio_hash"]))).scalars())
    hashes = {row["audio_hash"], *row["stem_hashes"].values(), row["midi_hash"]} - {None} - kept
    await connection.execute(clips.delete().where(clips.c.clip_id.in_(hashes)))
    return tuple(sorted(hashes))
