"""What is refused in voice channels, in one sentence each; and what goes wrong with Discord's voice server."""

from __future__ import annotations

import re
from typing import Any

import discord
import pytest
from discord import voice_client, voice_state

from bot.voice import extra, joining
from tests.bot.discord_stage import Stage
from tests.bot.voice.lounge import Lounge
from tests.support.discord_server import payloads
from tests.support.discord_server.places import STAGE

TAKE = "take1ofjob1"


async def test_who_sits_nowhere(lounge: Lounge) -> None:
    assert await lounge.told(lounge.mod) == "Join a voice channel first: I play where you are."


async def test_places_where_nobody_would_hear_it(lounge: Lounge) -> None:
    lounge.alice.join_voice(lounge.guild.add_channel("stage", STAGE))
    assert await lounge.told(lounge.alice) == "I don't play on a stage: join a voice channel."


async def test_the_afk_channel(lounge: Lounge) -> None:
    lounge.guild.afk_channel = lounge.attic
    lounge.discord.gateway.dispatch("GUILD_UPDATE", payloads.guild(lounge.guild))
    assert await lounge.told(lounge.bob) == "Nobody hears anything in the AFK channel: join another one."


@pytest.mark.parametrize(
    ("name", "title"), [("view_channel", "View Channel"), ("connect", "Connect"), ("speak", "Speak")]
)
async def test_a_missing_permission_is_named(lounge: Lounge, name: str, title: str) -> None:
    lounge.lounge.deny(lounge.discord.bot, name)
    assert await lounge.told(lounge.alice) == f"In your voice channel I need {title}: a moderator can grant it."
    assert lounge.voice.calls == []


async def test_a_full_channel(lounge: Lounge) -> None:
    lounge.lounge.user_limit = 1
    lounge.lounge.announce()
    assert await lounge.told(lounge.alice) == "Your voice channel is full: there is no place for me."
    lounge.lounge.allow(lounge.discord.bot, "move_members")  # who may do that fits in everywhere
    await lounge.play(lounge.alice)
    assert lounge.bot_is_in() is lounge.lounge


async def test_takes_that_are_not_there_private_or_taken_back(lounge: Lounge) -> None:
    assert "There is no such take here" in await lounge.told(lounge.alice, take="nothing")
    quiet = lounge.guild.add_channel("quiet")
    assert await lounge.told(lounge.alice, where=quiet) == "Nothing was made in this channel yet: name a take."
    asked = await lounge.alice.slash(lounge.channel, "compose", {"prompt": "secret song", "private": True})
    await asked.wait_acknowledged()
    await lounge.until(lambda: len(lounge.service.jobs) == 2)
    lounge.service.finish("job2")
    await lounge.until(lambda: lounge.service.jobs["job2"].message_id is not None)
    private = await lounge.told(lounge.alice, take="take1ofjob2")
    assert private == "This take is private: post it first, then I can play it to others."
    answer = await lounge.play(lounge.alice)  # the newest that is not private
    assert TAKE in answer.content
    lounge.service.sharing.retracted.add(TAKE)
    assert "taken back by its owner" in await lounge.told(lounge.alice, take=TAKE)
    assert "Nothing was made in this channel" in await lounge.told(lounge.alice)


async def test_a_take_that_is_taken_back_is_not_heard_to_its_end(lounge: Lounge) -> None:
    await lounge.play(lounge.alice, loop=True)
    asked = await (await lounge.alice.slash(lounge.channel, "take retract", take=TAKE)).wait_response()
    await lounge.alice.press(asked, "Take it back")
    await lounge.until_gone()


async def test_nobody_waits_for_a_voice_server_that_says_nothing(
    lounge: Lounge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "JOIN_LIMIT_S", 0.5)
    lounge.voice.num_unanswered = joining.JOIN_TRIES
    assert await lounge.told(lounge.alice) == "I could not get into your voice channel: try again in a minute."
    await lounge.until_gone()


@pytest.mark.parametrize("answer_s", [0.0, 0.2, 0.5])
async def test_a_join_that_was_lost_is_tried_once_more(
    lounge: Lounge, monkeypatch: pytest.MonkeyPatch, answer_s: float
) -> None:
    connect, limits_s = discord.VoiceChannel.connect, iter([0.3])

    async def connect_in_time(channel: discord.VoiceChannel, *, timeout: float, **more: Any) -> Any:  # noqa: ASYNC109
        return await connect(channel, timeout=next(limits_s, timeout), **more)

    monkeypatch.setattr(discord.VoiceChannel, "connect", connect_in_time)
    lounge.voice.answer_s, lounge.voice.num_unanswered = answer_s, 1
    await lounge.play(lounge.alice)
    await (await lounge.voice.wait_call()).wait_packets(5)


async def test_not_a_note_goes_out_without_keys(lounge: Lounge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "KEYS_LIMIT_S", 0.5)
    lounge.voice.gives_keys = False
    assert await lounge.told(lounge.alice) == "The call's encryption could not be agreed on: try again in a minute."
    assert lounge.bot_is_in() is None and lounge.voice.calls[0].packets == []


async def test_a_call_without_end_to_end_encryption(lounge: Lounge) -> None:
    lounge.voice.dave_version = 0
    await lounge.play(lounge.alice)
    await (await lounge.voice.wait_call()).wait_packets(5)


async def test_without_the_extra_both_commands_say_how_to_install_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_client, "has_nacl", False)
    monkeypatch.setattr(voice_state, "has_dave", False)
    for command in ("play", "stop"):
        told = await stage.alice.slash(stage.channel, command)
        assert told.ephemeral and "pip install 'bandmate[voice]'" in told.response.content.replace("\\", "")
    assert extra.missing_packages() == ["PyNaCl", "davey"]


async def test_the_bot_asks_discord_for_voice_only_where_it_can_play(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_there in (True, False):
        monkeypatch.setattr(voice_client, "has_nacl", is_there)
        await stage.restart()
        assert stage.client.intents.voice_states is is_there
        told = await stage.alice.slash(stage.channel, "about")
        asked_for = int(re.search(r"permissions=(\d+)", told.response.content)[1])  # type: ignore[index]
        assert bool(asked_for & extra.PERMISSIONS.value) is is_there


async def test_help_shows_both_commands(stage: Stage) -> None:
    told = await stage.alice.slash(stage.channel, "help")
    pages = [told.response.content, *(message.content for message in told.followups)]
    assert any("**/play**" in page for page in pages) and any("**/stop**" in page for page in pages)
