"""A backup is taken while music is made, and a new Bandmate is filled from it: on SQLite, on PostgreSQL, across."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from generation.backup import restore_backup, write_backup
from generation.config import ServiceConfig
from generation.errors import BandmateError
from generation.jobs import JobState
from generation.request import AudioFormat
from generation.service import Service
from tests.support.databases import new_database
from tests.support.scripted_service import member, scripted, scripted_config


async def open_jobs(service: Service, first: int, number: int, prompt: str) -> list[str]:
    keys = range(first, first + number)
    return [(await service.submit(scripted(prompt), member(), key=str(key))).job_id for key in keys]


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_what_was_backed_up_while_it_ran_plays_again(
    tmp_path: Path, server: Any, source: str, target: str
) -> None:
    urls = {name: "" if name == "sqlite" else new_database(server, f"backup_{source}") for name in (source, target)}
    old = scripted_config(tmp_path / "old", database_url=urls[source], max_jobs_per_person=100, lease_s=3)
    async with Service(old) as service:
        (take,) = await (await service.submit(scripted("stems"), member(), key="1")).takes()
        await service.mark_delivered(take.job_id, "77")
        waiting = await open_jobs(service, 100, 5, "slow 0.2")
        backing_up = asyncio.create_task(write_backup(old, tmp_path / "all.tar"))
        later = await open_jobs(service, 200, 6, "slow 0.1")
        copied = await backing_up
    assert copied.num_audio_files >= 1
    assert stat.S_IMODE((tmp_path / "all.tar").stat().st_mode) == 0o600

    new = scripted_config(tmp_path / "new", database_url=urls[target], max_jobs_per_person=100)
    assert (await restore_backup(new, tmp_path / "all.tar")).num_rows == copied.num_rows
    async with Service(new) as service:
        assert await service.take(take.take_id) == take
        assert (await service.status(take.job_id)).state is JobState.DELIVERED
        assert (await service.render(take.take_id, AudioFormat.OGG, stem="lead")).data
        for job_id in waiting:  # what was in line is made by the one who has it now
            assert len(await service.ticket(job_id).takes()) == 1
        assert len(later) == 6
    with pytest.raises(BandmateError, match="not empty"):
        await restore_backup(new, tmp_path / "all.tar")


@pytest.mark.parametrize("damage", ["empty", "text", "cut"])
async def test_what_is_no_backup_is_told_and_leaves_nothing(tmp_path: Path, damage: str) -> None:
    config = scripted_config(tmp_path / "old")
    async with Service(config):
        await write_backup(config, tmp_path / "all.tar")
    data = (tmp_path / "all.tar").read_bytes()
    (tmp_path / "bad.tar").write_bytes({"empty": b"", "text": b"no tar at all" * 99, "cut": data[:600]}[damage])
    with pytest.raises(BandmateError):
        await restore_backup(scripted_config(tmp_path / "new"), tmp_path / "bad.tar")


async def test_where_there_is_nothing_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BandmateError, match="nothing to back up"):
        await write_backup(ServiceConfig(tmp_path / "data"), tmp_path / "all.tar")
    assert not (tmp_path / "all.tar").exists()
    config = scripted_config(tmp_path)
    async with Service(config):
        with pytest.raises(BandmateError, match="can't be written"):
            await write_backup(config, tmp_path / "no folder" / "all.tar")
