"""Delivery when our own side stumbles: an encoder that dies, a locked ledger, a crash after a direct message."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot import posting
from generation.errors import BandmateError, EncodingFailed, TryAgain
from generation.service import JobState, Rendered
from tests.bot.discord_stage import Stage


class Stumbling:
    """Stands in for the service's `render`: raises the first `times`, then does its work."""

    def __init__(self, stage: Stage, error: BandmateError, times: int) -> None:
        self.work, self.error, self.times = stage.service.render, error, times

    async def __call__(self, *args: Any, **options: Any) -> Rendered:
        if self.times > 0:
            self.times -= 1
            raise self.error
        return await self.work(*args, **options)


async def ask_and_finish(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    stage.service.finish("job1")
    await stage.env.settle()


@pytest.mark.parametrize("error", [EncodingFailed("The encoder died."), TryAgain("The ledger is busy.")])
async def test_a_passing_stumble_costs_time_but_not_the_take(
    stage: Stage, error: BandmateError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.service, "render", Stumbling(stage, error, times=2))
    await ask_and_finish(stage)
    await stage.env.advance_time(30)
    assert len(stage.takes()) == 1
    assert stage.service.last_job.status.state is JobState.DELIVERED
    assert not any(str(error) in message.content for message in stage.messages())


async def test_an_encoder_that_stays_broken_is_told_and_the_take_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "render", Stumbling(stage, EncodingFailed("The encoder died."), times=99))
        await ask_and_finish(stage)
        await stage.env.advance_time(30)
    assert stage.takes() == []
    told = [message for message in stage.messages() if "The encoder died." in message.content]
    assert len(told) == 1
    job = stage.service.last_job
    assert job.status.state is JobState.UNDELIVERABLE and job.undeliverable_reason == "The encoder died."
    await stage.alice.slash(stage.channel, "take show", take=job.takes[0].take_id)
    assert len(stage.takes()) == 1


async def test_a_crash_after_a_direct_message_sends_no_second_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    shut = {stage.guild.me: discord.PermissionOverwrite(send_messages=False)}
    closed = stage.guild.create_text_channel("closed", overwrites=shut)
    stage.service.last_job.origin.reply["channel_id"] = closed.id
    await stage.env.advance_time(16 * 60)

    async def crashed(job_id: str, message_id: str) -> None:
        raise SystemError("the process died here")

    stage.expects_unforeseen = True
    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "mark_delivered", crashed)
        stage.service.finish("job1")
        await stage.env.settle()
    assert stage.service.last_job.message_id is None
    direct = stage.alice.user.dm_channel
    assert len(direct.history()) == 1
    monkeypatch.setattr(posting, "nonce_of", lambda job_id: f"later-{job_id}")  # Discord remembers nonces for minutes
    await stage.restart()
    await stage.env.settle()
    assert len(direct.history()) == 1
    assert stage.service.last_job.message_id == str(direct.history()[0].id)


async def test_an_answer_without_its_audio_gets_it_from_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that could not encode says so in the channel and dies before it tells the ledger: the next one finds that
    message. It is not the delivered take, and must not be taken for it."""

    async def crashed(job_id: str, reason: str) -> None:
        raise SystemError("the process died here")

    stage.expects_unforeseen = True
    with monkeypatch.context() as patch:
        patch.setattr(stage.service, "render", Stumbling(stage, BandmateError("No ffmpeg was found."), times=1))
        patch.setattr(stage.service, "mark_undeliverable", crashed)
        await ask_and_finish(stage)
    (told,) = [message for message in stage.messages() if "No ffmpeg was found." in message.content]
    assert not told.attachments and stage.service.last_job.undeliverable_reason is None
    await stage.restart()
    await stage.env.settle()
    (answer,) = [message for message in stage.messages() if message.id == told.id]
    assert any(posting.is_audio(file) for file in answer.attachments) and "No ffmpeg" not in answer.content
    assert len(stage.takes()) == 1
    assert stage.service.last_job.message_id == str(answer.id)
