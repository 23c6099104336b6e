"""Two voice channels on the wire-level Discord, the real client with the stand-in service, and what is done there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.client import BandmateClient, DiscordConfig
from generation.clip import Clip
from tests.support.clips import wav_bytes
from tests.support.discord_server import Channel, DiscordServer, Guild, Message, User
from tests.support.discord_server.places import VOICE
from tests.support.discord_server.voice import Voice
from tests.support.fake_service import FakeService
from tests.support.scripted_engine import notes

FIRST, SECOND = notes(1, 1.234), notes(2, 0.917)
"""Takes of Alice's; none is a whole number of packets long."""


@dataclass
class Lounge:
    """Alice sits in the lounge, Bob in the attic, Mod (who may manage messages) in none; Alice has made a take."""

    discord: DiscordServer
    bot: BandmateClient
    service: FakeService
    guild: Guild
    channel: Channel
    lounge: Channel
    attic: Channel
    alice: User
    bob: User
    mod: User

    @property
    def voice(self) -> Voice:
        return self.discord.voice

    def bot_is_in(self) -> Channel | None:
        return self.voice.where(self.discord.bot)

    def brings(self, clip: Clip) -> None:
        """What every take sounds like from now on."""
        self.service.file_bytes = self.service.jams.mix_bytes = wav_bytes(clip)

    async def play(self, who: User, where: Channel | None = None, **options: object) -> Message:
        """Play something; the answer with its buttons."""
        asked = await who.slash(where or self.channel, "play", dict(options))
        return await asked.wait_response(lambda message: "Stop" in message.labels)

    async def told(self, who: User, command: str = "play", where: Channel | None = None, **options: object) -> str:
        """Use a command that answers in words alone."""
        asked = await who.slash(where or self.channel, command, dict(options))
        answer = await asked.wait_response(lambda message: bool(message.content))
        assert answer.labels == []
        return answer.content.replace("\\", "")  # as Discord shows it

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds that the server has no event for. Raises TimeoutError."""
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110  another side's state
                await asyncio.sleep(0.02)

    async def until_gone(self) -> None:
        await self.until(lambda: self.bot_is_in() is None)


@asynccontextmanager
async def open_lounge(folder: Path) -> AsyncIterator[Lounge]:
    """The bot, ready. Ends with a look at Discord's rules: none was broken."""
    async with DiscordServer(seed=1) as discord:
        guild = discord.add_guild("Jam server")
        channel = guild.add_channel("jam")
        lounge, attic = guild.add_channel("lounge", VOICE), guild.add_channel("attic", VOICE)
        alice, bob, mod = (discord.add_user(name, guild) for name in ("alice", "bob", "mod"))
        guild.members[mod.id].role_ids.append(guild.add_role("Mods", "manage_messages").id)
        alice.join_voice(lounge)
        bob.join_voice(attic)
        service = FakeService()
        client = BandmateClient(service, DiscordConfig(folder / "synced.json", guild_ready_timeout_s=0.02))  # type: ignore[arg-type]
        async with client, discord.running(client):
            opened = Lounge(discord, client, service, guild, channel, lounge, attic, alice, bob, mod)
            opened.brings(FIRST)
            await alice.slash(channel, "compose", prompt="slow blues")
            await opened.until(lambda: service.jobs)
            service.finish(service.last_job_id)
            await channel.wait_for_message(lambda message: bool(message.attachments))
            yield opened
        assert discord.voice.findings == [], discord.voice.findings[:5]
        assert discord.hard_findings == [], discord.hard_findings[:5]
