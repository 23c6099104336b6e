"""/queue and /cancel: what waits and runs here, and taking one's own back."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, preferences, texts
from bot.views import jobs
from bot.views.access import may_see
from generation.errors import RequestRefused
from generation.request import Operation
from generation.service import FinishedJob

if TYPE_CHECKING:
    from bot.client import BandmateClient

MAX_SHOWN = 15


@app_commands.command(description="What is being made here, and what waits")
async def queue(interaction: discord.Interaction[BandmateClient]) -> None:
    """The jobs of this server that the person may see, or in a direct message one's own."""
    await answers.think(interaction)
    open_jobs = await _open_jobs(interaction, own=interaction.guild_id is None)
    lines = [_line(job) for job in open_jobs[:MAX_SHOWN]]
    if len(open_jobs) > MAX_SHOWN:
        lines.append(f"… and {len(open_jobs) - MAX_SHOWN} more.")
    await answers.show(interaction, texts.cut(lines) or "Nothing waits: your wish would be next.")


@app_commands.command(description="Cancel what you asked for")
@app_commands.describe(job="Which one; your newest unless said otherwise")
async def cancel(interaction: discord.Interaction[BandmateClient], job: str | None = None) -> None:
    """Cancel a job of one's own, or as a moderator anyone's."""
    if job is None:
        own = await _open_jobs(interaction, own=True)
        if not own:
            raise RequestRefused("Nothing of yours waits or runs.")
        job = own[-1].status.job_id
    await answers.respond(interaction, await jobs.cancel_job(interaction, job))


@cancel.autocomplete("job")
async def _job_choices(
    interaction: discord.Interaction[BandmateClient], current: str
) -> list[app_commands.Choice[str]]:
    """One's own jobs; a moderator's choices are all of the server's."""
    everyones = interaction.guild_id is not None and interaction.permissions.manage_messages
    open_jobs = await _open_jobs(interaction, own=not everyones)
    named = [(f"{job.request.operation.value} {texts.plain(job.request.prompt, 60)}".strip(), job) for job in open_jobs]
    return [
        app_commands.Choice(name=name, value=job.status.job_id)
        for name, job in named
        if current.lower() in name.lower()
    ][:25]


async def _open_jobs(interaction: discord.Interaction[BandmateClient], *, own: bool) -> tuple[FinishedJob, ...]:
    """One's own jobs, or all of this server's that the person may see; the next one first."""
    service = interaction.client.service
    if own:
        return await service.open_jobs(preferences.FRONT_END, person_id=str(interaction.user.id))
    everyones = await service.open_jobs(preferences.FRONT_END, guild_id=str(interaction.guild_id))
    return tuple(job for job in everyones if may_see(interaction, job.origin))


def _line(job: FinishedJob) -> str:
    return f"{texts.headline(job.request, job.origin.person_id)}: {texts.status_line(job.status)}"


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add both commands."""
    tree.add_command(queue)
    tree.add_command(cancel)
