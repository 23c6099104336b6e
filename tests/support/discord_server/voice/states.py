"""Who sits in which voice channel, and how a bot is let into one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.support.discord_server import payloads, permissions

from .call import Call
from .udp import Receiver

if TYPE_CHECKING:
    from tests.support.discord_server.people import User
    from tests.support.discord_server.places import Channel, Guild
    from tests.support.discord_server.server import DiscordServer

GUILD_VOICE_STATES = 1 << 7


class Voice:
    """The voice side of the server; `calls` are the bot's connections, the newest last.

    dave_version: what the end-to-end encryption is announced with; Discord has let nobody in without it (0) since
    March 2026. answer_s: so long it takes until the bot hears of what it asked for. num_unanswered: to so many joins
    the voice server says nothing. gives_keys: False is a call in which nobody's client agrees to the bot.
    """

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self._places: dict[int, tuple[Channel, str]] = {}  # by user: where, and the id of the session there
        self.calls: list[Call] = []
        self.receiver = Receiver()
        self.dave_version = 1
        self.gives_keys = True
        self.answer_s = 0.0
        self.num_unanswered = 0
        self._called = asyncio.Event()

    async def open(self) -> None:
        await self.receiver.open()

    def close(self) -> None:
        self.receiver.close()

    @property
    def findings(self) -> list[str]:
        """Where the bot did not keep to Discord's rules."""
        return [finding for call in self.calls for finding in call.findings]

    def join(self, who: User, channel: Channel) -> None:
        """Somebody sits down in a voice channel, or changes to it."""
        self._places[who.id] = (channel, f"voice-{who.id}-{self.server.ids.next()}")
        self._announce(who, channel.guild)

    def leave(self, who: User) -> None:
        """Somebody goes; the bot, where a moderator throws it out."""
        channel, _ = self._places.pop(who.id)
        self._announce(who, channel.guild)
        if who is self.server.bot:
            self._hang_up(channel)

    def move(self, channel: Channel) -> None:
        """A moderator moves the bot."""
        before, _ = self._places[self.server.bot.id]
        self.join(self.server.bot, channel)
        self._hang_up(before)
        self._show_the_way(channel)

    def where(self, who: User) -> Channel | None:
        return self._places[who.id][0] if who.id in self._places else None

    def those_in(self, channel: Channel) -> list[User]:
        return [self.server.users[user_id] for user_id, (place, _) in self._places.items() if place is channel]

    def asked(self, wish: dict[str, Any]) -> None:
        """The bot's VOICE_STATE (op 4), in the order in which they come."""
        asyncio.get_running_loop().call_later(self.answer_s, self._answer, wish)

    def _answer(self, wish: dict[str, Any]) -> None:
        """Where the bot may not or can't, Discord says nothing at all."""
        bot, server = self.server.bot, self.server
        if wish["channel_id"] is None:
            if bot.id in self._places:
                channel, _ = self._places.pop(bot.id)
                self._announce(bot, channel.guild)
            return
        channel = server.channels[int(wish["channel_id"])]
        granted = permissions.allowed(bot, channel)
        is_full = bool(channel.user_limit) and len(self.those_in(channel)) >= channel.user_limit
        if not granted & permissions.bit("connect") or (is_full and not granted & permissions.bit("move_members")):
            return
        self.join(bot, channel)
        self._show_the_way(channel)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The voice gateway's websocket."""
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        waiting = [call for call in self.calls if call.socket is None]
        if request.query.get("v") != "8" or not waiting:
            await socket.close(code=4006)
            return socket
        await waiting[-1].converse(socket)
        return socket

    async def wait_call(self, number: int = 1, timeout: float = 60.0) -> Call:  # noqa: ASYNC109 - reads better in a test
        """The bot's connection with this number (from 1), once it is there. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while len(self.calls) < number:
                self._called.clear()
                await self._called.wait()
        return self.calls[number - 1]

    def payloads(self, guild: Guild) -> list[dict[str, Any]]:
        """What GUILD_CREATE says of it: without the members."""
        here = [who for who in self.server.users.values() if (place := self.where(who)) and place.guild is guild]
        return [self._state(who) for who in here]

    def members(self, guild: Guild) -> list[dict[str, Any]]:
        """The members in voice channels, who come with GUILD_CREATE whatever the intents are."""
        return [
            payloads.member(member)
            for member in guild.members.values()
            if (place := self.where(member.user)) and place.guild is guild
        ]

    def _show_the_way(self, channel: Channel) -> None:
        """VOICE_SERVER_UPDATE: where the voice server is."""
        if self.num_unanswered > 0 or channel.guild is None:
            self.num_unanswered -= 1
            return
        _, session_id = self._places[self.server.bot.id]
        call = Call(self, channel, session_id, f"token-{len(self.calls)}")
        self.calls.append(call)
        self._called.set()
        way = {"guild_id": str(channel.guild.id), "token": call.token, "endpoint": self.server.base_url[7:]}
        self.server.gateway.dispatch("VOICE_SERVER_UPDATE", way)

    def _hang_up(self, channel: Channel) -> None:
        for call in self.calls:
            if call.channel is channel:
                call.hang_up()

    def _announce(self, who: User, guild: Guild | None) -> None:
        if guild is not None:
            state = {**self._state(who), "guild_id": str(guild.id), "member": payloads.member(guild.members[who.id])}
            self.server.gateway.dispatch("VOICE_STATE_UPDATE", state, intent=GUILD_VOICE_STATES)

    def _state(self, who: User) -> dict[str, Any]:
        channel, session_id = self._places.get(who.id, (None, ""))
        flags = ("deaf", "mute", "self_deaf", "self_mute", "self_video", "suppress")
        return {
            "channel_id": None if channel is None else str(channel.id),
            "user_id": str(who.id),
            "session_id": session_id,
            "request_to_speak_timestamp": None,
            **dict.fromkeys(flags, False),
        }
