"""The buttons of a job: Cancel while it is under way, Try again when it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import orders
from bot.network import STUMBLES
from bot.reply import Reply
from bot.views.access import require_owner_or_moderator, visible_origin
from bot.views.kept import KeptButton, view_of
from generation.errors import RequestRefused
from generation.service import JobState

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {"cancel": "Cancel", "retry": "Try again"}
_TOO_LATE = {
    JobState.CANCELLED: "It is cancelled already.",
    JobState.FAILED: "It has failed already; there is nothing left to cancel.",
}


class JobButton(KeptButton, template=r"bm:job:(?P<action>cancel|retry):(?P<job_id>[\w-]{1,80})"):
    """A button whose custom_id carries the job's id, so that any later process can answer it."""

    def __init__(self, action: str, job_id: str) -> None:
        self.action, self.job_id = action, job_id
        style = discord.ButtonStyle.danger if action == "cancel" else discord.ButtonStyle.secondary
        super().__init__(f"bm:job:{action}:{job_id}", _LABELS[action], style)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel the job, or ask for the same once more."""
        if self.action == "cancel":
            await cancel(interaction, self.job_id)
        else:
            await retry(interaction, self.job_id)


def open_job_view(job_id: str) -> discord.ui.View:
    """What hangs under a progress message."""
    return view_of([JobButton("cancel", job_id)])


def failed_job_view(job_id: str) -> discord.ui.View:
    """What hangs under the sentence of a failure."""
    return view_of([JobButton("retry", job_id)])


async def cancel(interaction: discord.Interaction[BandmateClient], job_id: str) -> None:
    """Cancel a job by its button; the progress message, under which the button hangs, says who did."""
    text = await cancel_job(interaction, job_id)
    await interaction.client.progress.end(job_id)
    origin = await interaction.client.service.origin(job_id)
    reply = Reply.from_json(origin.reply)
    try:
        await interaction.response.edit_message(content=reply.text(text), view=None, attachments=[])
    except (discord.HTTPException, *STUMBLES):  # it is cancelled all the same, and no preview may stay
        await interaction.client.progress.say_last(job_id, reply, text)
        raise


async def cancel_job(interaction: discord.Interaction[BandmateClient], job_id: str) -> str:
    """Cancel a job: its owner or a moderator may. The sentence to show; raises BandmateError with the other ones."""
    client = interaction.client
    origin = await visible_origin(interaction, job_id)
    require_owner_or_moderator(interaction, origin, "cancel")
    if not await client.service.cancel(job_id):
        status = await client.service.status(job_id)
        raise RequestRefused(_TOO_LATE.get(status.state, "It is too late to cancel: it is made already."))
    return f"Cancelled by <@{interaction.user.id}>."


async def retry(interaction: discord.Interaction[BandmateClient], job_id: str) -> None:
    """Ask for the same once more."""
    await visible_origin(interaction, job_id)
    request = await interaction.client.service.request(job_id)
    await orders.defer(interaction)
    await orders.reply(interaction, await orders.submit(interaction, request))
