"""The buttons of a job: Cancel while it is under way, Try again when it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import errors, orders
from bot.reply import Reply
from bot.views.access import require_owner_or_moderator, visible_origin
from generation.errors import RequestRefused
from generation.service import JobState

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {"cancel": "Cancel", "retry": "Try again"}
_TOO_LATE = {
    JobState.CANCELLED: "It is cancelled already.",
    JobState.FAILED: "It has failed already; there is nothing left to cancel.",
}


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"bm:job:(?P<action>cancel|retry):(?P<id>[\w-]{1,80})"
):
    """A button whose custom_id carries the job's id, so that any later process can answer it."""

    def __init__(self, action: str, job_id: str) -> None:
        self.action = action
        self.job_id = job_id
        style = discord.ButtonStyle.danger if action == "cancel" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=_LABELS[action], style=style, custom_id=f"bm:job:{action}:{job_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from its id whenever it is pressed."""
        return cls(match["action"], match["id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Check, act, answer; errors become sentences."""
        async with errors.answering(interaction):
            if self.action == "cancel":
                await cancel(interaction, self.job_id)
            else:
                await retry(interaction, self.job_id)


def open_job_view(job_id: str) -> discord.ui.View:
    """What hangs under a progress message."""
    return _view(JobButton("cancel", job_id))


def failed_job_view(job_id: str) -> discord.ui.View:
    """What hangs under the sentence of a failure."""
    return _view(JobButton("retry", job_id))


async def cancel(interaction: discord.Interaction[BandmateClient], job_id: str) -> None:
    """Cancel a job by its button; the progress message, under which the button hangs, says who did."""
    text = await cancel_job(interaction, job_id)
    await interaction.client.progress.end(job_id)
    origin = await interaction.client.service.origin(job_id)
    await interaction.response.edit_message(content=Reply.from_json(origin.reply).text(text), view=None)


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
    await orders.reply(interaction, await orders.submit_again(interaction, request))


def _view(button: JobButton) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(button)
    return view
