"""Brings a ledger up to this version's tables, from any earlier version, inside one transaction."""

from __future__ import annotations

from pathlib import Path

import structlog
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()

HEAD = "0005"
"""The newest migration; a ledger that is there already needs no alembic, whose import takes 0.2 s."""
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x62616E64  # "band": one service migrates at a time, the others wait and find it done


async def migrate(connection: AsyncConnection) -> None:
    """Bring the tables up to `HEAD`. To be run in a writing transaction."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    await connection.run_sync(_upgrade)


def version_of(connection: Connection) -> str | None:
    """The migration that a ledger stands at; None when it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    version = version_of(connection)
    if version == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    log.info("ledger brought up to date", before=version or "new", now=HEAD)
