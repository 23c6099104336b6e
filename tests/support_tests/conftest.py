"""A server with a guild, a channel and a person for every test; every test ends without hard findings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.support.discord_server import Channel, DiscordServer, Guild, User

from .small_bot import SmallBot


@dataclass
class Scene:
    """What most tests act in."""

    discord: DiscordServer
    guild: Guild
    channel: Channel
    ana: User
    bot: SmallBot


@pytest.fixture
async def discord_server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(seed=1) as server:
        yield server
    assert server.hard_findings == []
    assert server.checker.off or server.checker.num_checked >= len(server.requests)


@pytest.fixture
async def scene(discord_server: DiscordServer) -> AsyncIterator[Scene]:
    """A small bot that is connected and has synced its commands."""
    guild = discord_server.add_guild("Jam")
    channel = guild.add_channel("general")
    ana = discord_server.add_user("ana", guild)
    bot = SmallBot()
    async with discord_server.running(bot):
        yield Scene(discord_server, guild, channel, ana, bot)
