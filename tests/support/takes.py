"""Takes in a ledger without their making, for tests of families."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from generation.ledger import Ledger
from generation.ledger.takes import add_takes
from tests.support.jobs import put_in_line, take_of

_times = itertools.count(1)


async def put_take(
    ledger: Ledger, take_id: str, parents: Sequence[str] = (), *, person: str = "ann", audio_hash: str = ""
) -> None:
    """A take of a person in the guild "guild", newer than those before it, with no audio but the one named."""
    row = await put_in_line(ledger, person)
    take = replace(take_of(row, parents=tuple(parents)), take_id=take_id, stem_hashes={}, midi_hash=None)
    take = replace(take, audio_hash=audio_hash or f"audio of {take_id}")

    async def work(connection: AsyncConnection) -> None:
        await add_takes(connection, [take], float(next(_times)))

    await ledger.db.write(work)
