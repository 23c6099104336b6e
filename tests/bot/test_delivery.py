"""Delivery: once, by whichever process, at the best place that takes it, or kept with the reason."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from generation.service import JobState
from tests.bot.discord_stage import OGG, Stage, open_stage


async def ask(stage: Stage) -> discord.Message:
    """A job under way; its progress message."""
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    message: discord.Message = asked.response.message
    return message


def text_of(stage: Stage, message: discord.Message) -> str:
    """What a message of the channel says now."""
    return next(found.content for found in stage.messages() if found.id == message.id)


async def test_what_an_earlier_process_left_is_posted_by_the_next(stage: Stage) -> None:
    progress = await ask(stage)
    await stage.client.delivery.close(0)
    stage.client.delivery_task.cancel()
    stage.service.finish("job1")
    await stage.restart()
    assert len(stage.takes()) == 1
    assert stage.service.last_job.message_id == str(stage.takes()[0].id)
    assert stage.takes()[0].jump_url in text_of(stage, progress)


async def test_the_progress_goes_on_in_the_next_process(stage: Stage) -> None:
    progress = await ask(stage)
    await stage.restart()
    stage.service.go_on("job1", fraction=0.5, stage="bass")
    await stage.env.advance_time(6)
    assert "50 %" in text_of(stage, progress) and "bass" in text_of(stage, progress)


async def test_a_crash_between_the_post_and_the_mark_posts_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(stage)

    async def crashed(job_id: str, message_id: str) -> None:
        raise SystemError("the process died here")

    stage.expects_unforeseen = True
    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "mark_delivered", crashed)
        stage.service.finish("job1")
        await stage.env.settle()
    assert len(stage.takes()) == 1 and stage.service.last_job.message_id is None

    await stage.restart()
    assert len(stage.takes()) == 1
    assert stage.service.last_job.message_id == str(stage.takes()[0].id)
    assert stage.service.last_job.status.state is JobState.DELIVERED


async def test_a_ledger_that_is_locked_for_a_while_gets_its_mark_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = await ask(stage)

    async def locked(job_id: str, message_id: str) -> None:
        raise OSError("the database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "mark_delivered", locked)
        stage.service.finish("job1")
        await stage.env.settle()
    await stage.env.advance_time(6)
    assert len(stage.takes()) == 1 and stage.service.last_job.status.state is JobState.DELIVERED
    assert "Here it is" in text_of(stage, progress)


async def test_the_post_carries_the_jobs_nonce(stage: Stage) -> None:
    await ask(stage)
    await stage.made()
    posts = [
        entry.json for entry in stage.env.http_requests if entry.method == "POST" and entry.path.endswith("/messages")
    ]
    assert [(post["nonce"], post["enforce_nonce"]) for post in posts] == [("job1", True)]


async def test_a_file_too_large_for_discord_is_encoded_smaller(stage: Stage) -> None:
    await ask(stage)
    stage.env.inject_error("POST", "/channels/*/messages", status=413, code=40005, message="Request entity too large")
    await stage.made()
    limits = [max_bytes for _, _, max_bytes, _ in stage.service.render_calls]
    assert limits == [stage.guild.me.guild.filesize_limit, len(stage.service.file_bytes) // 2]
    assert len(stage.takes()) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(403, 50013), (403, 50001), (404, 10003), (400, 50083), (403, 160005), (404, 10004)]
)
async def test_a_closed_channel_is_answered_in_the_progress_message(stage: Stage, status: int, code: int) -> None:
    progress = await ask(stage)
    stage.env.inject_error("POST", "/channels/*/messages", status=status, code=code, times=None)
    stage.service.finish("job1")
    await stage.env.settle()
    assert [message.id for message in stage.takes()] == [progress.id]
    assert stage.labels(stage.takes()[0])[0] == "Again"
    assert stage.service.last_job.message_id == str(progress.id)


async def test_after_fifteen_minutes_the_person_gets_it_directly(stage: Stage) -> None:
    await ask(stage)
    me = stage.guild.me
    stage.service.last_job.origin.reply["channel_id"] = stage.guild.create_text_channel(
        "closed", overwrites={me: discord.PermissionOverwrite(send_messages=False)}
    ).id
    await stage.env.advance_time(16 * 60)
    stage.service.finish("job1")
    await stage.env.settle()
    assert stage.takes() == []
    direct = stage.alice.user.dm_channel.history()[-1]
    assert len(direct.attachments) == 2 and "I could not post this in <#" in direct.content
    assert stage.service.last_job.status.state is JobState.DELIVERED


async def test_nowhere_to_post_keeps_the_take_with_the_reason(stage: Stage) -> None:
    await ask(stage)
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50007, times=None)
    await stage.env.advance_time(16 * 60)
    stage.service.finish("job1")
    await stage.env.settle()
    job = stage.service.last_job
    assert job.status.state is JobState.UNDELIVERABLE
    assert job.undeliverable_reason is not None and "50007" in job.undeliverable_reason
    shown = await stage.alice.slash(stage.channel, "take show", take="take1ofjob1")
    assert len(shown.response.attachments) == 2


async def test_after_fifteen_minutes_the_channel_still_gets_it(stage: Stage) -> None:
    progress = await ask(stage)
    await stage.env.advance_time(16 * 60)
    edits = stage.edits()
    await stage.made()
    assert len(stage.takes()) == 1 and stage.takes()[0].id != progress.id
    assert stage.edits() == edits, "the token is dead: nothing may be edited by it"


async def test_discord_is_down_for_a_while(stage: Stage) -> None:
    await ask(stage)
    stage.env.inject_error("POST", "/channels/*/messages", status=503, times=2)
    stage.service.finish("job1")
    await stage.env.settle()
    assert stage.takes() == [] and stage.service.last_job.status.state is JobState.MADE
    await stage.env.advance_time(5)
    assert stage.takes() == []
    await stage.env.advance_time(10)
    assert len(stage.takes()) == 1 and stage.service.last_job.status.state is JobState.DELIVERED


async def test_a_failure_is_told_in_the_progress_message_and_can_be_tried_again(stage: Stage) -> None:
    progress = await ask(stage)
    stage.service.fail("job1", "The engine ran out of memory; a shorter take may fit.")
    await stage.env.settle()
    assert "ran out of memory; a shorter take may fit" in text_of(stage, progress)
    told = next(message for message in stage.messages() if message.id == progress.id)
    assert stage.labels(told) == ["Try again"]
    assert stage.service.last_job.message_id == str(progress.id)
    await stage.bob.click(told, label="Try again")
    assert stage.service.last_job_id == "job2"
    assert stage.service.last_job.request == stage.service.jobs["job1"].request


async def test_a_late_failure_is_told_in_the_channel(stage: Stage) -> None:
    await ask(stage)
    await stage.env.advance_time(16 * 60)
    stage.service.fail("job1", "The engine stopped.")
    await stage.env.settle()
    assert "The engine stopped." in stage.messages()[-1].content
    assert stage.service.last_job.message_id == str(stage.messages()[-1].id)


async def test_a_message_that_a_moderator_deleted_stops_the_edits_not_the_delivery(stage: Stage) -> None:
    progress = await ask(stage)
    stage.env.backend.delete_message(stage.channel.id, progress.id)
    stage.service.go_on("job1", fraction=0.3)
    await stage.env.advance_time(10)
    edits = stage.edits()
    stage.service.go_on("job1", fraction=0.6)
    await stage.env.advance_time(10)
    assert stage.edits() == edits
    await stage.made()
    assert len(stage.takes()) == 1 and stage.service.last_job.status.state is JobState.DELIVERED


async def test_a_job_that_is_made_before_it_could_be_shown_ends_with_its_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = stage.service.submit

    async def made_at_once(*args: Any, **options: Any) -> Any:
        ticket = await submit(*args, **options)
        stage.service.finish(ticket.job_id)
        for _ in range(50):
            await asyncio.sleep(0)
        return ticket

    monkeypatch.setattr(stage.service, "submit", made_at_once)
    progress = await ask(stage)
    await stage.env.advance_time(20)
    assert "Here it is" in text_of(stage, progress)
    assert stage.labels(stage.messages()[0]) == [] and len(stage.takes()) == 1


async def test_one_fault_does_not_stop_the_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await ask(stage)
    await ask(stage)

    async def broken(take_id: str) -> bytes:
        raise ZeroDivisionError("the picture")

    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "waveform_png", broken)
        stage.service.finish("job1")
        await stage.env.settle()
    assert stage.service.jobs["job1"].status.state is JobState.UNDELIVERABLE
    assert "Sorry, something went wrong" in stage.messages()[0].content
    assert "ZeroDivision" not in stage.messages()[0].content
    stage.service.finish("job2")
    await stage.env.settle()
    assert len(stage.takes()) == 1


@contextlib.contextmanager
def slow_listening(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Clips that are let in wait for the second event; the first says that one does."""
    listening, heard = asyncio.Event(), asyncio.Event()
    check_in = stage.service.check_in

    async def slow_check_in(*args: Any, **options: Any) -> Any:
        listening.set()
        await stage.service.wait(heard.wait(), "the analysis")
        return await check_in(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "check_in", slow_check_in)
        yield listening, heard


async def test_closing_lets_what_is_under_way_finish_and_takes_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(tmp_path) as stage:
        with slow_listening(stage, monkeypatch) as (listening, heard):
            await stage.alice.slash(stage.channel, "extend", clip=OGG)
            assert listening.is_set() and stage.service.jobs == {}
            closing = asyncio.create_task(stage.client.close())
            await asyncio.sleep(0)
            refused = await stage.bob.slash(stage.channel, "compose", prompt="late")
            assert refused.ephemeral and "just restarting" in refused.response.content
            heard.set()
            await closing
        assert [job.request.operation.value for job in stage.service.jobs.values()] == ["extend"]
        await stage.client.close()


async def test_closing_lets_a_room_be_opened_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_stage(tmp_path) as stage:
        with slow_listening(stage, monkeypatch) as (listening, heard):
            asked = await stage.alice.slash(stage.channel, "jam start", clip=OGG)
            assert listening.is_set()
            closing = asyncio.create_task(stage.client.close())
            assert not (await asyncio.wait([closing], timeout=0.5))[0]
            heard.set()
            await closing
        (thread,) = stage.channel.threads
        assert f"<#{thread.id}>" in asked.response.content and "voice-message" in asked.response.content


async def test_in_a_direct_message(stage: Stage) -> None:
    await stage.alice.user.slash("compose", prompt="slow blues")
    assert stage.service.last_job.origin.guild_id is None
    stage.service.finish("job1")
    await stage.env.settle()
    posted = [message for message in stage.alice.user.dm_channel.history() if message.attachments]
    assert len(posted) == 1 and stage.service.last_job.status.state is JobState.DELIVERED
