"""Previews while a take is made: they sound like it, the newest replaces the older, and none outlives its job."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.audio.decode import decode
from generation.audio.tags import read_tags
from generation.errors import BandmateError, TakeNotFound
from generation.jobs import REPLAYS, JobState
from generation.ledger import JobRow
from generation.ledger.tables import jobs
from generation.previews import PreviewShelf, place_of
from generation.service import JobStatus, Service, ServiceConfig, Ticket
from generation.service.dispatch import Dispatcher
from generation.service.previews import Previews
from tests.support.scripted_engine import RATE_HZ, tone
from tests.support.scripted_service import admissions, eventually, let_go, member, scripted, scripted_config

SOON_S = 0.3


@pytest.fixture(autouse=True)
def nobody_brings_a_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.worker.listener.MODULE", "tests.support.silent_analysis")


def quick(folder: Path, **changes: Any) -> ServiceConfig:
    """A service whose worker keeps takes as they are: a preview of the whole take then sounds just like it."""
    return scripted_config(folder, engine={"raw": True}, **changes)


def on_disk(folder: Path) -> list[Path]:
    return list((folder / "data" / "audio" / "previews").glob("*"))


async def first_preview(ticket: Ticket) -> JobStatus:
    async for status in ticket.updates():
        if status.preview_hash is not None:
            return status
    raise AssertionError("it ended without a preview")


async def test_the_newest_replaces_the_older_and_sounds_like_the_take(tmp_path: Path) -> None:
    async with Service(quick(tmp_path, preview_interval_s=SOON_S)) as service:
        ticket = await service.submit(scripted("held preview", seed=240), member(), key="1")
        seen: list[str] = []
        lengths_s: list[float] = []
        async for status in ticket.updates():
            if status.preview_hash is None or status.preview_hash in seen:
                continue
            seen.append(status.preview_hash)
            try:
                shown = await service.previews.render(ticket.job_id, seen[-1])
            except TakeNotFound:  # newer ones have come while we were at it
                continue
            heard = await decode(shown.file.data)
            loudest_hz = np.abs(np.fft.rfft(heard.clip.samples[0])).argmax() / heard.used_s
            assert loudest_hz == pytest.approx(440, abs=5) and heard.used_s == pytest.approx(shown.duration_s, abs=0.1)
            lengths_s.append(shown.duration_s)
            (place,) = on_disk(tmp_path)
            files = list(place.rglob("*.flac"))
            assert len(files) <= 2  # a newer one may just have come
            if len(lengths_s) == 2:
                let_go(tmp_path)
        assert len(lengths_s) >= 2 and lengths_s == sorted(lengths_s) and lengths_s[-1] < 1.1
        assert shown.file.filename == f"preview-{round(shown.duration_s)}s.mp3"
        tags = read_tags(shown.file.data)
        assert tags.generated and "(preview)" in tags.title and tags.engine == "scripted" and tags.licence == "MIT"
        await eventually(lambda: on_disk(tmp_path) == [])
        with pytest.raises(TakeNotFound, match="preview is gone"):
            await service.previews.render(ticket.job_id, seen[-1])


@pytest.mark.parametrize(
    "ending", ["done", "cancelled", "cancelled elsewhere", "fail late", "crash late", "crash late once"]
)
async def test_nothing_stays_of_a_job_that_has_ended(tmp_path: Path, ending: str) -> None:
    wishes = scripted(f"held preview {ending}")
    lease_s = 3.0 if ending == "cancelled elsewhere" else 30.0  # a renewal tells us, each third of it
    config = quick(tmp_path, preview_interval_s=SOON_S, max_worker_deaths=2, lease_s=lease_s)
    async with Service(config) as service:
        ticket = await service.submit(wishes, member(), key="1")
        shown = await first_preview(ticket)
        assert shown.state is JobState.RUNNING
        if ending == "cancelled":
            assert await service.cancel(ticket.job_id)
        elif ending == "cancelled elsewhere":  # by another service on the same ledger
            assert await service._ledger.jobs.cancel(ticket.job_id)
        else:
            let_go(tmp_path, times=2)
        if ending.startswith("crash"):
            assert any([status.preview_hash is None async for status in ticket.updates()])
        last = [status async for status in ticket.updates()][-1]
        failed = ending in ("fail late", "crash late")
        expected = JobState.FAILED if failed else JobState.CANCELLED if "cancelled" in ending else JobState.MADE
        assert last.state is expected and last.preview_hash is None
        await eventually(lambda: on_disk(tmp_path) == [])


async def test_a_stop_and_a_kill_leave_nothing_to_the_next_run(tmp_path: Path) -> None:
    config = quick(tmp_path, preview_interval_s=SOON_S, stop_grace_s=0.0)
    async with Service(config) as service:
        ticket = await service.submit(scripted("slow 60 preview"), member(), key="1")
        await first_preview(ticket)
    assert on_disk(tmp_path) == []
    shelf = PreviewShelf(config.audio_folder)  # as a run that is killed leaves it
    shelf.put(place_of("job-that-nobody-knows", 1), tone(1, 0.5))
    shelf.put("left-by-an-earlier-version", tone(1, 0.5))
    shelf.put(place_of(ticket.job_id, 1), tone(1, 0.5))
    async with Service(config) as service:
        await first_preview(service.ticket(ticket.job_id))
        now = [place_of(ticket.job_id, 2)]
        await eventually(lambda: [path.name for path in on_disk(tmp_path)] == now)
        await service.housekeeper.go_round()
        assert [path.name for path in on_disk(tmp_path)] == now  # it is being made
        assert await service.cancel(ticket.job_id)


async def test_a_job_that_is_handed_back_is_made_once_though_its_preview_goes_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, drop, hand_over = [0], Previews.drop, Dispatcher._hand_over
    is_given_again = asyncio.Event()

    async def trips_once(self: Dispatcher, *job: Any) -> None:
        given[0] += 1
        if given[0] == 1:
            raise OSError("the worker is gone")
        is_given_again.set()
        await hand_over(self, *job)

    async def slow_drop(self: Previews, row: JobRow) -> None:
        with contextlib.suppress(TimeoutError):  # it is not given again while this lasts
            await asyncio.wait_for(is_given_again.wait(), 1.0)
        await drop(self, row)

    monkeypatch.setattr("generation.service.dispatch._RETRY_PAUSE_S", 0.01)
    monkeypatch.setattr(Dispatcher, "_hand_over", trips_once)
    monkeypatch.setattr(Previews, "drop", slow_drop)
    async with Service(quick(tmp_path)) as service:
        ticket = await service.submit(scripted("slow 0.5"), member(), key="1")
        assert len(await ticket.takes()) == 1
    assert given == [2] and len(admissions(tmp_path, ticket.job_id)) == 1


@pytest.mark.parametrize(
    ("words", "interval_s", "front_end"),
    [("slow 1 preview", 0.6, "discord"), ("slow 1 preview", 0.0, "discord"), ("slow 2 preview", 0.2, REPLAYS)],
    ids=["a short take", "switched off", "nobody listens"],
)
async def test_no_preview_where_none_is_of_use(tmp_path: Path, words: str, interval_s: float, front_end: str) -> None:
    async with Service(quick(tmp_path, preview_interval_s=interval_s)) as service:
        ticket = await service.submit(scripted(words), member(front_end=front_end), key="1")
        assert {status.preview_hash async for status in ticket.updates()} == {None}
        assert on_disk(tmp_path) == []


async def test_two_jobs_that_sound_alike_keep_their_own(tmp_path: Path) -> None:
    shelf = PreviewShelf(tmp_path)
    one, two = place_of("one", 1), place_of("two", 1)
    alike = shelf.put(one, tone(3, 0.5)), shelf.put(two, tone(3, 0.5))
    assert alike[0] == alike[1]
    shelf.put(one, tone(3, 0.6))
    assert shelf.get(two, alike[1]).num_frames == RATE_HZ // 2
    shelf.remove(one)
    shelf.remove(one)
    assert shelf.places() == [two]
    for place, preview_hash in ((one, alike[0]), (two, "0" * 64), (f"../{two}", alike[1])):
        with pytest.raises(BandmateError):
            shelf.get(place, preview_hash)
    assert shelf.places() == [two]


async def test_a_service_that_lost_its_lease_leaves_the_previews_of_the_next_one_alone(tmp_path: Path) -> None:
    """It stood still, was thought dead, and goes on: until its next renewal it knows nothing of the other."""
    config = quick(tmp_path, preview_interval_s=SOON_S, lease_s=3.0)
    async with Service(config) as service:
        ticket = await service.submit(scripted("held preview"), member(), key="1")
        await first_preview(ticket)
        shelf = PreviewShelf(config.audio_folder)
        theirs = shelf.put(place_of(ticket.job_id, 2), tone(7, 0.5))
        await given_to_another(service, ticket.job_id, theirs)
        await eventually(lambda: ticket.job_id not in service._dispatcher._held)
        await service.previews.sweep()
        assert [path.name for path in on_disk(tmp_path)] == [place_of(ticket.job_id, 2)]
        status = await service.status(ticket.job_id)
        assert status.state is JobState.RUNNING and status.preview_hash == theirs
        shown = await service.previews.render(ticket.job_id, theirs)  # whoever follows the job here hears it, too
        assert shown.duration_s == pytest.approx(0.5, abs=0.01)


async def given_to_another(service: Service, job_id: str, preview_hash: str) -> None:
    """As another service writes it that takes a job up, leases it, and has a first preview."""
    changes = {"fence": jobs.c.fence + 1, "lease_owner": "another", "preview_hash": preview_hash}

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**changes, lease_until=2**40))

    await service._ledger.db.write(work)


async def test_a_preview_that_is_too_large_says_so(tmp_path: Path) -> None:
    async with Service(quick(tmp_path, preview_interval_s=SOON_S)) as service:
        ticket = await service.submit(scripted("slow 60 preview"), member(), key="1")
        status = await first_preview(ticket)
        with pytest.raises(BandmateError, match="at most 100 fit"):
            await service.previews.render(ticket.job_id, status.preview_hash or "", max_bytes=100)
        assert await service.cancel(ticket.job_id)
