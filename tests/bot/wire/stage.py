"""A stage with real parts: the unmodified client over sockets, the real service and its worker process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.client import BandmateClient, DiscordConfig
from generation.engines import EngineOptions
from generation.service import Service, ServiceConfig
from tests.support.clips import encoded, little_song
from tests.support.discord_server import Attachment, Channel, DiscordServer, Guild, Message, User
from tests.support.scripted_engine import let_go


@dataclass
class WireStage:
    """A guild with a channel and two members, and the bot in it."""

    discord: DiscordServer
    service: Service
    config: DiscordConfig
    guild: Guild
    channel: Channel
    alice: User
    bob: User

    def results(self) -> list[Message]:
        """The messages with takes in the channel."""
        return [message for message in self.channel.messages if message.attachments]

    def let_go(self) -> None:
        """The job that the scripted engine holds, or the next one, goes on to its end."""
        let_go(Path(self.service._config.engines["scripted"].values["folder"]))

    @asynccontextmanager
    async def running_bot(self) -> AsyncIterator[BandmateClient]:
        """A client, ready; another call makes a new one over the same ledger."""
        client = BandmateClient(self.service, self.config)
        async with client, self.discord.running(client):
            yield client


def scripted(folder: Path) -> dict[str, Any]:
    """The service's settings for the engine that does what its prompt says."""
    marks = folder / "marks"
    marks.mkdir(exist_ok=True)
    return {
        "engines": {"scripted": EngineOptions({"folder": str(marks), "raw": True})},
        "preload_engines": ("scripted",),
        "engine_registry": "tests.support.scripted_engine",
        "poll_interval_s": 0.1,
        "stop_grace_s": 1.0,
    }


@asynccontextmanager
async def open_wire_stage(folder: Path, *, engine: str, **settings: Any) -> AsyncIterator[WireStage]:
    """The world, without a bot yet. Ends with a look at what Discord's own description says of the requests."""
    config = DiscordConfig(folder / "synced.json", default_engine=engine, guild_ready_timeout_s=0.02)
    async with DiscordServer(seed=1) as discord:
        guild = discord.add_guild("Jam server")
        channel = guild.add_channel("jam")
        alice, bob = discord.add_user("alice", guild), discord.add_user("bob", guild)
        async with Service(ServiceConfig(folder / "data", threads_per_worker=1, **settings)) as service:
            yield WireStage(discord, service, config, guild, channel, alice, bob)
        assert discord.hard_findings == []


def voice_message(tempo_bpm: float = 100, tonic: int = 7, mode: str = "major") -> Attachment:
    """Four bars as Discord records them."""
    song = little_song(tempo_bpm, tonic, mode, num_bars=4, rate_hz=48_000)
    data = encoded(song, "ogg-opus")
    return Attachment("voice-message.ogg", data, "audio/ogg", voice=True, duration_s=song.duration_s)


def has_take(message: Message) -> bool:
    """Whether a message carries files."""
    return bool(message.attachments)
