"""Estimates: from what was measured for each engine on each device, corrected by every job that is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from generation.config import ServiceConfig
from generation.ledger import JobRow, Ledger, NewJob
from generation.request import Operation, Request
from generation.service.outlook import Outlook
from tests.support.jobs import MANY, asker, leased, put_in_line


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with Ledger(f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite3'}", locks_folder=tmp_path / "locks") as opened:
        yield opened


@pytest.fixture
async def outlook(ledger: Ledger, tmp_path: Path) -> Outlook:
    opened = Outlook(ledger, ServiceConfig(tmp_path))
    opened.rows = {"arranger": 1}
    await opened.open()
    return opened


async def job_on(ledger: Ledger, device: str, engine: str = "arranger") -> JobRow:
    """A job of 20 s of music that a device has made."""
    await put_in_line(ledger)
    row = await leased(ledger)
    await ledger.leases.record_failed(row.job_id, row.fence, "")
    return replace(row, device=device, engine=engine)


async def test_nothing_is_promised_that_nobody_measured(ledger: Ledger, outlook: Outlook) -> None:
    row = await put_in_line(ledger)
    assert outlook.expected_s(row) is None and outlook.guess_s("arranger", 20.0) is None
    assert (await outlook.forecasts())[row.job_id].made_in_s is None
    assert await outlook.minutes_until_room("all", asker()) is None


async def test_each_engine_and_device_has_its_own_speed(ledger: Ledger, outlook: Outlook) -> None:
    for device, wall_s in (("cpu", 40.0), ("cuda:0", 10.0)):
        await outlook.note_speed(await job_on(ledger, device), wall_s)
    await outlook.note_speed(await job_on(ledger, "cpu", "musicgen"), 400.0)
    waiting = await put_in_line(ledger)
    assert outlook.expected_s(waiting) == 10.0  # no device has it yet: the fastest may get it
    for device, engine, expected_s in (
        ("cpu", "arranger", 40.0),
        ("cuda:0", "arranger", 10.0),
        ("cpu", "musicgen", 400.0),
        ("cuda:0", "musicgen", 400.0),  # not measured there: by the nearest that was
    ):
        assert outlook.expected_s(replace(waiting, device=device, engine=engine)) == pytest.approx(expected_s)


async def test_each_model_has_its_own_speed(ledger: Ledger, outlook: Outlook) -> None:
    outlook.usual_models = {"musicgen": "small"}
    row = await job_on(ledger, "cpu", "musicgen")
    large = replace(row, request=replace(row.request, model="large"))
    await outlook.note_speed(row, 100.0)
    assert outlook.expected_s(row) == 100.0 and outlook.expected_s(large) is None
    await outlook.note_speed(large, 500.0)
    assert outlook.expected_s(large) == 500.0 and outlook.guess_s("musicgen", 20.0) == 100.0
    outlook.usual_models = {"musicgen": "medium"}  # the operator has changed it: nothing is known of the new one
    assert outlook.expected_s(row) is None and outlook.guess_s("musicgen", 20.0, "small") == 100.0


async def test_the_line_knows_the_models(ledger: Ledger, outlook: Outlook) -> None:
    request = Request(Operation.COMPOSE, "a waltz", engine="musicgen", model="large")
    job = NewJob("job", "key", asker(), request, 20.0, 0, ledger.instance.instance_id)
    row, _ = await ledger.jobs.submit(job, MANY)
    await outlook.note_speed(replace(row, device="cpu"), 500.0)
    (waiting,) = (await ledger.jobs.queue()).waiting
    assert waiting.model == "large" and outlook.expected_s(waiting) == 500.0
    await put_in_line(ledger)
    assert [job.model for job in (await ledger.jobs.queue()).waiting] == ["large", None]


async def test_an_estimate_is_corrected_by_every_job(ledger: Ledger, outlook: Outlook, tmp_path: Path) -> None:
    row = await job_on(ledger, "cpu")
    await outlook.note_speed(row, 20.0)
    guesses = [outlook.guess_s("arranger", 20.0) or 0.0]
    for _ in range(12):  # the machine has become four times slower
        await outlook.note_speed(row, 80.0)
        guesses.append(outlook.guess_s("arranger", 20.0) or 0.0)
    assert guesses == sorted(guesses) and guesses[1] == pytest.approx(32.0)  # a fifth of the way each time
    assert guesses[-1] == pytest.approx(80.0, rel=0.1)
    later = Outlook(ledger, ServiceConfig(tmp_path))
    await later.open()
    assert later.guess_s("arranger", 20.0) == guesses[-1], "what was measured outlives the run"


async def test_about_n_minutes_is_what_the_line_takes(ledger: Ledger, outlook: Outlook) -> None:
    await outlook.note_speed(await job_on(ledger, "cpu"), 60.0)  # 20 s of music take a minute
    await leased_job(ledger, "zoe", "red")
    for number in range(6):
        await put_in_line(ledger, f"p{number}", guild="red")
    await put_in_line(ledger, "ben", guild="blue")
    assert await outlook.minutes_until_room("all", asker()) == 8
    assert await outlook.minutes_until_room("guild", asker("cyd", "red")) == 1  # the one that runs
    places = await outlook.forecasts()
    (bens,) = [job for job in (await ledger.jobs.queue()).waiting if job.person_id == "ben"]
    until_ben_s = places[bens.job_id].made_in_s or 0.0
    assert await outlook.minutes_until_room("guild", asker("dan", "blue")) == round(until_ben_s / 60)
    assert await outlook.minutes_until_room("person", asker("ben", "blue")) == round(until_ben_s / 60)


async def leased_job(ledger: Ledger, person: str, guild: str) -> JobRow:
    await put_in_line(ledger, person, guild=guild)
    return await leased(ledger)
