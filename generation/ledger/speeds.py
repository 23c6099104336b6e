"""Measured speeds: the wall-clock seconds that a second of music costs, per engine, model and device, corrected as it
goes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.ledger.database import Database
from generation.ledger.tables import speeds

_WEIGHT_OF_NEWEST = 0.2
"""A running mean: the newest job counts a fifth, so that one slow job does not spoil the estimate of the next."""


SpeedKey = tuple[str, str, str]
"""Engine, model ("" where it has none), device."""


class Speeds:
    """The speeds of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def note(self, key: SpeedKey, wall_s_per_music_s: float) -> None:
        """Count one finished job in."""
        names = dict(zip(("engine", "model", "device"), key, strict=True))

        async def work(connection: AsyncConnection) -> None:
            first = {"wall_s_per_music_s": wall_s_per_music_s, "num_measured": 1}
            insert = self._db.upsert(speeds).values(**names, **first)
            old = speeds.c.wall_s_per_music_s
            corrected = {
                "wall_s_per_music_s": old + (wall_s_per_music_s - old) * _WEIGHT_OF_NEWEST,
                "num_measured": speeds.c.num_measured + 1,
            }
            await connection.execute(insert.on_conflict_do_update(index_elements=list(names), set_=corrected))

        await self._db.write(work)

    async def all(self) -> dict[SpeedKey, float]:
        """Seconds per second of music."""

        async def work(connection: AsyncConnection) -> dict[SpeedKey, float]:
            rows = await connection.execute(select(speeds))
            return {(row.engine, row.model, row.device): row.wall_s_per_music_s for row in rows}

        return await self._db.read(work)
