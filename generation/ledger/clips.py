"""The clips in the ledger: what was heard in them, and who brought them under which name."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import ClipRefused
from generation.hearing import Hearing
from generation.jobs import Origin
from generation.ledger.database import Database
from generation.ledger.rows import ClipRow
from generation.ledger.tables import clips, uploads


class Clips:
    """The clips of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, clip: ClipRow, *, owner: Origin, name: str, remarks: Collection[str] = ()) -> None:
        """Keep a clip and who brought it; again is fine (the newest hearing and name stay)."""

        async def work(connection: AsyncConnection) -> None:
            now = await self._db.now(connection)
            values = {
                item: getattr(clip, item) for item in ("audio_hash", "duration_s", "sample_rate_hz", "num_channels")
            }
            values |= {"hearing": clip.hearing.to_json(), "made_at": now}
            insert = self._db.upsert(clips).values(clip_id=clip.clip_id, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["clip_id"], set_=values))
            owned = {"guild_id": owner.guild_id, "name": name, "remarks": list(remarks), "uploaded_at": now}
            keys = {"clip_id": clip.clip_id, "front_end": owner.front_end, "person_id": owner.person_id}
            upload = self._db.upsert(uploads).values(**keys, **owned)
            await connection.execute(upload.on_conflict_do_update(index_elements=list(keys), set_=owned))

        await self._db.write(work)

    async def find(self, clip_ids: Collection[str]) -> dict[str, ClipRow]:
        """The clips with these ids, those that exist."""

        async def work(connection: AsyncConnection) -> dict[str, ClipRow]:
            rows = (await connection.execute(select(clips).where(clips.c.clip_id.in_(clip_ids)))).mappings()
            return {row["clip_id"]: _clip_of(dict(row)) for row in rows}

        return await self._db.read(work) if clip_ids else {}

    async def get(self, clip_id: str) -> ClipRow:
        """A clip by its id. Raises ClipRefused when it is gone."""
        found = await self.find([clip_id])
        if clip_id not in found:
            raise ClipRefused("That clip is not here any more: attach it again.")
        return found[clip_id]


def _clip_of(row: dict[str, object]) -> ClipRow:
    del row["made_at"]
    hearing = Hearing.from_json(row.pop("hearing"))  # type: ignore[arg-type]
    return ClipRow(hearing=hearing, **row)  # type: ignore[arg-type]
