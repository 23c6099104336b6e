"""The service on other ledgers and in bad weather: PostgreSQL with several services, a lock at the wrong moment."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from generation.engines.base import Capabilities
from generation.errors import BandmateError
from generation.hearing import Hearing
from generation.jobs import JobState
from generation.ledger import LedgerUnavailable
from generation.request import Operation, Request, Take
from generation.service import Service, ServiceConfig
from generation.service.admission import music_s
from tests.support.databases import new_database
from tests.support.scripted_service import admissions, eventually, member, scripted, scripted_config


async def test_services_on_one_postgresql_share_the_work_and_take_over_from_the_dead(
    server: Any, tmp_path: Path
) -> None:
    config = scripted_config(tmp_path, database_url=new_database(server, "shared"))
    async with Service(config) as first, Service(config) as second:
        tickets = [await first.submit(scripted("slow 0.3"), member(f"p{n}"), key=f"k{n}") for n in range(6)]
        again = await asyncio.gather(*(second.submit(scripted("x"), member(f"p{n}"), key=f"k{n}") for n in range(6)))
        assert [ticket.job_id for ticket in again] == [ticket.job_id for ticket in tickets]
        takes = await asyncio.gather(*(ticket.takes() for ticket in tickets))
        assert len({take.recipe.details["pid"] for (take,) in takes}) == 2
        assert [len(admissions(tmp_path, ticket.job_id)) for ticket in tickets] == [1] * 6

    async with Service(config) as successor:  # nobody was answered: the next service does it
        found = []
        async for job in successor.finished("discord"):
            found.append(job.status.job_id)
            await successor.mark_delivered(job.status.job_id, "message")
            if len(found) == 6:
                break
    assert sorted(found) == sorted(ticket.job_id for ticket in tickets)


async def test_a_ledger_that_is_locked_when_a_job_ends_gets_the_take_later(tmp_path: Path) -> None:
    config = scripted_config(tmp_path)
    async with Service(config) as service:
        ticket = await service.submit(scripted("slow 0.5"), member(), key="k")
        await eventually(lambda: len(admissions(tmp_path, ticket.job_id)) == 1)
        intruder = sqlite3.connect(config.data_folder / "ledger.sqlite3", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(2.0)
        assert (await service.status(ticket.job_id)).state is JobState.RUNNING
        intruder.execute("COMMIT")
        intruder.close()
        assert len(await asyncio.wait_for(ticket.takes(), 60)) == 1
    assert len(admissions(tmp_path, ticket.job_id)) == 1


async def test_a_ledger_that_stays_locked_refuses_with_a_sentence_and_recovers(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, ledger_busy_limit_s=0.3)
    async with Service(config) as service:
        intruder = sqlite3.connect(config.data_folder / "ledger.sqlite3", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(BandmateError, match="ledger is busy"):
            await service.submit(scripted("x"), member(), key="k")
        intruder.execute("COMMIT")
        intruder.close()
        ticket = await service.submit(scripted("x"), member(), key="k")
        assert len(await asyncio.wait_for(ticket.takes(), 60)) == 1


async def test_an_engine_that_is_not_preloaded_loads_with_its_first_job(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, engine={"load_s": 3.0}, preload_engines=())
    async with Service(config) as service:
        assert "scripted" in service.engines
        ticket = await service.submit(scripted("x"), member(), key="1")
        assert len(await ticket.takes()) == 1
        row = await service._ledger.jobs.get(ticket.job_id)
        await eventually(lambda: service._outlook.expected_s(row) is not None)
        loading_and_making_s = (row.ended_at or 0.0) - (row.started_at or 0.0)
        assert (service._outlook.expected_s(row) or 0.0) < loading_and_making_s - 2.5  # loading is not making


def test_settings_out_of_range_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lease_s must be between 3 and 3600, not 1"):
        ServiceConfig(tmp_path, lease_s=1)
    with pytest.raises(ValueError, match="devices"):
        ServiceConfig(tmp_path, devices=())
    with pytest.raises(ValueError, match="bark"):
        ServiceConfig(tmp_path, preload_engines=("bark",))
    assert ServiceConfig(tmp_path).ledger_url == f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite3"


ENGINE = Capabilities("e", frozenset(Operation), 30.0, 2, 44_100, "MIT")


@pytest.mark.parametrize(
    ("request_", "clip_s", "expected_s"),
    [
        (Request(Operation.COMPOSE, "x"), (), 20.0),
        (Request(Operation.COMPOSE, "x", num_takes=3, duration_s=10), (), 30.0),
        (Request(Operation.RESTYLE, clip_ids=("a",)), (12.0,), 12.0),
        (Request(Operation.RESTYLE, clip_ids=("a",)), (120.0,), 30.0),
        (Request(Operation.BLEND, clip_ids=("a", "b")), (5.0, 9.0), 9.0),
        (Request(Operation.ACCOMPANY, clip_ids=("a", "backing")), (5.0, 9.0), 5.0),
        (Request(Operation.EXTEND, clip_ids=("a",)), (120.0,), 20.0),
    ],
)
def test_how_much_music_a_request_is(request_: Request, clip_s: tuple[float, ...], expected_s: float) -> None:
    assert music_s(request_, ENGINE, tuple(Hearing(seconds) for seconds in clip_s)) == expected_s


async def test_a_data_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(BandmateError, match=r"data/audio can't be made"):
        async with Service(scripted_config(tmp_path)):
            pass


async def test_a_finished_job_that_can_not_be_read_is_handed_out_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Service(scripted_config(tmp_path)) as service:
        of_job, num_calls = service._ledger.takes.of_job, 0

        async def busy_at_first(job_id: str) -> tuple[Take, ...]:
            nonlocal num_calls
            num_calls += 1
            if num_calls == 1:
                raise LedgerUnavailable("The ledger is busy.")
            return await of_job(job_id)

        monkeypatch.setattr(service._ledger.takes, "of_job", busy_at_first)
        ticket = await service.submit(scripted("a"), member(), key="a")
        job = await asyncio.wait_for(anext(aiter(service.finished("discord"))), 60)
        assert (job.status.job_id, len(job.takes), num_calls) == (ticket.job_id, 1, 2)
