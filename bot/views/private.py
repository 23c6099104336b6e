"""The Post button of a private take: its owner shows it to the channel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord

from bot import answers, preferences
from bot.reply import Reply
from bot.views.kept import KeptButton
from generation.errors import RequestRefused
from generation.request import Take
from generation.service import FinishedJob

if TYPE_CHECKING:
    from bot.client import BandmateClient


class PostButton(KeptButton, template=r"bm:post:(?P<take_id>[\w-]{1,80})"):
    """A button whose custom_id carries the take's id."""

    def __init__(self, take_id: str) -> None:
        self.take_id = take_id
        super().__init__(f"bm:post:{take_id}", "Post", discord.ButtonStyle.success, row=1)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Show it to the channel."""
        from bot.views.access import visible_take

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
    await answers.think(interaction)
    shown = replace(reply, is_private=False, locale=await answers.language_for(interaction, private=False))
    status, request = await client.service.status(take.job_id), await client.service.request(take.job_id)
    job = FinishedJob(status, request, origin, await client.service.takes_of(take.job_id))
    channel = client.get_partial_messageable(reply.channel_id, guild_id=interaction.guild_id)
    message = await JobMessage(client.service, job, shown, client.operations).send(channel, interaction.filesize_limit)
    await client.service.update_reply(take.job_id, shown.to_json())
    await answers.show(interaction, f"Posted: {message.jump_url}")
