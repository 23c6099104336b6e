"""Old audio goes from the disk; recipes, and what something younger was made from, stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.ledger.tables import clips, takes, uploads
from generation.request import AudioFormat, Operation, Request, Take
from generation.service import Service
from generation.service.housekeeping import ORPHAN_AGE_S
from tests.support.scripted_service import eventually, member, scripted, scripted_config

DAY_S = 86_400.0


async def made(service: Service, request: Request, key: str) -> Take:
    """A delivered take."""
    ticket = await service.submit(request, member(), key=key)
    (take,) = await ticket.takes()
    await service.mark_delivered(take.job_id, "1")
    return take


async def age(service: Service, days: float, *taken: Take) -> None:
    """Make takes, and the clips of the same audio, older."""

    async def work(connection: AsyncConnection) -> None:
        then = time.time() - days * DAY_S
        for take in taken:
            await connection.execute(update(takes).where(takes.c.take_id == take.take_id).values(made_at=then))
            await connection.execute(update(clips).where(clips.c.clip_id == take.audio_hash).values(made_at=then))
            this = uploads.c.clip_id == take.audio_hash
            await connection.execute(update(uploads).where(this).values(uploaded_at=then))

    await service._ledger.db.write(work)


async def child_of(service: Service, take: Take, key: str) -> Take:
    clip = await service.clip_of_take(take.take_id, owner=member())
    wish = scripted("x", clip_ids=(clip.clip_id,), parent_take_ids=(take.take_id,))
    return await made(service, wish.changed(operation=Operation.EXTEND), key)


async def test_old_audio_goes_but_not_what_a_living_take_needs(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path, keep_audio_days=30)) as service:
        old = await made(service, scripted("stems", seed=1), "1")
        parent = await made(service, scripted("x", seed=2), "2")
        child = await child_of(service, parent, "3")
        await age(service, 31, old, parent)
        assert await service.housekeeper.go_round() > 0
        with pytest.raises(TakeNotFound, match="expired"):
            await service.render(old.take_id, AudioFormat.OGG)
        with pytest.raises(TakeNotFound, match="expired"):
            await service.render(old.take_id, AudioFormat.OGG, stem="lead")
        assert (await service.take(old.take_id)).recipe == old.recipe
        assert (await service.render(parent.take_id, AudioFormat.OGG)).data
        await age(service, 31, child)
        assert await service.housekeeper.go_round() > 0
        assert list(service._store.hashes()) == []
        assert await service.housekeeper.go_round() == 0


async def test_over_the_budget_the_oldest_goes(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path)) as service:
        taken = [await made(service, scripted("x", seed=seed), str(seed)) for seed in range(3)]
        await age(service, 3, taken[1])
        sizes = dict(service._store.hashes())
        object.__setattr__(service.housekeeper._config, "max_audio_gib", (sum(sizes.values()) - 1) / 2**30)
        assert await service.housekeeper.go_round() == sizes[taken[1].audio_hash]
        assert set(dict(service._store.hashes())) == {taken[0].audio_hash, taken[2].audio_hash}


async def test_an_undelivered_take_stays_whatever_its_age(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path, keep_audio_days=30)) as service:
        ticket = await service.submit(scripted("x"), member(), key="1")
        (take,) = await ticket.takes()
        await age(service, 300, take)
        assert await service.housekeeper.go_round() == 0
        await service.mark_undeliverable(take.job_id, "nowhere")
        assert await service.housekeeper.go_round() > 0


async def test_files_that_nothing_names_go_after_a_day(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path)) as service:
        take = await made(service, scripted("x"), "1")
        new, old = service._store.put_blob(b"new"), service._store.put_blob(b"old")
        then = time.time() - ORPHAN_AGE_S - 60
        for name in (old, take.audio_hash):
            for path in service._config.audio_folder.glob(f"??/{name}.*"):
                os.utime(path, (then, then))
        assert await service.housekeeper.go_round() == 3
        assert set(dict(service._store.hashes())) == {take.audio_hash, new}


async def test_the_housekeeper_goes_round_by_itself(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path, keep_audio_days=30, housekeeping_interval_s=1)) as service:
        take = await made(service, scripted("x"), "1")
        await age(service, 31, take)
        await eventually(lambda: not dict(service._store.hashes()))


async def test_a_clock_that_was_put_forward_makes_nothing_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The round after the jump is left out; so is none that comes on a clock that goes on as before."""
    config = scripted_config(tmp_path, keep_audio_days=30, housekeeping_interval_s=1)
    async with Service(config) as service:
        take = await made(service, scripted("x"), "1")
        rounds = []

        async def counted() -> int:
            rounds.append(time.time())
            return 0

        monkeypatch.setattr(service.housekeeper, "go_round", counted)
        real = time.time
        monkeypatch.setattr("generation.service.housekeeping.time.time", lambda: real() + 40 * DAY_S)
        assert service.housekeeper._clock_has_jumped()
        assert not service.housekeeper._clock_has_jumped()
        monkeypatch.setattr("generation.service.housekeeping.time.time", real)
        await eventually(lambda: len(rounds) > 0)
        assert set(dict(service._store.hashes())) == {take.audio_hash}


async def test_what_a_killed_encoder_left_goes_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "data" / "audio" / "scratch" / "bandmate-0123"
    left.mkdir(parents=True)
    os.utime(left, (time.time() - 900,) * 2)
    async with Service(scripted_config(tmp_path, housekeeping_interval_s=600_000)):
        await eventually(lambda: not left.exists())
