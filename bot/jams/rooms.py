"""From an interaction to the room it belongs to and the person who acts; opening a room's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord

from bot import answers, texts
from bot.errors import missing_permissions
from bot.preferences import FRONT_END
from generation.errors import RequestRefused
from generation.jam.frame import Frame
from generation.jam.room import Person, Room, require_open

if TYPE_CHECKING:
    from bot.client import BandmateClient

AUTO_ARCHIVE_MINUTES: Literal[10_080] = 10_080
"""A week without a word puts the thread away; the next word brings it back."""
MAX_TITLE_CHARACTERS = 60


def person_of(interaction: discord.Interaction[BandmateClient]) -> Person:
    """Who acts, as the rules of a room want it."""
    name = texts.plain(interaction.user.display_name, 40) or "somebody"
    return Person(str(interaction.user.id), name, interaction.permissions.manage_messages)


def person_of_member(member: discord.Member | discord.User) -> Person:
    """Somebody else, named in an option."""
    return Person(str(member.id), texts.plain(member.display_name, 40) or "somebody")


async def room_here(interaction: discord.Interaction[BandmateClient], *, open_only: bool = True) -> Room:
    """The room of this thread. Raises RequestRefused when there is none, or it is closed and must not be."""
    room = await interaction.client.service.jams.of_thread(FRONT_END, str(interaction.channel_id))
    if room is None:
        raise RequestRefused("This is no jam room: use it inside a room's thread. `/jam start` opens one.")
    if open_only:
        require_open(room)
    return room


async def room_by_id(interaction: discord.Interaction[BandmateClient], room_id: str) -> Room:
    """The open room of a button. The id comes from outside: only where the button may hang is it believed."""
    room = await interaction.client.service.jams.room(room_id)
    if room.thread_id != str(interaction.channel_id):
        raise RequestRefused("That button belongs to another room.")
    require_open(room)
    return room


def text_channel_of(interaction: discord.Interaction[BandmateClient]) -> discord.TextChannel:
    """The channel in which a thread can be opened. Raises RequestRefused with what is in the way."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        raise RequestRefused("A room opens from a channel, not inside a thread: go to the channel above.")
    if not isinstance(channel, discord.TextChannel):
        raise RequestRefused("A room opens in a text channel of a server.")
    granted = interaction.app_permissions
    missing = missing_permissions(granted, in_thread=True)
    if not granted.create_public_threads:
        missing.append("Create Public Threads")
    if missing:
        raise RequestRefused(f"For a room I need {', '.join(missing)} in this channel: a moderator can grant it.")
    return channel


async def open_thread_room(
    interaction: discord.Interaction[BandmateClient], channel: discord.TextChannel, frame: Frame, title: str
) -> Room:
    """A thread and the room that it is. Raises discord.HTTPException."""
    shown = texts.plain(title, MAX_TITLE_CHARACTERS) or f"Jam of {person_of(interaction).name}"
    thread = await channel.create_thread(
        name=shown, type=discord.ChannelType.public_thread, auto_archive_duration=AUTO_ARCHIVE_MINUTES
    )
    return await interaction.client.service.jams.open(
        frame,
        person_of(interaction),
        front_end=FRONT_END,
        thread_id=str(thread.id),
        guild_id=str(interaction.guild_id),
        title=shown,
        language=await answers.language_for(interaction, private=False),
    )


async def has_left(client: BandmateClient, guild_id: int, person_id: str) -> bool:
    """Whether somebody is no longer in the guild."""
    guild = client.get_guild(guild_id)
    if guild is None:
        return False
    try:
        await guild.fetch_member(int(person_id))
    except discord.NotFound:
        return True
    return False
