"""From every form that a ledger ever had to the one of now: nothing in it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from generation.jobs import JobState
from generation.ledger.migrate import HEAD, MIGRATIONS, version_of
from generation.ledger.rows import NewJob, job_values, take_values
from generation.ledger.tables import metadata
from generation.request import Operation, Recipe, Request, Take
from tests.generation.ledger.conftest import OpenLedger
from tests.support.jobs import asker, put_in_line

REQUEST = Request(Operation.COMPOSE, "a waltz", seed=7)
TAKE = Take("old-0", "old", 0, "a" * 64, 20.0, 44_100, Recipe(REQUEST, 7, "engine-1", "MIT"), parents=("older-0",))


def versions() -> list[str]:
    """All forms but the newest, the first one first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return sorted(found)[:-1]


def bring_to(connection: Connection, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def fill(connection: Connection) -> None:
    """A made and a waiting job, a take, and of what came later whatever this form knows."""
    known = MetaData()
    known.reflect(connection)

    def add(table: str, **values: Any) -> None:
        if table in known.tables:
            columns = known.tables[table].columns.keys()
            kept = {name: value for name, value in values.items() if name in columns}
            connection.execute(known.tables[table].insert().values(**kept))

    for job_id, state in (("old", JobState.MADE), ("waits", JobState.QUEUED)):
        job = job_values(NewJob(job_id, f"key {job_id}", asker(), REQUEST, 20.0, 0, "home"), 1_700_000_000.0)
        add("jobs", **{**job, "state": state.value})
    add("takes", **take_values(TAKE, 1_700_000_000.0))
    add("take_parents", take_id="old-0", parent_id="older-0", position=0)
    add("turns", who="person:discord:ann", queued=1, running=0, last_served_at=5.0)
    add("speeds", engine="arranger", device="cpu", wall_s_per_music_s=0.25, num_measured=3)
    chosen = {"front_end": "discord", "scope": "guild", "scope_id": "7", "chosen": {"max_takes": 2}, "changed_at": 1.0}
    add("preferences", **chosen)


def test_the_forms_are_numbered_without_a_gap() -> None:
    assert [*versions(), HEAD] == [f"{number:04}" for number in range(1, len(versions()) + 2)]


@pytest.mark.parametrize("version", versions())
async def test_a_ledger_of_an_earlier_form_is_brought_up_with_all_that_is_in_it(
    version: str, ledger_url: str, open_ledger: OpenLedger
) -> None:
    engine = create_async_engine(ledger_url)
    async with engine.begin() as connection:
        await connection.run_sync(bring_to, version)
        await connection.run_sync(fill)
    await engine.dispose()

    ledger = await open_ledger()
    assert await ledger.db.read(_state) == (HEAD, [])
    assert await ledger.takes.get("old-0") == TAKE
    waiting = await ledger.jobs.get("waits")
    assert (waiting.request, waiting.state, waiting.expected_s) == (REQUEST, JobState.QUEUED, None)
    assert await ledger.speeds.all() == {("arranger", "", "cpu"): 0.25}
    (job,) = (await ledger.jobs.queue()).waiting
    assert job.job_id == "waits"
    kept = await ledger.preferences.of("discord", [("guild", "7")])
    assert kept == ({("guild", "7"): {"max_takes": 2}} if version >= "0003" else {})
    await put_in_line(ledger)


async def _state(connection: AsyncConnection) -> tuple[str | None, list[object]]:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    return await connection.run_sync(version_of), await connection.run_sync(differences)


def test_a_request_that_an_earlier_version_let_pass_can_still_be_read() -> None:
    old = {**json.loads(json.dumps(REQUEST.to_json())), "key": "H dur", "clip_ids": ["a", "b"]}
    read = Request.from_json(old)
    assert (read.key, read.clip_ids) == ("H dur", ("a", "b"))
    assert json.loads(json.dumps(read.to_json())) == old
