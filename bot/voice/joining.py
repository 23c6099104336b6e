"""Into a voice channel and out of it again, each within a time; not a note goes out before it is encrypted."""

from __future__ import annotations

import asyncio
import logging

import discord
from discord.types.voice import GuildVoiceState
from discord.voice_state import ConnectionFlowState

from bot.network import STUMBLES
from generation.errors import BandmateError

log = logging.getLogger(__name__)

JOIN_LIMIT_S, JOIN_TRIES = 8.0, 2
"""It takes a second at most; once in a while a part of the handshake is lost, and all has to be done anew."""
LEAVE_LIMIT_S = 5.0
KEYS_LIMIT_S = 10.0
"""From the connection to the call's keys: the others' clients have to agree to us."""
LOOK_EVERY_S = 0.02
"""One packet's time."""


class VoiceUnavailable(BandmateError):
    """Discord's voice server could not be reached, or would not have us."""


class EncryptedVoice(discord.VoiceClient):
    """discord.py's voice client, but music waits for the keys of the call (DAVE, https://daveprotocol.com).

    Without them, at first and after each reconnection, discord.py sends it without end-to-end encryption: those in the
    call would hear nothing, and others might.

    And a try after one that was given up works: discord.py takes Discord's late goodbye to the first for the end of the
    second, and guards against it by waiting for that goodbye where it can't hear it any more, as long as a whole try.
    """

    @property
    def has_keys(self) -> bool:
        """Whether what is sent is encrypted end to end, or Discord does not ask for it (version 0)."""
        return not self._connection.dave_protocol_version or bool(self.voice_privacy_code)

    async def on_voice_state_update(self, data: GuildVoiceState, /) -> None:
        """Where Discord says that we are. Who is just coming in can't have been thrown out: that was the try before."""
        connection = self._connection
        is_coming_in = connection.state not in (ConnectionFlowState.connected, ConnectionFlowState.disconnected)
        if not data["channel_id"] and is_coming_in and not connection._expecting_disconnect:
            return
        await super().on_voice_state_update(data)

    async def disconnect(self, *, force: bool = False) -> None:
        """Leave the channel, if this is still the connection there."""
        if self.guild.voice_client is self:
            await super().disconnect(force=force)

    def send_audio_packet(self, data: bytes, *, encode: bool = True) -> None:
        """Send 20 ms of music; without keys they are dropped. Called by the player's thread."""
        if self.has_keys:
            super().send_audio_packet(data, encode=encode)


async def join(channel: discord.VoiceChannel) -> EncryptedVoice:
    """Connected, and able to send what all in the call can decrypt. Raises VoiceUnavailable."""
    voice = await _connected(channel)
    if not await _gets_keys(voice):
        log.warning("voice channel %s: no keys for the call within %.0f s", channel.id, KEYS_LIMIT_S)
        await leave(voice)
        raise VoiceUnavailable("The call's encryption could not be agreed on: try again in a minute.")
    return voice


async def _connected(channel: discord.VoiceChannel) -> EncryptedVoice:
    for tries_left in reversed(range(JOIN_TRIES)):
        left_over = channel.guild.voice_client
        if left_over is not None:  # of a try that broke off
            await leave(left_over)
        try:
            return await channel.connect(timeout=JOIN_LIMIT_S, self_deaf=True, cls=EncryptedVoice)
        except (discord.ClientException, *STUMBLES) as error:
            log.warning("voice channel %s can't be joined, %d more tries: %r", channel.id, tries_left, error)
    raise VoiceUnavailable("I could not get into your voice channel: try again in a minute.")


async def _gets_keys(voice: EncryptedVoice) -> bool:
    try:
        async with asyncio.timeout(KEYS_LIMIT_S):
            while voice.is_connected() and not voice.has_keys:  # noqa: ASYNC110  discord.py has no event for it
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        return False
    return voice.is_connected()


async def leave(voice: discord.VoiceProtocol) -> None:
    """Out of the channel; a Discord that says nothing to it is not waited for."""
    try:
        async with asyncio.timeout(LEAVE_LIMIT_S):
            await voice.disconnect(force=True)
    except (discord.ClientException, *STUMBLES) as error:
        log.info("left a voice channel without a goodbye: %r", error)
