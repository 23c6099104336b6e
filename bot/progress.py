"""Keeps progress messages up to date: edits by the interaction's token, a stated time apart, while the token lives."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

from bot import texts
from bot.reply import Reply
from bot.views.jobs import open_job_view
from generation.service import JobState, JobStatus, Ticket

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

OPEN_STATES = frozenset({JobState.QUEUED, JobState.RUNNING})


class ProgressBoard:
    """One task a job that is under way; the ledger keeps nothing of it, a lost task loses edits only."""

    def __init__(self, client: BandmateClient, edit_interval_s: float) -> None:
        self._client = client
        self._edit_interval_s = edit_interval_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def show(self, interaction: discord.Interaction[BandmateClient], ticket: Ticket, reply: Reply) -> None:
        """Show the progress message in place of "thinking…" and follow the job.

        The job is taken already: what fails here is logged, not told, since the take will come all the same.
        """
        service = self._client.service
        try:
            line = texts.status_line(await service.status(ticket.job_id))
            shown = await interaction.edit_original_response(
                content=reply.text(line), view=open_job_view(ticket.job_id)
            )
            reply = reply.shown_as(shown.id)
            await service.update_reply(ticket.job_id, reply.to_json())
        except discord.HTTPException as error:
            log.warning("job %s: the progress message could not be shown: %s", ticket.job_id, error)
        self.follow(ticket, reply)

    def follow(self, ticket: Ticket, reply: Reply) -> None:
        """Show how a job goes until it ends, is dropped, or the token dies. Following twice is following once."""
        job_id = ticket.job_id
        if job_id not in self._tasks:
            task = asyncio.create_task(self._follow(ticket, reply), name=f"progress {job_id}")
            self._tasks[job_id] = task
            task.add_done_callback(lambda done: self._forget(job_id, done))

    async def drop(self, job_id: str) -> None:
        """Stop editing a job's message: someone else writes its last text now."""
        task = self._tasks.pop(job_id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """Stop all edits."""
        for job_id in list(self._tasks):
            await self.drop(job_id)

    def _forget(self, job_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(job_id) is task:
            del self._tasks[job_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s: following its progress failed", job_id, exc_info=error)

    async def _follow(self, ticket: Ticket, reply: Reply) -> None:
        shown = ""
        async for status in ticket.updates():
            if status.state is JobState.CANCELLED:
                await self._edit(reply, status, None)
            if status.state not in OPEN_STATES:
                return  # delivery writes the last text
            await asyncio.sleep(self._edit_interval_s)
            if not reply.token_lives:
                return
            status = await self._client.service.status(ticket.job_id)
            if status.state in OPEN_STATES and (text := texts.status_line(status)) != shown:
                shown = text
                if not await self._edit(reply, status, open_job_view(ticket.job_id)):
                    return

    async def _edit(self, reply: Reply, status: JobStatus, view: discord.ui.View | None) -> bool:
        """Whether it could be edited: not when the message was deleted or the token has died."""
        try:
            await reply.edit(self._client, content=reply.text(texts.status_line(status)), view=view)
        except discord.HTTPException as error:
            log.info("job %s: the progress message can't be edited any more: %s", status.job_id, error)
            return False
        return True
