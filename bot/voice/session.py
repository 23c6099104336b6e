"""One server's player: the connection to its voice channel, and what plays there now."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field

import discord

from bot.voice.joining import leave
from bot.voice.pieces import Piece
from bot.voice.places import has_listeners
from bot.voice.source import PacketSource

log = logging.getLogger(__name__)

STOP_LIMIT_S = 2.0
"""discord.py's player thread looks every 20 ms whether it is to stop."""


@dataclass(eq=False, slots=True)
class Playing:
    """A piece from its first note to its last. `play_id` is in the buttons under its message; `message` is that
    message (channel and message id) once it is there; `ended` is set when nothing of it is heard any more."""

    piece: Piece
    source: PacketSource
    play_id: str = field(default_factory=lambda: secrets.token_hex(8))
    message: asyncio.Future[tuple[int, int]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def shown_in(self, channel_id: int, message_id: int) -> None:
        """The message that tells of it and has its buttons."""
        if not self.message.done():
            self.message.set_result((channel_id, message_id))


class Session:
    """From joining to leaving. Moderators may move or throw out the bot meanwhile: `channel` is where it is now."""

    def __init__(self, voice: discord.VoiceClient) -> None:
        self.voice = voice
        self.now: Playing | None = None
        self._left = asyncio.Event()

    @property
    def channel(self) -> discord.VoiceChannel | discord.StageChannel:
        """Where it plays."""
        return self.voice.channel

    @property
    def is_heard(self) -> bool:
        """Whether something plays and somebody listens."""
        return self.now is not None and not self.now.ended.is_set() and has_listeners(self.channel)

    async def play(self, playing: Playing) -> None:
        """Begin; what played before ends. Raises discord.ClientException when the connection is gone."""
        await self.stop()
        self.now = playing
        loop = asyncio.get_running_loop()

        def after(error: Exception | None) -> None:  # in the player's thread
            if error is not None:
                log.error("playing broke off", exc_info=error)
            loop.call_soon_threadsafe(playing.ended.set)

        self.voice.play(playing.source, after=after)

    async def stop(self) -> None:
        """End what plays, and wait until its last packet is out: two players would mix up the packets' numbers."""
        playing = self.now
        self.voice.stop()
        if playing is not None:
            try:
                async with asyncio.timeout(STOP_LIMIT_S):
                    await playing.ended.wait()
            except TimeoutError:
                log.warning("the player of %s did not end", playing.play_id)
                playing.ended.set()

    async def has_left_within(self, limit_s: float) -> bool:
        """Whether it ends within this time."""
        try:
            async with asyncio.timeout(limit_s):
                await self._left.wait()
        except TimeoutError:
            return False
        return True

    async def end(self) -> None:
        """Stop and leave. What a moderator has thrown out already is not told to leave."""
        self._left.set()
        await self.stop()
        if self.voice.guild.voice_client is self.voice:
            await leave(self.voice)
