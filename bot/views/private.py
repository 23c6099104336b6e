"""The Post button of a private take: its owner shows it to the channel."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import errors, preferences
from bot.reply import Reply
from generation.errors import RequestRefused
from generation.request import Take
from generation.service import FinishedJob

if TYPE_CHECKING:
    from bot.client import BandmateClient


class PostButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"bm:post:(?P<id>[\w-]{1,80})"):
    """A button whose custom_id carries the take's id."""

    def __init__(self, take_id: str) -> None:
        self.take_id = take_id
        style = discord.ButtonStyle.success
        super().__init__(discord.ui.Button(label="Post", style=style, custom_id=f"bm:post:{take_id}", row=1))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from its id whenever it is pressed."""
        return cls(match["id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Check, post, answer; errors become sentences."""
        from bot.views.access import visible_take

        async with errors.answering(interaction):
            await post(interaction, await visible_take(interaction, self.take_id))


async def post(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Post a private job's takes in its channel; from then on everybody there may see them and build on them."""
    from bot.posting import JobMessage  # which shows this button itself

    client = interaction.client
    origin = await client.service.origin(take.job_id)
    reply = Reply.from_json(origin.reply)
    if origin.person_id != str(interaction.user.id):
        raise RequestRefused("Only the one who asked for it can post it.")
    if not reply.is_private:
        raise RequestRefused("It is posted already.")
    await client.service.sharing.require_standing([take.take_id])
    await preferences.require_allowed(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    shown = replace(reply, is_private=False)
    status, request = await client.service.status(take.job_id), await client.service.request(take.job_id)
    job = FinishedJob(status, request, origin, await client.service.takes_of(take.job_id))
    channel = client.get_partial_messageable(reply.channel_id, guild_id=interaction.guild_id)
    message = await JobMessage(client.service, job, shown, client.operations).send(channel, interaction.filesize_limit)
    await client.service.update_reply(take.job_id, shown.to_json())
    await interaction.edit_original_response(content=f"Posted: {message.jump_url}")
