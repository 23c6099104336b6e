"""The real voice client against a voice server: what is heard is the take, encrypted end to end, from first to last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.client import BandmateClient
from generation.audio.store import AudioStore
from generation.clip import Clip
from tests.bot.wire.stage import WireStage, open_wire_stage, scripted
from tests.support.bot_process import bot_process
from tests.support.discord_server import Channel, DiscordServer, Message
from tests.support.discord_server.places import VOICE
from tests.support.listening import likeness
from tests.support.scripted_bot import scripted_settings

PACKET_S = 0.02
TAKE_S = 1.234
"""Not a whole number of packets."""


@dataclass
class Lounge:
    """Alice sits in a voice channel, Bob in another; Alice has made a take."""

    stage: WireStage
    bot: BandmateClient
    lounge: Channel
    attic: Channel
    take: Message

    @property
    def take_id(self) -> str:
        return str(self.take.buttons[0]["custom_id"]).rsplit(":", 1)[1]

    async def made(self) -> Clip:
        """The take as it lies in the store."""
        take = await self.stage.service.take(self.take_id)
        return AudioStore(self.stage.service._config.audio_folder).get(take.audio_hash)

    async def play(self, **options: object) -> Message:
        """Alice plays it; the answer with its buttons."""
        asked = await self.stage.alice.slash(self.stage.channel, "play", dict(options))
        return await asked.wait_response(lambda message: "Stop" in message.labels)


@pytest.fixture
async def lounge(tmp_path: Path) -> AsyncIterator[Lounge]:
    async with (
        open_wire_stage(tmp_path, engine="scripted", **scripted(tmp_path)) as stage,
        stage.running_bot() as bot,
    ):
        rooms = [stage.guild.add_channel(name, VOICE) for name in ("lounge", "attic")]
        stage.alice.join_voice(rooms[0])
        await stage.alice.slash(stage.channel, "compose", prompt=f"notes {TAKE_S}", seed=3)
        take = await stage.channel.wait_for_message(lambda message: bool(message.attachments))
        yield Lounge(stage, bot, *rooms, take)
        assert stage.discord.voice.findings == []


async def test_what_is_heard_is_the_take(lounge: Lounge) -> None:
    answer = await lounge.play(take=lounge.take_id)
    assert f"In <#{lounge.lounge.id}>" in answer.content and lounge.take_id in answer.content
    assert answer.labels == ["Stop", "Loop"]
    call = await lounge.stage.discord.voice.wait_call()
    await call.wait_silent()
    made, heard = await lounge.made(), call.heard()
    assert heard.shape[1] / 48_000 == pytest.approx(made.duration_s, abs=2 * PACKET_S)
    assert likeness(heard, made) > 0.98
    assert call.speaking[:2] == [0, 1]


async def test_sigterm_while_it_plays(tmp_path: Path) -> None:
    settings = scripted_settings(tmp_path / "marks")
    program = ("tests.support.scripted_bot", "--deaf")
    async with DiscordServer(seed=2) as discord:
        guild = discord.add_guild()
        channel, lounge = guild.add_channel(), guild.add_channel("lounge", VOICE)
        alice = discord.add_user("alice", guild)
        alice.join_voice(lounge)
        async with bot_process(discord, tmp_path / "data", program=program, **settings) as process:
            async with asyncio.timeout(60):
                while "engine loaded" not in process.log.read_text():  # noqa: ASYNC110  another process' state
                    await asyncio.sleep(0.1)
            await alice.slash(channel, "compose", prompt=f"notes {TAKE_S}")
            await channel.wait_for_message(lambda message: bool(message.attachments), timeout=60)
            await alice.slash(channel, "play", loop=True)
            call = await discord.voice.wait_call(timeout=60)
            await call.wait_packets(10)
            assert await process.stop() == 0
        assert call.ended.is_set() and discord.voice.where(discord.bot) is None
        assert "Traceback" not in process.log.read_text()
        assert discord.voice.findings == [] and discord.hard_findings == []
