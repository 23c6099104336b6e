"""Into a voice channel and out of it again, each within a time; not a note goes out before it is encrypted."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.network import STUMBLES
from generation.errors import BandmateError

log = logging.getLogger(__name__)

JOIN_LIMIT_S = 20.0
LEAVE_LIMIT_S = 5.0
ENCRYPTION_LIMIT_S = 10.0
"""From the connection to the call's keys: the others' clients have to agree to us."""
LOOK_EVERY_S = 0.02
"""One packet's time."""


class VoiceUnavailable(BandmateError):
    """Discord's voice server could not be reached, or would not have us."""


async def join(channel: discord.VoiceChannel) -> discord.VoiceClient:
    """Connected, and able to send what all in the call can decrypt. Raises VoiceUnavailable."""
    left_over = channel.guild.voice_client
    if left_over is not None:  # of a try that broke off
        await leave(left_over)
    try:
        voice = await channel.connect(timeout=JOIN_LIMIT_S, self_deaf=True)
    except (discord.ClientException, *STUMBLES) as error:
        log.warning("voice channel %s can't be joined: %r", channel.id, error)
        raise VoiceUnavailable("I could not get into your voice channel: try again in a minute.") from error
    if not await _is_encrypted(voice):
        log.warning("voice channel %s: no keys for the call within %.0f s", channel.id, ENCRYPTION_LIMIT_S)
        await leave(voice)
        raise VoiceUnavailable("The call's encryption could not be agreed on: try again in a minute.")
    return voice


async def _is_encrypted(voice: discord.VoiceClient) -> bool:
    """Wait for the keys of the end-to-end encryption (DAVE). Until then discord.py would send the music without it, and
    nobody would hear it. Without a word where Discord asks for none (version 0: stages)."""
    try:
        async with asyncio.timeout(ENCRYPTION_LIMIT_S):
            while _lacks_keys(voice):  # noqa: ASYNC110  discord.py has no event for it
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        return False
    return voice.is_connected()


def _lacks_keys(voice: discord.VoiceClient) -> bool:
    is_asked_for = voice._connection.dave_protocol_version > 0
    return voice.is_connected() and is_asked_for and not voice.voice_privacy_code


async def leave(voice: discord.VoiceProtocol) -> None:
    """Out of the channel; a Discord that says nothing to it is not waited for."""
    try:
        await asyncio.wait_for(voice.disconnect(force=True), LEAVE_LIMIT_S)
    except (discord.ClientException, *STUMBLES) as error:
        log.info("left a voice channel without a goodbye: %r", error)
