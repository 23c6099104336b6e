"""The main job, whole: the real `bandmate serve` in a process of its own, a slash command with a real voice message
over sockets, a finished take in the channel; then kill -9 at bad moments."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.audio.decode import DecodeLimits, decode
from tests.bot.wire.stage import voice_message
from tests.support.bot_process import bot_process
from tests.support.discord_server import DiscordServer, faults
from tests.support.discord_server.messages import Message
from tests.support.tiny_checkpoint import build_tiny_musicgen


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(seed=1) as server:
        yield server


def is_result(message: Message) -> bool:
    return any(file.filename.endswith(".mp3") for file in message.attachments)


def results(discord: DiscordServer) -> list[Message]:
    return [message for channel in discord.channels.values() for message in channel.messages if is_result(message)]


async def length_of(discord: DiscordServer, message: Message) -> float:
    (audio,) = [file for file in message.attachments if file.filename.endswith(".mp3")]
    return (await decode(await discord.download(audio), DecodeLimits(max_clip_s=300))).used_s


async def test_a_voice_message_and_a_prompt_become_a_take_and_an_old_button_still_works(
    discord: DiscordServer, tmp_path: Path
) -> None:
    guild = discord.add_guild()
    channel = guild.add_channel()
    ada = discord.add_user("ada", guild)
    async with bot_process(discord, tmp_path / "data") as bot:
        discord.cdn.answers.clear()
        asked = await ada.slash(channel, "restyle", prompt="lo-fi hip hop, mellow", clip=voice_message(), seconds=8)
        await asked.wait_acknowledged()  # before there is a clip to fetch, let alone a take
        discord.cdn.answers.set()
        message = await channel.wait_for_message(is_result)
        assert await length_of(discord, message) == pytest.approx(8, abs=0.15)
        assert any(file.filename.endswith(".png") for file in message.attachments)
        assert "100 BPM" in " ".join(each.text for each in channel.messages)
        bot.kill()
        await bot.process.wait()
    async with bot_process(discord, tmp_path / "data"):
        await ada.press(message, "Again")
        second = await channel.wait_for_message(is_result, timeout=60, after=message)
        assert await length_of(discord, second) == pytest.approx(8, abs=0.15)
    assert len(results(discord)) == 2
    assert discord.hard_findings == []


async def test_the_same_with_musicgen_on_a_tiny_checkpoint(discord: DiscordServer, tmp_path: Path) -> None:
    checkpoint = build_tiny_musicgen(tmp_path / "tiny")
    options = {"musicgen": {"models": [str(checkpoint)], "accept_licence": True, "threads": 1}, "arranger": {}}
    guild = discord.add_guild()
    channel = guild.add_channel()
    ada = discord.add_user("ada", guild)
    async with bot_process(discord, tmp_path / "data", engines=json.dumps(options)):
        await ada.slash(channel, "extend", prompt="a choir", clip=voice_message(), seconds=3, engine="musicgen")
        message = await channel.wait_for_message(is_result, timeout=90)
        assert await length_of(discord, message) == pytest.approx(
            9.6 + 3, abs=0.2
        )  # four bars at 100 BPM, and the new part
        assert "CC-BY-NC" in message.text
    assert discord.hard_findings == []


@pytest.mark.parametrize("moment_s", [0.3, 1.5])
async def test_a_job_that_ran_when_the_bot_was_killed_is_delivered_once(
    discord: DiscordServer, tmp_path: Path, moment_s: float
) -> None:
    guild = discord.add_guild()
    channel = guild.add_channel()
    ada = discord.add_user("ada", guild)
    async with bot_process(discord, tmp_path / "data") as bot:
        await ada.slash(channel, "compose", prompt="a long house track", seconds=60)
        discord.faults.add(faults.DROP_BEFORE, "POST", "/channels/{channel_id}/messages", times=1000)
        await channel.wait_for_message(lambda message: not message.loading)
        await asyncio.sleep(moment_s)
        bot.kill()
        await bot.process.wait()
    assert results(discord) == []
    discord.faults.clear()
    async with bot_process(discord, tmp_path / "data") as bot:
        message = await channel.wait_for_message(is_result, timeout=90)
        assert await length_of(discord, message) == pytest.approx(60, abs=0.2)
        await asyncio.sleep(2)
        assert await bot.stop() == 0
    assert len(results(discord)) == 1
    assert discord.hard_findings == []


async def test_a_wrong_token_is_one_line_and_an_exit_code(discord: DiscordServer, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 2") as caught:
        async with bot_process(discord, tmp_path / "data", token="a-wrong-token"):
            pass
    assert "DISCORD_TOKEN" in str(caught.value) and "Traceback" not in str(caught.value)
