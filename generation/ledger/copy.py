"""The whole ledger as lines of JSON, at one moment, while it is in use; and an empty ledger filled from them.

The form knows no database: what was written from SQLite can be read into PostgreSQL, and the other way round.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from generation.errors import BandmateError
from generation.ledger.database import Database
from generation.ledger.migrate import HEAD
from generation.ledger.tables import instances, metadata

FORM = "bandmate-ledger"
_ROWS_AT_ONCE = 500
_TABLES = {table.name: table for table in metadata.sorted_tables if table is not instances}
"""Every table in an order that foreign keys allow; who runs now is no matter of a backup."""


async def ledger_lines(url: str) -> AsyncIterator[str]:
    """The ledger at one moment: a first line that says what this is, then one line a row.

    A read transaction sees one state in SQLite's WAL mode as in PostgreSQL's REPEATABLE READ, whatever others write.
    """
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                await connection.exec_driver_sql("BEGIN")  # the driver begins none for reading
            else:
                connection = await connection.execution_options(isolation_level="REPEATABLE READ")
            yield json.dumps({"form": FORM, "version": HEAD})
            for name, table in _TABLES.items():
                rows = await connection.stream(select(table))
                async for row in rows.mappings():
                    yield json.dumps({"table": name, "row": dict(row)})
    finally:
        await engine.dispose()


async def fill_ledger(db: Database, lines: Iterable[str]) -> int:
    """Fill an empty ledger, all or nothing; returns the number of rows. Raises BandmateError when it is not empty, or
    the lines are of a newer or a foreign form."""
    lines = iter(lines)
    head = _parsed(next(lines, "{}"))
    if head.get("form") != FORM:
        raise BandmateError("This is no backup of a Bandmate.")
    if head.get("version") != HEAD:
        raise BandmateError(
            f"This backup is of version {head.get('version')}, this Bandmate of {HEAD}: restore it with the Bandmate"
            " that wrote it and let the newer one bring it up to date."
        )
    found = [_parsed(line) for line in lines]

    async def work(connection: AsyncConnection) -> int:
        for table in _TABLES.values():
            if (await connection.execute(select(func.count()).select_from(table))).scalar_one():
                raise BandmateError("The ledger is not empty: restore into a new data folder or a new database.")
        for name, table in _TABLES.items():
            rows = [item["row"] for item in found if item.get("table") == name]
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                await connection.execute(table.insert(), rows[start : start + _ROWS_AT_ONCE])
        return len(found)

    return await db.write(work)


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise BandmateError("This backup is damaged: a line of its ledger can't be read.") from error
    return value if isinstance(value, dict) else {}
