"""A stage for tests of commands and views: the real client in simcord, over the stand-in service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.client import BandmateClient, DiscordConfig
from bot.intake import Downloads
from generation.errors import BandmateError
from tests.support.discord_server.clock import HANG_S
from tests.support.fake_service import FakeService

OGG = ("voice-message.ogg", b"OggS fake voice message")


class SimulatedDownloads(Downloads):
    """Reads from simcord's CDN, which has no address; size limits and sentences stay the real ones."""

    client: discord.Client

    async def __aenter__(self) -> SimulatedDownloads:
        return self

    async def _fetch(self, url: str, name: str) -> bytes:
        return bytes(await self.client.http.get_from_cdn(url))


@dataclass
class Stage:
    """A guild with a channel and two members, and the bot in it."""

    env: simcord.Env
    service: FakeService
    client: BandmateClient
    config: DiscordConfig
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    alice: simcord.MemberActor
    bob: simcord.MemberActor

    expects_unforeseen: bool = False

    def foresees(self, error: Exception) -> bool:
        """Whether the bot is meant to meet this error: a sentence for people, or an answer that came too late."""
        gone = isinstance(error, discord.HTTPException) and error.code in (10062, 40060)
        return self.expects_unforeseen or gone or isinstance(error, BandmateError)

    def messages(self) -> list[discord.Message]:
        """What is in the channel, oldest first."""
        return sorted(self.channel.history(), key=lambda message: message.id)

    def takes(self) -> list[discord.Message]:
        """The messages with audio in the channel."""
        return [message for message in self.messages() if message.attachments]

    def edits(self) -> int:
        """How often the bot has edited a message by an interaction's token."""
        return sum(entry.method == "PATCH" and "/webhooks/" in entry.path for entry in self.env.http_requests)

    @staticmethod
    def labels(message: discord.Message) -> list[str]:
        """The labels of a message's buttons."""
        return [button.label for row in message.components for button in row.children]

    def callbacks(self) -> list[int]:
        """The types of the bot's first answers to interactions, in order (5 is a deferral)."""
        return [entry.json["type"] for entry in self.env.http_requests if entry.path.endswith("/callback")]

    async def restart(self) -> None:
        """A new process: a new client over the same ledger."""
        self.service.new_run()
        self.client = make_client(self.service, self.config)
        await self.env.restart_bot(self.client)

    async def made(self, remarks: tuple[str, ...] = ()) -> discord.Message:
        """The newest job is made and posted; its message."""
        self.service.finish(self.service.last_job_id, remarks)
        await self.env.settle()
        return self.takes()[-1]


class PatientEnv(simcord.Env):
    """simcord's Discord, in which a slow machine takes longer and no more.

    Its `settle_timeout` says which waits are virtual (longer ones: only advance_time ends them), and how long the bot
    may take to come to rest; the second is HANG_S here.
    """

    async def _settle_internal(self, **how: Any) -> None:
        settle = super()._settle_internal
        await _insisting(lambda: settle(**how), lambda: settle(**{**how, "_deadline": None}))

    async def _advance_to(self, target: float, deadline: float) -> None:
        advance, now_s = super()._advance_to, asyncio.get_running_loop().time
        await _insisting(lambda: advance(target, deadline), lambda: advance(target, now_s() + self.settle_timeout))


async def _insisting(first: Callable[[], Awaitable[None]], again: Callable[[], Awaitable[None]]) -> None:
    """The first, and after a TimeoutError the other one again and again, up to HANG_S."""
    attempt, give_up_at = first, time.monotonic() + HANG_S
    while True:
        try:
            return await attempt()
        except TimeoutError:
            if time.monotonic() > give_up_at:
                raise
            attempt = again


def original_of(error: BaseException) -> Exception:
    """The error inside discord.py's wrapper."""
    original = error.original if isinstance(error, discord.app_commands.CommandInvokeError) else error
    if not isinstance(original, Exception):
        raise original
    return original


def make_client(service: FakeService, config: DiscordConfig) -> BandmateClient:
    client = BandmateClient(service, config)  # type: ignore[arg-type]
    downloads = SimulatedDownloads(config.max_upload_bytes)
    downloads.client = client
    client.downloads = downloads
    return client


@asynccontextmanager
async def open_stage(tmp_path: Path, **settings: Any) -> AsyncIterator[Stage]:
    """The bot, ready, in a guild."""
    service = FakeService()
    config = DiscordConfig(tmp_path / "synced.json", guild_ready_timeout_s=0, **settings)
    client = make_client(service, config)
    env = PatientEnv(client, settle_timeout=3)
    service.wait = lambda awaitable, reason: env.external_wait(awaitable, reason=reason)  # type: ignore[method-assign]
    service.jams.rooms.clock = lambda: env.now().timestamp()
    await env.start()
    try:
        guild = env.create_guild("Jam server")
        channel = guild.create_text_channel("jam")
        alice = guild.add_member(env.create_user("alice"))
        bob = guild.add_member(env.create_user("bob"))
        opened = Stage(env, service, client, config, guild, channel, alice, bob)
        yield opened
        unforeseen = [error for error in map(original_of, env.errors) if not opened.foresees(error)]
        if unforeseen:
            raise ExceptionGroup("the bot raised what it has no sentence for", unforeseen)
    finally:
        await env.shutdown()
