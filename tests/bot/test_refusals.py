"""What can't be done gets one sentence, in one place, and no job."""

from __future__ import annotations

import logging
from typing import Any

import discord
import pytest

from generation.errors import TooBusy
from tests.bot.discord_stage import OGG, Stage


async def refused(stage: Stage, command: str, **options: Any) -> str:
    """The sentence a command is refused with; there must be exactly one answer and no job."""
    asked = await stage.alice.slash(stage.channel, command, **options)
    assert asked.acknowledged and asked.followups == []
    assert stage.service.jobs == {}
    assert asked.response.components == []
    return str(asked.response.content)


async def test_a_prompt_of_5000_characters(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="x" * 5000)
    assert asked.ephemeral and "5000 characters; at most 500" in asked.response.content


async def test_an_empty_prompt(stage: Stage) -> None:
    assert "few words" in await refused(stage, "compose", prompt="   ")


async def test_an_emoji_prompt_is_taken(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="🎷🌙")
    assert "🎷🌙" in asked.response.content and stage.service.last_job.request.prompt == "🎷🌙"


async def test_not_audio(stage: Stage) -> None:
    sentence = await refused(stage, "restyle", clip=("a.mp3", b"<html>"), prompt="funk")
    assert "a.mp3 is not audio" in sentence


async def test_a_file_name_that_plays_tricks(stage: Stage) -> None:
    name = "../../x\u202e**@everyone**`.mp3"
    sentence = await refused(stage, "restyle", clip=(name, b"<html>"), prompt="funk")
    assert "\u202e" not in sentence and "**@everyone**" not in sentence and ".." not in sentence


async def test_too_large_is_told_before_anything_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(url: str, name: str) -> bytes:
        raise AssertionError("it was downloaded")

    stage.client.downloads.max_upload_bytes = 1024
    monkeypatch.setattr(stage.client.downloads, "_fetch", never)
    sentence = await refused(stage, "restyle", clip=("big.wav", b"RIFF" + bytes(2000)), prompt="funk")
    assert "big.wav has 0.0 MB; at most 0.0 MB" in sentence


async def test_an_engine_that_is_not_there_is_told_by_the_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*args: Any, **options: Any) -> None:
        raise TooBusy("Four of your takes wait already; come back in about 2 minutes.")

    monkeypatch.setattr(stage.service, "submit", busy)
    assert "come back in about 2 minutes" in await refused(stage, "compose", prompt="funk")


async def test_an_unforeseen_error_gets_an_id_that_the_log_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage.expects_unforeseen = True

    async def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(stage.service, "check_in", broken)
    with caplog.at_level(logging.ERROR):
        sentence = await refused(stage, "restyle", clip=OGG, prompt="funk")
    assert "secret" not in sentence
    error_id = sentence.split("`")[1]
    record = next(record for record in caplog.records if error_id in record.getMessage())
    assert record.exc_info is not None and "secret detail" in str(record.exc_info[1])


async def test_an_acknowledgement_whose_answer_was_lost_is_no_reason_to_stop(stage: Stage) -> None:
    stage.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060, message="acknowledged already")
    await stage.alice.slash(stage.channel, "compose", prompt="funk")
    assert len(stage.service.jobs) == 1


async def test_an_interaction_that_came_too_late_stays_silent(stage: Stage) -> None:
    stage.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, message="Unknown interaction")
    await stage.alice.slash(stage.channel, "compose", prompt="funk")
    assert stage.service.jobs == {} and stage.messages() == []


async def test_a_missing_permission_is_told_beside_the_check_in(stage: Stage) -> None:
    me = stage.guild.me
    channel = stage.guild.create_text_channel(
        "quiet", overwrites={me: discord.PermissionOverwrite(attach_files=False, send_messages=False)}
    )
    asked = await stage.alice.slash(channel, "compose", prompt="funk")
    assert "missing Send Messages, Attach Files" in asked.response.content
