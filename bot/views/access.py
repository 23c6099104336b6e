"""Who may press what: ids come from outside (a custom_id, a command's option), so each is looked up and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.reply import IS_PRIVATE
from bot.wishes import Source, files_of, is_under_way, take_ids_on
from generation.errors import RequestRefused, TakeNotFound
from generation.request import Take
from generation.service import Origin

if TYPE_CHECKING:
    from bot.client import BandmateClient

_NO_TAKE = "There is no such take here: it was deleted or has expired."
_NO_JOB = "There is no such job here any more."


async def visible_take(interaction: discord.Interaction[BandmateClient], take_id: str) -> Take:
    """A take that this person may see. Raises TakeNotFound, also for the takes of other servers and hidden channels."""
    service = interaction.client.service
    try:
        take = await service.take(take_id)
        origin = await service.origin(take.job_id)
    except TakeNotFound as error:
        raise TakeNotFound(_NO_TAKE) from error
    if not may_see(interaction, origin):
        raise TakeNotFound(_NO_TAKE)
    return take


async def named_take(interaction: discord.Interaction[BandmateClient], typed: str) -> Take:
    """The take whose id was typed, copied with its quotes, or chosen. Raises TakeNotFound as visible_take does."""
    return await visible_take(interaction, typed.strip().strip("`"))


async def visible_origin(interaction: discord.Interaction[BandmateClient], job_id: str) -> Origin:
    """The origin of a job that this person may see. Raises TakeNotFound."""
    try:
        origin = await interaction.client.service.origin(job_id)
    except TakeNotFound as error:
        raise TakeNotFound(_NO_JOB) from error
    if not may_see(interaction, origin):
        raise TakeNotFound(_NO_JOB)
    return origin


async def take_source(interaction: discord.Interaction[BandmateClient], take: Take) -> Source:
    """A take as something to build on."""
    origin = await interaction.client.service.origin(take.job_id)
    return Source(take_id=take.take_id, owner_id=origin.person_id)


async def sources_of(interaction: discord.Interaction[BandmateClient], message: discord.Message) -> list[Source]:
    """What a message offers to build on: the takes that it shows, else its files with audio.

    Raises RequestRefused when there is nothing to hear in it.
    """
    me = interaction.client.user
    if me is not None and message.author.id == me.id:
        takes = [await _take_or_none(interaction, take_id) for take_id in take_ids_on(message)]
        if found := [await take_source(interaction, take) for take in takes if take is not None]:
            return found
        if is_under_way(message):  # what is made from a preview would have no parents, nor ask their owners
            raise RequestRefused("This is still being made: build on it when it is there.")
    return files_of(message)


async def _take_or_none(interaction: discord.Interaction[BandmateClient], take_id: str) -> Take | None:
    try:
        return await visible_take(interaction, take_id)
    except TakeNotFound:  # forgotten, but its file is still in the message
        return None


def may_see(interaction: discord.Interaction[BandmateClient], origin: Origin) -> bool:
    """Whether the person could have seen what was made there: it is theirs, or was made where they can read."""
    if origin.person_id == str(interaction.user.id):
        return True
    if origin.reply.get(IS_PRIVATE):
        return False
    if interaction.guild is None or origin.guild_id != str(interaction.guild.id) or origin.channel_id is None:
        return False
    if origin.channel_id == str(interaction.channel_id):
        return True
    channel = interaction.guild.get_channel_or_thread(int(origin.channel_id))
    if channel is None or not isinstance(interaction.user, discord.Member):
        return False
    if isinstance(channel, discord.Thread) and channel.is_private():
        return False  # its members are not known without another intent
    try:
        return channel.permissions_for(interaction.user).view_channel
    except discord.ClientException:  # a thread whose channel we can't see
        return False


def require_owner_or_moderator(interaction: discord.Interaction[BandmateClient], origin: Origin, verb: str) -> None:
    """Raises RequestRefused unless the person asked for the job or may manage messages here."""
    if origin.person_id == str(interaction.user.id):
        return
    if interaction.guild_id is not None and interaction.permissions.manage_messages:
        return
    raise RequestRefused(f"Only the one who asked for it and moderators (Manage Messages) can {verb} it.")
