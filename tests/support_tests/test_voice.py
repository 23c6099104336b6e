"""The voice side of the wire-level Discord, with discord.py's own client: whom it lets in, and what it notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import davey
import discord as dpy
import pytest

from bot.voice.packets import packets_of
from bot.voice.source import PacketSource
from tests.support.clips import wav_bytes
from tests.support.discord_server import Channel, DiscordServer, User
from tests.support.discord_server.places import VOICE
from tests.support.listening import likeness
from tests.support.scripted_engine import notes

TAKE = notes(5, 0.8)


@dataclass
class Hall:
    """Ana sits in a voice channel; `channel` is how the client sees it."""

    discord: DiscordServer
    ana: User
    hall: Channel
    channel: dpy.VoiceChannel


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    async with DiscordServer(seed=1) as discord:
        guild = discord.add_guild("Jam")
        place = guild.add_channel("hall", VOICE)
        ana = discord.add_user("ana", guild)
        ana.join_voice(place)
        client = dpy.Client(intents=dpy.Intents(guilds=True, voice_states=True), guild_ready_timeout=0.02)
        async with client, discord.running(client):
            channel = client.get_channel(place.id)
            assert isinstance(channel, dpy.VoiceChannel)
            yield Hall(discord, ana, place, channel)


async def until(voice: dpy.VoiceClient) -> None:
    """Until the client has the call's keys."""
    async with asyncio.timeout(60):
        while not voice.voice_privacy_code:  # noqa: ASYNC110  discord.py has no event for it
            await asyncio.sleep(0.01)


async def test_what_a_client_plays_is_what_a_listener_hears(hall: Hall) -> None:
    voice = await hall.channel.connect(timeout=60)
    await until(voice)
    voice.play(PacketSource(await packets_of(wav_bytes(TAKE), looped=False)))
    call = await hall.discord.voice.wait_call()
    await call.wait_silent()
    assert likeness(call.heard(), TAKE) > 0.98 and hall.discord.voice.findings == []
    await voice.disconnect()
    assert hall.discord.voice.where(hall.discord.bot) is None


async def test_who_sits_where_is_known_from_the_start_and_when_it_changes(hall: Hall) -> None:
    assert set(hall.channel.voice_states) == {hall.ana.id}
    assert [member.id for member in hall.channel.members] == [hall.ana.id]
    hall.ana.leave_voice()
    async with asyncio.timeout(60):
        while hall.channel.voice_states:  # noqa: ASYNC110  the client's own time
            await asyncio.sleep(0.01)


async def test_music_without_the_calls_keys_is_noticed(hall: Hall) -> None:
    hall.discord.voice.gives_keys = False
    voice = await hall.channel.connect(timeout=60)
    call = await hall.discord.voice.wait_call()
    voice.send_audio_packet(b"\xfc some music", encode=False)
    async with asyncio.timeout(60):
        while not call.findings:  # noqa: ASYNC110  the packet is on its way
            await asyncio.sleep(0.01)
    assert call.findings == ["music that is not encrypted end to end"] and call.packets == []
    await voice.disconnect()


async def test_packets_out_of_order_are_noticed(hall: Hall) -> None:
    hall.discord.voice.dave_version = 0
    voice = await hall.channel.connect(timeout=60)
    call = await hall.discord.voice.wait_call()
    voice.send_audio_packet(b"\xfc some music", encode=False)
    voice.sequence += 7
    voice.send_audio_packet(b"\xfc some music", encode=False)
    await call.wait_packets(2)
    assert len(call.findings) == 1 and "after packet (1, " in call.findings[0]
    await voice.disconnect()


async def test_a_client_without_end_to_end_encryption_is_not_let_in(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(davey, "DAVE_PROTOCOL_VERSION", 0)
    with pytest.raises(dpy.ConnectionClosed) as refused:
        await hall.channel.connect(timeout=60, reconnect=False)
    assert refused.value.code == 4017


@pytest.mark.parametrize("why", ["full", "denied"])
async def test_where_a_bot_may_not_go_discord_says_nothing(hall: Hall, why: str) -> None:
    if why == "full":
        hall.hall.user_limit = 1
    else:
        hall.hall.deny(hall.discord.bot, "connect")
    with pytest.raises(TimeoutError):
        await hall.channel.connect(timeout=0.3)
    assert hall.discord.voice.calls == []
