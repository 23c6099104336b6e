"""The client's hand on its voice channels: at most one player a server, which leaves when nobody needs it.

Nothing of it is kept: a bot that starts again plays nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import discord

from bot.network import STUMBLES
from bot.voice.joining import VoiceUnavailable, join
from bot.voice.packets import Packets, packets_of
from bot.voice.pieces import Piece
from bot.voice.places import has_listeners
from bot.voice.session import Playing, Session
from bot.voice.source import PacketSource
from generation.errors import RequestRefused

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

LINGER_S = 60.0
"""So long after the last note the bot stays, for whoever wants to hear the next thing."""
MAX_ENCODINGS = 1
"""A long take needs some hundred megabytes while it is encoded."""
ANSWER_LIMIT_S = 30.0
"""So long a message with buttons may take to appear after its music began."""
CLOSE_LIMIT_S = 5.0
"""So long the last buttons may take to go, when the bot ends."""


class VoiceDesk:
    """Made with the client; `close` when it leaves."""

    def __init__(self, client: BandmateClient, linger_s: float = LINGER_S) -> None:
        self._client, self.linger_s = client, linger_s
        self._sessions: dict[int, Session] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._encoding = asyncio.Semaphore(MAX_ENCODINGS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self, channel: discord.VoiceChannel, piece: Piece, *, looped: bool) -> Playing:
        """Join the channel and begin. What plays there ends; who hears it has asked for it.

        Raises BandmateError: others listen elsewhere, the piece can't be had, Discord does not let us in.
        """
        self._require_free(channel)
        source = PacketSource(await self._packets_of(piece, looped=looped))
        async with self._locks[channel.guild.id]:
            self._require_free(channel)
            session, playing = await self._joined(channel), Playing(piece, source)
            await self._begin(session, playing)
        self._spawn(self._follow(session, playing))
        return playing

    def session_in(self, guild_id: int | None) -> Session:
        """The player of a server, which may be waiting for the next piece. Raises RequestRefused."""
        session = self._sessions.get(guild_id or 0)
        if session is None:
            raise RequestRefused("Nothing plays here just now.")
        return session

    def find(self, guild_id: int | None, play_id: str) -> tuple[Session, Playing]:
        """What plays in a server, if it is what was asked about. Raises RequestRefused."""
        session = self._sessions.get(guild_id or 0)
        playing = None if session is None else session.now
        if session is None or playing is None or playing.ended.is_set() or playing.play_id != play_id:
            raise RequestRefused("That does not play any more.")
        return session, playing

    async def set_looped(self, playing: Playing, looped: bool) -> None:
        """Go on without end from here, or end with this pass. Raises BandmateError when the piece may not be had any
        more, RequestRefused when it ended meanwhile."""
        if looped and playing.source.packets.per_pass is None:
            packets = await self._packets_of(playing.piece, looped=True)
            if playing.ended.is_set():
                raise RequestRefused("That does not play any more.")
            playing.source.packets = packets
        playing.source.looped = looped

    async def stop(self, session: Session) -> None:
        """Silence, and out of the channel."""
        async with self._locks[session.voice.guild.id]:
            await self._end(session)

    def withdraw(self, *, take_id: str = "", person_id: str = "") -> None:
        """Stop what has this take in it, or anything of this person: it was taken back."""
        for session in list(self._sessions.values()):
            piece = None if session.now is None else session.now.piece
            if piece is not None and (take_id in piece.take_ids or person_id in piece.person_ids):
                self._spawn(self.stop(session))

    def on_people_moved(self, guild: discord.Guild) -> None:
        """Somebody came or went: nobody is played to in an empty channel."""
        session = self._sessions.get(guild.id)
        if session is not None and not has_listeners(session.channel):
            self._spawn(self.stop(session))

    async def close(self) -> None:
        """Out of every channel. The client takes nothing new by then."""
        await asyncio.gather(*(self.stop(session) for session in list(self._sessions.values())))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_LIMIT_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _require_free(self, channel: discord.VoiceChannel) -> None:
        session = self._sessions.get(channel.guild.id)
        if session is not None and session.channel != channel and session.is_heard:
            raise RequestRefused("Others listen to me in another voice channel: wait until it ends there.")

    def _require_use(self, session: Session) -> None:
        """Raises RequestRefused when in the meantime everybody has gone, or the bot is ending."""
        if self._client.is_closing:
            raise RequestRefused("I'm just restarting. Ask again in a minute.")
        if not has_listeners(session.channel):
            raise RequestRefused("Nobody is in the voice channel any more.")

    async def _packets_of(self, piece: Piece, *, looped: bool) -> Packets:
        async with self._encoding:
            wav = (await piece.render()).data
            return await packets_of(wav, looped=looped, ffmpeg=self._client.config.ffmpeg_path)

    async def _begin(self, session: Session, playing: Playing) -> None:
        try:
            self._require_use(session)
            await session.play(playing)
        except RequestRefused:
            await self._end(session)
            raise
        except discord.ClientException as error:
            await self._end(session)
            raise VoiceUnavailable("The voice channel was lost: try again.") from error

    async def _joined(self, channel: discord.VoiceChannel) -> Session:
        session = self._sessions.get(channel.guild.id)
        if session is not None and session.channel == channel and session.voice.is_connected():
            return session
        if session is not None:
            await self._end(session)
        session = Session(await join(channel))
        self._sessions[channel.guild.id] = session
        return session

    async def _end(self, session: Session) -> None:
        guild_id = session.voice.guild.id
        if self._sessions.get(guild_id) is session:
            del self._sessions[guild_id]
        await session.end()

    async def _follow(self, session: Session, playing: Playing) -> None:
        """Tell of the end; leave when nothing comes after it."""
        await playing.ended.wait()
        await self._tell_end(playing)
        if session.now is playing and not await session.has_left_within(self.linger_s) and session.now is playing:
            await self.stop(session)

    async def _tell_end(self, playing: Playing) -> None:
        """Take the buttons off the message."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                channel_id, message_id = await asyncio.shield(playing.message)
            channel = self._client.get_partial_messageable(channel_id)
            await channel.get_partial_message(message_id).edit(view=None)
        except (discord.HTTPException, *STUMBLES) as error:
            log.info("the buttons of %s stay: %r", playing.play_id, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="voice")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
