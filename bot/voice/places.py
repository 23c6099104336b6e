"""In which voice channel may be played, and who listens there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from generation.errors import RequestRefused

if TYPE_CHECKING:
    from bot.client import BandmateClient

_NEEDED = {"view_channel": "View Channel", "connect": "Connect", "speak": "Speak"}
"""What the bot needs in a voice channel, by discord.py's name and by the one in Discord's settings; without one, the
next can't be seen."""


def has_listeners(channel: discord.VoiceChannel | discord.StageChannel) -> bool:
    """Whether anybody sits in a voice channel who can hear; bots don't. Whom we know nothing of may be a person."""
    members = (channel.guild.get_member(user_id) for user_id in channel.voice_states)
    return any(member is None or not member.bot for member in members)


def channel_of(interaction: discord.Interaction[BandmateClient]) -> discord.VoiceChannel:
    """The voice channel that the person sits in, if the bot may play there. Raises RequestRefused with the reason."""
    state = interaction.user.voice if isinstance(interaction.user, discord.Member) else None
    channel = None if state is None else state.channel
    if channel is None:
        raise RequestRefused("Join a voice channel first: I play where you are.")
    if not isinstance(channel, discord.VoiceChannel):
        raise RequestRefused("I don't play on a stage: join a voice channel.")
    if channel == channel.guild.afk_channel:
        raise RequestRefused("Nobody hears anything in the AFK channel: join another one.")
    _require_permissions(channel)
    return channel


def _require_permissions(channel: discord.VoiceChannel) -> None:
    me = channel.guild.me
    granted = channel.permissions_for(me)
    for name, title in _NEEDED.items():
        if not getattr(granted, name):
            raise RequestRefused(f"In your voice channel I need {title}: a moderator can grant it.")
    is_full = channel.user_limit and len(channel.voice_states) >= channel.user_limit
    if is_full and me.id not in channel.voice_states and not granted.move_members:
        raise RequestRefused("Your voice channel is full: there is no place for me.")


def require_listener(
    interaction: discord.Interaction[BandmateClient], channel: discord.VoiceChannel | discord.StageChannel
) -> None:
    """Raises RequestRefused unless the person listens in the channel, or is a moderator."""
    state = interaction.user.voice if isinstance(interaction.user, discord.Member) else None
    if state is not None and state.channel == channel:
        return
    if interaction.permissions.manage_messages:
        return
    raise RequestRefused("Only those who listen in the voice channel and moderators (Manage Messages) can do that.")
