"""What the ledger knows of a person, and forgetting it.

    before   ann: hum.ogg ─▶ take A ─▶ take B      bob: take A ─▶ take C
    after    ann forgets:  ( a place ) ─▶ take C    hum.ogg, A's audio and recipe, B and all names are gone

A take that others built on leaves its place in their tree, without a name, a word or a sound; every other one leaves
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import ACTIVE_STATES, REPLAYS, JobState, Origin
from generation.ledger.database import Database
from generation.ledger.job_changes import in_states, leave
from generation.ledger.rows import JobRow
from generation.ledger.spending import LONGEST_COOLDOWN_S, mark_order
from generation.ledger.tables import (
    clips,
    jobs,
    pending_wishes,
    preferences,
    retractions,
    take_parents,
    takes,
    turns,
    uploads,
)

FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a person: how many clips, takes and settings, since when (epoch seconds, None: nothing)."""

    num_clips: int
    num_takes: int
    num_choices: int
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: the counts before, the jobs that were stopped, the hashes of audio that nobody has now."""

    known: Known
    job_ids: tuple[str, ...]
    hashes: frozenset[str]


class People:
    """The people of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def known(self, front_end: str, person_id: str) -> Known:
        """What is kept of a person."""
        return await self._db.read(lambda connection: _known(connection, front_end, person_id))

    async def forget(self, front_end: str, person_id: str) -> Forgotten:
        """Forget a person, all or nothing; again is fine."""

        async def work(connection: AsyncConnection) -> Forgotten:
            known = await _known(connection, front_end, person_id)
            await _keep_cooldown(connection, front_end, person_id, await self._db.now(connection))
            stopped = await self._stop_jobs(connection, _of(jobs, front_end, person_id))
            hashes = await _forget_clips(connection, front_end, person_id)
            hashes |= await _forget_takes(connection, front_end, person_id, await self._db.now(connection))
            await _forget_choices(connection, front_end, person_id)
            return Forgotten(known, stopped, frozenset(hashes - await _still_used(connection, hashes)))

        return await self._db.write(work)

    async def _stop_jobs(self, connection: AsyncConnection, theirs: ColumnElement[bool]) -> tuple[str, ...]:
        wanted = select(jobs).where(theirs, in_states(ACTIVE_STATES)).order_by(jobs.c.job_id).with_for_update()
        rows = [JobRow.of(dict(row)) for row in (await connection.execute(wanted)).mappings()]
        for row in rows:
            await leave(self._db, connection, row, JobState.CANCELLED, fence=row.fence + 1)
        return tuple(row.job_id for row in rows)


def _of(table: Any, front_end: str, person_id: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (table.c.front_end == front_end) & (table.c.person_id == person_id)
    return condition


async def _keep_cooldown(connection: AsyncConnection, front_end: str, person_id: str, now: float) -> None:
    theirs = jobs.c.front_end.in_({front_end, REPLAYS}) & (jobs.c.person_id == person_id)
    last_at = (await connection.execute(select(func.max(jobs.c.submitted_at)).where(theirs))).scalar_one()
    if last_at is not None and now - last_at < LONGEST_COOLDOWN_S:
        await mark_order(connection, Origin(front_end, person_id), last_at)


async def _known(connection: AsyncConnection, front_end: str, person_id: str) -> Known:
    async def number(statement: Any) -> int:
        return int((await connection.execute(statement)).scalar_one())

    theirs = _of(jobs, front_end, person_id)
    count = select(func.count())
    person = (
        preferences.c.front_end == front_end,
        preferences.c.scope == "person",
        preferences.c.scope_id == person_id,
    )
    since = (await connection.execute(select(func.min(jobs.c.submitted_at)).where(theirs))).scalar_one()
    return Known(
        await number(count.select_from(uploads).where(_of(uploads, front_end, person_id))),
        await number(count.select_from(takes.join(jobs)).where(theirs)),
        await number(count.select_from(preferences).where(*person)),
        since,
    )


async def _forget_clips(connection: AsyncConnection, front_end: str, person_id: str) -> set[str]:
    """Their uploads; a clip that nobody else brought goes with them. Returns the clips' hashes."""
    theirs = _of(uploads, front_end, person_id)
    brought = list((await connection.execute(select(uploads.c.clip_id).where(theirs))).scalars())
    await connection.execute(delete(uploads).where(theirs))
    left = select(uploads.c.clip_id)
    gone = delete(clips).where(clips.c.clip_id.in_(brought), clips.c.clip_id.not_in(left)).returning(clips.c.audio_hash)
    return set((await connection.execute(gone)).scalars()) if brought else set()


async def _forget_takes(connection: AsyncConnection, front_end: str, person_id: str, now: float) -> set[str]:
    """Their jobs and takes; of those that others built on the place alone is left. Returns the takes' hashes."""
    theirs = _of(jobs, front_end, person_id)
    own = (await connection.execute(select(takes).join(jobs).where(theirs))).mappings().all()
    hashes = {
        file for row in own for file in (row["audio_hash"], *row["stem_hashes"].values(), row["midi_hash"]) if file
    }
    others = select(take_parents.c.parent_id).join(takes, takes.c.take_id == take_parents.c.take_id).join(jobs)
    built_on = set((await connection.execute(others.where(~theirs))).scalars())
    places = {row["job_id"] for row in own if row["take_id"] in built_on}
    await connection.execute(delete(clips).where(clips.c.clip_id.in_(hashes)))
    await connection.execute(delete(jobs).where(theirs, jobs.c.job_id.not_in(places)))
    for row in (await connection.execute(select(jobs).where(theirs))).mappings().all():
        await connection.execute(update(jobs).where(jobs.c.job_id == row["job_id"]).values(**_blank_job(row)))
    for row in own:
        if row["job_id"] in places:
            await connection.execute(update(takes).where(takes.c.take_id == row["take_id"]).values(**_blank_take(row)))
            mark = {"take_id": row["take_id"], "person_id": FORGOTTEN, "retracted_at": now}
            known = (
                await connection.execute(select(retractions).where(retractions.c.take_id == row["take_id"]))
            ).first()
            change = (
                update(retractions).where(retractions.c.take_id == row["take_id"]) if known else retractions.insert()
            )
            await connection.execute(change.values(**mark))
    await connection.execute(delete(retractions).where(retractions.c.person_id == person_id))
    return hashes


async def _forget_choices(connection: AsyncConnection, front_end: str, person_id: str) -> None:
    person = (
        preferences.c.front_end == front_end,
        preferences.c.scope == "person",
        preferences.c.scope_id == person_id,
    )
    await connection.execute(delete(preferences).where(*person))
    asked = (pending_wishes.c.person_id == person_id) | (pending_wishes.c.owner_id == person_id)
    await connection.execute(delete(pending_wishes).where(pending_wishes.c.front_end == front_end, asked))
    await connection.execute(delete(turns).where(turns.c.who == f"person:{front_end}:{person_id}"))


async def _still_used(connection: AsyncConnection, hashes: set[str]) -> set[str]:
    """Which of the hashes somebody else's clip or take has too."""
    brought = select(clips.c.audio_hash).where(clips.c.audio_hash.in_(hashes))
    columns = (takes.c.audio_hash, takes.c.stem_hashes, takes.c.midi_hash)  # equal takes have equal stems
    used = set((await connection.execute(brought)).scalars())
    for row in await connection.execute(select(*columns).where(takes.c.audio_hash.in_(hashes))):
        used |= {row.audio_hash, *row.stem_hashes.values(), row.midi_hash}
    return used


def _blank_job(row: Any) -> dict[str, Any]:
    """A job's columns without whose and what it was; the operation and the engine stay for the tree."""
    return {
        "key": f"{FORGOTTEN}:{row['job_id']}",
        "person_id": FORGOTTEN,
        "person_name": "",
        "guild_id": None,
        "channel_id": None,
        "reply": {},
        "request": _blank_request(row["request"]),
        "sentence": "",
        "message_id": None,
        "answered_at": row["answered_at"] or row["ended_at"],
    }


def _blank_request(request: dict[str, Any]) -> dict[str, Any]:
    return {**request, "prompt": FORGOTTEN, "clip_ids": [FORGOTTEN] * len(request["clip_ids"]), "seed": 0}


def _blank_take(row: Any) -> dict[str, Any]:
    recipe = {**row["recipe"], "request": _blank_request(row["recipe"]["request"]), "seed": 0, "details": {}}
    blank = {"recipe": recipe, "audio_hash": FORGOTTEN, "samples_digest": "", "stem_hashes": {}, "midi_hash": None}
    return {**blank, "remarks": []}
