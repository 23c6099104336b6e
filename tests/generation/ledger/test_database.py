"""The database under the ledger: migrations give the tables, locks are waited for, faults become sentences."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import BandmateError, ClipRefused
from generation.hearing import Hearing, Key
from generation.ledger import ClipRow, Ledger, LedgerUnavailable
from generation.ledger.database import Database
from generation.ledger.migrate import HEAD, MIGRATIONS, version_of
from generation.ledger.tables import metadata
from tests.generation.ledger.conftest import OpenLedger
from tests.support.jobs import asker, put_in_line


async def test_the_migrations_give_exactly_the_tables(ledger: Ledger) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async def work(connection: AsyncConnection) -> tuple[list[object], str | None]:
        return await connection.run_sync(differences), await connection.run_sync(version_of)

    assert await ledger.db.read(work) == ([], HEAD)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_services_that_open_a_new_ledger_together_all_get_it(open_ledger: OpenLedger) -> None:
    ledgers = await asyncio.gather(*(open_ledger() for _ in range(4)))
    row = await put_in_line(ledgers[0])
    assert await ledgers[3].jobs.get(row.job_id) == row


async def test_clips_and_speeds_come_back(ledger: Ledger) -> None:
    hearing = Hearing(12.5, -14.0, tempo_bpm=120.0, beat_confidence=0.9, beats_s=(0.5, 1.0), key=Key(2, "minor"))
    clip = ClipRow("c" * 64, "c" * 64, 12.5, 48_000, 2, hearing)
    await ledger.clips.add(clip, owner=asker("ann"), name="hum.ogg", remarks=["Trimmed."])
    await ledger.clips.add(clip, owner=asker("ben"), name="mine.ogg")
    assert await ledger.clips.get("c" * 64) == clip
    with pytest.raises(ClipRefused):
        await ledger.clips.get("d" * 64)

    assert await ledger.speeds.all() == {}
    for speed in (1.0, 2.0):
        await ledger.speeds.note(("arranger", "", "cpu"), speed)
    assert await ledger.speeds.all() == {("arranger", "", "cpu"): pytest.approx(1.2)}


@pytest.fixture
async def impatient(tmp_path: Path) -> Ledger:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite3'}"
    return Ledger(url, locks_folder=tmp_path / "locks", busy_limit_s=0.4)


async def test_a_lock_is_waited_for(impatient: Ledger, tmp_path: Path) -> None:
    impatient.db._busy_limit_s = 20.0
    async with impatient as ledger:
        intruder = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(put_in_line(ledger))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        intruder.execute("COMMIT")
        row = await waiting
        assert await ledger.jobs.get(row.job_id) == row
        intruder.close()


async def test_a_lock_that_stays_is_told_in_a_sentence_and_reading_goes_on(impatient: Ledger, tmp_path: Path) -> None:
    async with impatient as ledger:
        row = await put_in_line(ledger)
        intruder = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match="busy"):  # a limit: without one it would wait for the intruder
            await put_in_line(ledger)
        assert await ledger.jobs.get(row.job_id) == row
        intruder.execute("ROLLBACK")
        intruder.close()
        assert isinstance(LedgerUnavailable("x"), BandmateError)


async def test_a_full_disk_is_told_in_a_sentence(impatient: Ledger) -> None:
    async with impatient as ledger:
        await put_in_line(ledger)

        async def no_more_pages(connection: AsyncConnection) -> None:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1")
            await connection.exec_driver_sql("CREATE TABLE much AS SELECT randomblob(100000) AS x")

        with pytest.raises(LedgerUnavailable, match="disk"):
            await ledger.db.write(no_more_pages)


async def test_a_closed_ledger_says_so(impatient: Ledger) -> None:
    async with impatient as ledger:
        pass
    with pytest.raises(LedgerUnavailable, match="closed"):
        await put_in_line(ledger)


async def test_a_server_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://nobody@/none?host={tmp_path}"
    ledger = Ledger(url, locks_folder=tmp_path / "locks", busy_limit_s=0.2)
    with pytest.raises(LedgerUnavailable):
        async with ledger:
            pass


@pytest.mark.parametrize(("url", "words"), [("nonsense", "database_url"), ("mysql://u:hidden@h/x", "MySQLdb")])
async def test_an_address_of_no_database_is_a_sentence(url: str, words: str) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        await Database(url).open()
    assert words in str(caught.value) and "hidden" not in str(caught.value)
