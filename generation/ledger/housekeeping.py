"""What the ledger knows of the audio on the disk: what is whose, what was made from what, what may not go now."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.jobs import ACTIVE_STATES, JobState
from generation.ledger.database import Database
from generation.ledger.job_changes import in_states
from generation.ledger.tables import clips, jam_rooms, jobs, pending_wishes, take_parents, takes, uploads

HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class AudioOf:
    """A clip's or take's audio: the hash that names it, all its files, when it was used last, what it needs."""

    name: str
    used_at: float
    files: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All audio that the ledger knows, by name; `held`: hashes that may not go now; `now`: seconds since the epoch."""

    audio: Mapping[str, AudioOf]
    held: frozenset[str]
    now: float


class Housekeeping:
    """The audio of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def inventory(self) -> Inventory:
        """Everything at one moment."""

        async def work(connection: AsyncConnection) -> Inventory:
            audio: dict[str, AudioOf] = {}
            await _add_clips(connection, audio)
            await _add_takes(connection, audio)
            return Inventory(audio, frozenset(await _held(connection)), await self._db.now(connection))

        return await self._db.read(work)

    async def forget_clips(self, names: Collection[str]) -> None:
        """Forget clips whose audio goes; those who bring them again are welcome."""
        statement = delete(clips).where(clips.c.clip_id.in_(names))
        await self._db.write(lambda connection: connection.execute(statement))


async def _add_clips(connection: AsyncConnection, audio: dict[str, AudioOf]) -> None:
    used = select(clips.c.audio_hash, func.max(uploads.c.uploaded_at), func.max(clips.c.made_at))
    joined = used.outerjoin(uploads, uploads.c.clip_id == clips.c.clip_id).group_by(clips.c.audio_hash)
    for audio_hash, uploaded_at, made_at in await connection.execute(joined):
        audio[audio_hash] = AudioOf(audio_hash, max(uploaded_at or 0.0, made_at), {audio_hash})


async def _add_takes(connection: AsyncConnection, audio: dict[str, AudioOf]) -> None:
    columns = (takes.c.take_id, takes.c.audio_hash, takes.c.stem_hashes, takes.c.midi_hash, takes.c.made_at)
    rows = (await connection.execute(select(*columns, jobs.c.request).join(jobs))).all()
    hash_of = {row.take_id: row.audio_hash for row in rows}
    for row in rows:
        item = audio.setdefault(row.audio_hash, AudioOf(row.audio_hash, row.made_at))
        item.used_at = max(item.used_at, row.made_at)
        item.files |= {row.audio_hash, *row.stem_hashes.values(), *([row.midi_hash] if row.midi_hash else [])}
        item.needs |= set(row.request["clip_ids"])
    for take_id, parent_id in await connection.execute(select(take_parents.c.take_id, take_parents.c.parent_id)):
        if take_id in hash_of and parent_id in hash_of:
            audio[hash_of[take_id]].needs.add(hash_of[parent_id])


async def _held(connection: AsyncConnection) -> set[str]:
    """The hashes that open rooms, waiting orders, open jobs and undelivered takes name, wherever they name them."""
    is_unanswered = in_states({JobState.MADE, JobState.FAILED}) & jobs.c.answered_at.is_(None)
    is_open = or_(in_states(ACTIVE_STATES), is_unanswered)
    wanted: tuple[Any, ...] = (
        select(jam_rooms.c.body).where(jam_rooms.c.state == "open"),
        select(pending_wishes.c.body),
        select(jobs.c.request).where(is_open),
        select(takes.c.audio_hash).join(jobs).where(is_unanswered),
    )
    found: set[str] = set()
    for statement in wanted:
        for value in (await connection.execute(statement)).scalars():
            found |= set(HASH.findall(json.dumps(value)))
    return found
