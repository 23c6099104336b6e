"""The way of a job: submitted, waited for, made in a worker process, rendered, delivered."""

import asyncio
import io
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from generation.audio.store import AudioStore
from generation.audio.tags import read_tags
from generation.errors import Cancelled, EngineFailed, EngineUnavailable, RequestRefused, TakeNotFound, TooBusy
from generation.jobs import JobState
from generation.request import AudioFormat, Operation, Recipe, Request
from generation.service import FinishedJob, Service
from tests.support.scripted_engine import tone
from tests.support.scripted_service import admissions, eventually, member, scripted, scripted_config


async def test_a_request_becomes_a_take_with_its_recipe(service: Service, tmp_path: Path) -> None:
    older = await (await service.submit(scripted("older", num_takes=2), member(), key="older")).takes()
    parents = tuple(take.take_id for take in older)
    request = scripted("stems please", seed=11, parent_take_ids=parents)
    ticket = await service.submit(request, member(), key="k")
    (take,) = await ticket.takes()
    assert (take.take_id, take.job_id, take.index) == (f"{ticket.job_id}-0", ticket.job_id, 0)
    assert take.parents == parents
    assert take.remarks == ("One word was not understood.",)
    recipe = take.recipe
    assert (recipe.request, recipe.seed, recipe.licence) == (request, 11, "MIT")
    assert (recipe.engine_revision, recipe.precision, recipe.device_kind) == ("scripted-1", "float32", "cpu")
    assert {"python", "numpy", "scipy"} <= recipe.versions.keys()
    assert recipe.details["threads"] == "1"
    assert recipe.details["pid"] != os.getpid()

    store = AudioStore(tmp_path / "data" / "audio")
    kept = store.get(take.audio_hash)
    assert kept.duration_s == take.duration_s == 1.0
    assert store.get(take.stem_hashes["lead"]).num_frames == kept.num_frames
    assert await service.midi(take.take_id) == b"MThd"
    assert await service.take(take.take_id) == take


async def test_equal_seeds_give_equal_samples_and_takes_have_their_own(service: Service) -> None:
    first = await (await service.submit(scripted("a", seed=5, num_takes=3), member(), key="1")).takes()
    second = await (await service.submit(scripted("a", seed=6), member(), key="2")).takes()
    assert [take.recipe.seed for take in first] == [5, 6, 7]
    assert [take.index for take in first] == [0, 1, 2]
    assert len({take.samples_digest for take in first}) == 3
    assert second[0].samples_digest == first[1].samples_digest


async def test_a_take_is_rendered_with_tags_and_drawn(service: Service) -> None:
    ticket = await service.submit(scripted("stems Lo-Fi für Zoë!"), member(), key="k")
    (take,) = await ticket.takes()
    rendered = await service.render(take.take_id, AudioFormat.FLAC)
    assert rendered.filename == f"compose-stems-lo-fi-f-r-zo-{take.take_id}.flac"
    tags = read_tags(rendered.data)
    assert (tags.take_id, tags.licence, tags.generated) == (take.take_id, "MIT", True)
    assert tags.recipe is not None
    assert Recipe.from_json(tags.recipe) == take.recipe
    small = await service.render(take.take_id, AudioFormat.WAV, max_bytes=30_000, stem="lead")
    assert len(small.data) <= 30_000
    assert small.audio_format is not AudioFormat.WAV
    assert small.remark
    assert (await service.waveform_png(take.take_id)).startswith(b"\x89PNG")
    with pytest.raises(TakeNotFound, match="lead"):
        await service.render(take.take_id, AudioFormat.MP3, stem="drums")
    with pytest.raises(TakeNotFound):
        await service.render("nobody's-0", AudioFormat.MP3)


async def test_updates_tell_place_progress_and_the_end(service: Service) -> None:
    first = await service.submit(scripted("slow 1.0"), member("ann"), key="1")
    second = await service.submit(scripted("slow 0.1"), member("ben"), key="2")
    seen = {1: [status async for status in first.updates()]}
    seen[2] = [status async for status in second.updates()]
    fractions = [status.fraction for status in seen[1] if status.state is JobState.RUNNING]
    assert fractions == sorted(fractions)
    assert any(0.0 < fraction < 1.0 for fraction in fractions)
    assert any(status.stage == "playing" and status.made_s > 0 for status in seen[1])
    assert seen[1][-1].state is seen[2][-1].state is JobState.MADE
    assert seen[1][-1].made_s == 1.0


async def test_progress_stays_while_the_ledger_takes_its_time_to_note_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_made = service._ledger.leases.record_made

    async def slowly(*of: Any, **told: Any) -> Any:
        await asyncio.sleep(5 * service._config.poll_interval_s)
        return await record_made(*of, **told)

    monkeypatch.setattr(service._ledger.leases, "record_made", slowly)
    ticket = await service.submit(scripted("slow 0.3"), member(), key="1")
    seen = [status async for status in ticket.updates()]
    fractions = [status.fraction for status in seen if status.state is JobState.RUNNING]
    assert fractions == sorted(fractions) and fractions[-1] > 0
    assert seen[-1].state is JobState.MADE


async def test_the_line_says_places_and_times_once_a_speed_is_known(service: Service, tmp_path: Path) -> None:
    await (await service.submit(scripted("slow 0.3"), member(), key="0")).takes()
    running = await service.submit(scripted("slow 20"), member("ann"), key="1")
    waiting = [await service.submit(scripted("x"), member(name), key=name) for name in ("ben", "cyd")]
    await eventually(lambda: len(admissions(tmp_path, running.job_id)) == 1)
    statuses = [await service.status(ticket.job_id) for ticket in waiting]
    assert [status.place for status in statuses] == [1, 2]
    assert all(status.estimate_s is not None and status.estimate_s > 0 for status in statuses)
    line = await service.open_jobs("discord")
    assert [job.status.job_id for job in line] == [running.job_id, *(ticket.job_id for ticket in waiting)]
    assert [job.origin.person_id for job in await service.open_jobs("discord", person_id="cyd")] == ["cyd"]
    await service.cancel(running.job_id)


async def test_the_same_key_is_made_once(service: Service, tmp_path: Path) -> None:
    asked = (service.submit(scripted("slow 0.2"), member(), key="interaction") for _ in range(8))
    tickets = await asyncio.gather(*asked)
    assert len({ticket.job_id for ticket in tickets}) == 1
    takes = await asyncio.gather(*(ticket.takes() for ticket in tickets))
    assert len({take.take_id for (take,) in takes}) == 1
    assert len(admissions(tmp_path, tickets[0].job_id)) == 1


async def test_cancel_reaches_the_engine_and_the_line(service: Service, tmp_path: Path) -> None:
    running = await service.submit(scripted("slow 60"), member(), key="1")
    waiting = await service.submit(scripted("x"), member(), key="2")
    await eventually(lambda: len(admissions(tmp_path, running.job_id)) == 1)
    assert await service.cancel(waiting.job_id)
    assert await service.cancel(running.job_id)
    with pytest.raises(Cancelled):
        await running.takes()
    after = await service.submit(scripted("x"), member(), key="3")
    assert len(await asyncio.wait_for(after.takes(), 60)) == 1  # the row is free again
    assert (tmp_path / "counts" / f"cancelled-{running.job_id}-0").exists()
    assert admissions(tmp_path, waiting.job_id) == []
    assert not await service.cancel(after.job_id)


async def test_what_can_not_be_made_is_refused_with_its_sentence(service: Service) -> None:
    with pytest.raises(RequestRefused, match="at most 60 s"):
        await service.submit(scripted("x", duration_s=61), member(), key="1")
    with pytest.raises(RequestRefused, match="has small, large"):
        await service.submit(scripted("x", model="huge"), member(), key="2")
    with pytest.raises(RequestRefused, match="can't loop"):
        await service.submit(Request(Operation.LOOP, clip_ids=("a",), engine="scripted"), member(), key="3")
    with pytest.raises(EngineUnavailable, match=r"pip install 'bandmate\[missing\]'"):
        await service.submit(Request(Operation.COMPOSE, "x", engine="missing"), member(), key="4")
    with pytest.raises(EngineUnavailable, match="there are scripted"):
        await service.submit(Request(Operation.COMPOSE, "x", engine="theremin"), member(), key="5")
    with pytest.raises(RequestRefused, match="attach it again"):
        request = Request(Operation.EXTEND, clip_ids=("0" * 64,), engine="scripted")
        await service.submit(request, member(), key="6")
    with pytest.raises(RequestRefused, match="no take 'never-0' to build on"):
        await service.submit(scripted("x", parent_take_ids=("never-0",)), member(), key="7")
    assert await service.open_jobs("discord") == ()


async def test_limits_are_told_in_sentences(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, max_jobs_per_person=1, max_jobs_per_guild=2, max_jobs=3)
    async with Service(config) as service:
        first = await service.submit(scripted("slow 30"), member("ann"), key="1")
        with pytest.raises(TooBusy, match="You have one take"):
            await service.submit(scripted("x"), member("ann"), key="2")
        second = await service.submit(scripted("slow 30"), member("ben"), key="3")
        with pytest.raises(TooBusy, match="This server has 2 takes"):
            await service.submit(scripted("x"), member("cyd"), key="4")
        third = await service.submit(scripted("slow 30"), member("cyd", "elsewhere"), key="5")
        with pytest.raises(TooBusy, match=r"(?s)too busy.*(in about \d+ minute|in a few minutes)"):
            await service.submit(scripted("x"), member("dan", None), key="6")
        assert (await service.submit(scripted("slow 30"), member("ann"), key="1")).job_id == first.job_id
        for ticket in (first, second, third):
            assert await service.cancel(ticket.job_id)


async def test_finished_hands_each_job_out_once_and_again_after_a_restart(tmp_path: Path) -> None:
    config = scripted_config(tmp_path)
    async with Service(config) as service:
        made = await service.submit(scripted("x"), member(), key="made")
        failed = await service.submit(scripted("fail"), member(), key="failed")
        told = await service.submit(scripted("x"), member(), key="told")
        web = await service.submit(scripted("x"), member(front_end="web"), key="web")
        finished = await _next_finished(service, 3)
        assert {job.status.job_id for job in finished} == {made.job_id, failed.job_id, told.job_id}
        await service.mark_delivered(told.job_id, "message 1")
        await web.takes()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_next_finished(service, 1), 0.7)

    async with Service(config) as service:
        again = {job.status.job_id: job for job in await _next_finished(service, 2)}
        assert again.keys() == {made.job_id, failed.job_id}
        assert len(again[made.job_id].takes) == 1
        assert again[failed.job_id].status.sentence == "The band went home."
        assert again[made.job_id].origin == member()
        await service.mark_undeliverable(made.job_id, "The channel is gone.")
        await service.mark_delivered(failed.job_id, "message 2")
        assert (await service.status(made.job_id)).state is JobState.UNDELIVERABLE
        assert len(await service.takes_of(made.job_id)) == 1

    async with Service(config) as service:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_next_finished(service, 1), 0.7)


async def _next_finished(service: Service, number: int) -> list[FinishedJob]:
    found: list[FinishedJob] = []
    async for job in service.finished("discord"):
        found.append(job)
        if len(found) == number:
            return found
    return found


async def test_people_are_served_in_turn(service: Service) -> None:
    blocker = await service.submit(scripted("slow 1"), member("zoe"), key="0")
    greedy = [await service.submit(scripted("x"), member("ann"), key=f"a{n}") for n in range(4)]
    modest = await service.submit(scripted("x"), member("ben"), key="b")
    tickets = {ticket.job_id: name for ticket, name in [*((item, "ann") for item in greedy), (modest, "ben")]}
    await blocker.takes()
    order: list[str] = []
    async for job in service.finished("discord"):
        if job.status.job_id in tickets:
            order.append(tickets[job.status.job_id])
        if len(order) == 5:
            break
    assert Counter(order) == {"ann": 4, "ben": 1}
    assert "ben" in order[:2]


async def test_a_job_that_fails_says_why(service: Service) -> None:
    assert len(await (await service.submit(scripted("shout"), member(), key="shout")).takes()) == 1
    for prompt, sentence in [
        ("fail", "The band went home."),
        ("refuse", "I won't play that."),
        ("full", "disk is full"),
    ]:
        with pytest.raises(EngineFailed, match=sentence):
            await (await service.submit(scripted(prompt), member(), key=prompt)).takes()


async def test_clips_reach_the_engine(service: Service) -> None:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, tone(3, 2.0).samples.T, 16_000, format="WAV")
    check_in = await service.check_in(file.getvalue(), name="hum\0.wav", owner=member())
    assert check_in.name == "hum.wav"
    assert check_in.hearing.duration_s == pytest.approx(2.0, abs=0.05)
    assert await service.hearing(check_in.clip_id) == check_in.hearing
    assert (await service.check_in(file.getvalue(), name="again.wav", owner=member("ben"))).clip_id == check_in.clip_id

    request = Request(Operation.EXTEND, "on", clip_ids=(check_in.clip_id,), engine="scripted")
    (take,) = await (await service.submit(request, member(), key="k")).takes()
    assert take.recipe.details["clips"] == [32_000]
    assert take.recipe.details["heard"] == [check_in.hearing.sentence()]

    as_clip = await service.clip_of_take(take.take_id, owner=member())
    assert as_clip.hearing.duration_s == pytest.approx(1.0, abs=0.01)
    assert (await service.hearing(as_clip.clip_id)) == as_clip.hearing
