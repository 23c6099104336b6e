"""A Discord of our own on loopback: what a test starts, and asks afterwards what happened.

async with DiscordServer(seed=1) as discord:
    guild = discord.add_guild("Jam")
    channel = guild.add_channel("general")
    ana = discord.add_user("ana", guild)
    async with discord.running(client):
        interaction = await ana.slash(channel, "restyle", prompt="lo-fi", clip=Attachment("hum.ogg", data))
        message = await channel.wait_for_message(lambda message: message.attachments)
        audio = await discord.download(message.attachments[0])
    assert discord.hard_findings == []
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aiohttp import ClientSession, web

from . import acting, payloads, posting, rest
from . import routes as _registered  # noqa: F401 - importing it adds the routes to the router
from .cdn import DEFAULT_LIFE_S, Cdn
from .clock import HANG_S, Clock, Snowflakes
from .commands import Commands
from .faults import Faults
from .gateway import MESSAGE_CONTENT, Gateway
from .interactions import ACKNOWLEDGE_WITHIN_S, TOKEN_LIFE_S, Interaction
from .messages import Attachment, Message, StoredFile
from .openapi import Checker, Finding
from .people import Role, User
from .permissions import DEFAULT_EVERYONE
from .places import DM, Channel, Guild
from .ratelimits import GENEROUS, RateLimits, Rule
from .records import Recorded
from .redirect import redirected
from .voice import Voice

if TYPE_CHECKING:
    import discord


class DiscordServer:
    """Gateway, REST and CDN on one port of 127.0.0.1, and the world that they speak of."""

    def __init__(
        self,
        seed: int = 0,
        *,
        token: str = "wire-level-test-token",
        bot_name: str = "bandmate",
        privileged_intents: int = 0,
        heartbeat_interval_s: float = 41.25,
        acknowledge_within_s: float = ACKNOWLEDGE_WITHIN_S,
        token_life_s: float = TOKEN_LIFE_S,
        cdn_life_s: float = DEFAULT_LIFE_S,
        rate_limits: tuple[Rule, ...] = GENEROUS,
        openapi: Path | None = None,
        keep_bodies: bool = True,
    ) -> None:
        # keep_bodies=False: records without JSON, for runs of hours; read hard_findings now and then in these, for
        # the bodies that are still to be checked are kept until then.
        self.seed, self.token, self.privileged_intents = seed, token, privileged_intents
        self.acknowledge_within_s, self.token_life_s = acknowledge_within_s, token_life_s
        self.keep_bodies = keep_bodies
        self.delay_s = 0.0  # how long every answer takes, after the request has taken effect
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.gateway = Gateway(self, heartbeat_interval_s)
        self.faults = Faults(seed)
        self.rate_limits = RateLimits(rate_limits)
        self.cdn = Cdn(self, cdn_life_s)
        self.commands = Commands(self)
        self.voice = Voice(self)
        self.checker = Checker(openapi)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: list[Interaction] = []
        self.interactions_by_token: dict[str, Interaction] = {}
        self.requests: list[Recorded] = []
        self.downloads: list[str] = []
        self.application_description = ""
        self.operator = self.add_user("operator")
        self.bot = self.add_user(bot_name)
        self.bot.bot = True
        self.application_id = self.bot.id
        self.base_url = self.gateway_url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * rest.MAX_REQUEST_BYTES)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/", self.voice.serve)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self.cdn.serve)
        app.router.add_route("*", rest.API + "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2048)
        await site.start()
        await self.voice.open()
        port = self._runner.addresses[0][1]
        self.base_url, self.gateway_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.cdn.close()
        self.voice.close()

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        return await rest.serve(self, request)

    # The world.

    def add_guild(self, name: str = "Jam", **settings: Any) -> Guild:
        """A guild with the bot and the operator in it; settings: filesize_limit, locale."""
        everyone = Role(self.ids.next(), "@everyone", DEFAULT_EVERYONE)
        guild = Guild(self, everyone.id, name, self.operator, everyone, joined_at=self.clock.iso(), **settings)
        guild.roles[everyone.id] = everyone
        self.guilds[guild.id] = guild
        guild.add_member(self.operator)
        guild.add_member(self.bot)
        self.gateway.dispatch("GUILD_CREATE", lambda: payloads.guild_create(guild))
        return guild

    def add_user(self, name: str, *guilds: Guild, **settings: Any) -> User:
        """A person, a member of these guilds; settings: locale, dms_open, bot."""
        user = User(self, self.ids.next(), name, **settings)
        self.users[user.id] = user
        for guild in guilds:
            guild.add_member(user)
        return user

    def dm_with(self, user: User) -> Channel:
        """The direct messages of a user with the bot, opened when first asked for."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self, self.ids.next(), DM, f"dm of {user.name}", recipient=user)
        self.channels[channel.id] = channel
        return channel

    def upload(self, channel: Channel, upload: Attachment) -> StoredFile:
        """Keep a person's file in the CDN."""
        file = self.cdn.store(channel.id, upload.name, upload.data, upload.content_type)
        file.description = upload.description
        if upload.reported_size is not None:
            file.size = upload.reported_size
        if upload.voice:
            file.duration_s, file.waveform = upload.duration_s, acting.waveform(upload)
        return file

    def remove_message(self, message: Message) -> None:
        posting.remove(message)

    @property
    def application_flags(self) -> int:
        """Flags that tell which privileged intents were granted (reference "Application Flags")."""
        return 1 << 19 if self.privileged_intents & MESSAGE_CONTENT else 0

    # What a test asks.

    @property
    def hard_findings(self) -> list[Finding]:
        """Where a request (or an answer of this server) departs from Discord's own description of its API."""
        return self.checker.hard_findings

    def requests_to(self, method: str, template_part: str) -> list[Recorded]:
        """All requests of a method whose template contains this, in order."""
        return [each for each in self.requests if each.method == method and template_part in each.template]

    @property
    def acknowledge_times_s(self) -> list[float]:
        """Seconds from event to acknowledgement of all interactions that were acknowledged."""
        return [each.acknowledged_after_s for each in self.interactions if each.acknowledged_after_s is not None]

    async def download(self, file: StoredFile) -> bytes:
        """A file's bytes, fetched over HTTP with a URL signed now. Raises aiohttp.ClientResponseError."""
        async with ClientSession(raise_for_status=True) as session, session.get(self.cdn.url(file)) as response:
            return await response.read()

    # Clients.

    @contextmanager
    def redirected(self) -> Iterator[None]:
        """Within it discord.py in this process speaks to this server."""
        with redirected(self.base_url):
            yield

    @asynccontextmanager
    async def running(self, client: discord.Client, timeout: float = HANG_S) -> AsyncIterator[discord.Client]:  # noqa: ASYNC109
        """Start a client in this process, wait until it is ready, and close it in the end."""
        with self.redirected():
            try:
                await client.login(self.token)
                connection = asyncio.create_task(client.connect())
                try:
                    await _ready(client, connection, timeout)
                    yield client
                finally:
                    await client.close()
                    await connection
            finally:
                await client.close()


async def _ready(client: discord.Client, connection: asyncio.Task[None], timeout_s: float) -> None:
    """Until the client is ready. Raises TimeoutError; what the connection died of is raised by awaiting it."""
    ready = asyncio.create_task(client.wait_until_ready())
    done, _ = await asyncio.wait({ready, connection}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    if ready not in done:
        ready.cancel()
    if not done:
        raise TimeoutError(f"the client was not ready within {timeout_s} s")
    if connection in done:
        await connection
