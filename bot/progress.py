"""Keeps progress messages up to date: edits by the interaction's token, a stated time apart, while the token lives."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import discord

from bot import texts
from bot.network import STUMBLES, insisting
from bot.preferences import FRONT_END
from bot.previews import PreviewSlot
from bot.reply import Reply
from bot.views.jobs import open_job_view
from generation.service import JobState, JobStatus, Ticket

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

MAX_REMEMBERED = 10_000
"""How many jobs are remembered as ended, against a late first edit."""
_IN_DIRECT_MESSAGES = "I could not post it here; it is in your direct messages."


class ProgressBoard:
    """Follows the jobs that are under way. The ledger keeps nothing of it: what is lost here is edits only.

    A job's edits and its end exclude each other by a lock, so that no edit can fall on the answer's last words.
    """

    def __init__(self, client: BandmateClient, edit_interval_s: float) -> None:
        self._client = client
        self._edit_interval_s = edit_interval_s
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # a lock lives while it is held
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots: dict[str, PreviewSlot] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    async def show(self, interaction: discord.Interaction[BandmateClient], ticket: Ticket, reply: Reply) -> None:
        """Show the progress message in place of "thinking…" and follow the job.

        The job is taken already: what fails here is logged, not told, since the take will come all the same.
        """
        job_id = ticket.job_id
        async with self._lock(job_id):
            if job_id in self._ended:  # made and answered faster than it could be shown
                return
            try:
                line = texts.status_line(await self._client.service.status(job_id))
                view = reply.view(open_job_view(job_id))
                await insisting(lambda: interaction.edit_original_response(content=reply.text(line), view=view))
            except (discord.HTTPException, *STUMBLES) as error:
                log.warning("job %s: the progress message could not be shown: %s", job_id, error)
            self._start(ticket, reply, PreviewSlot(reply, is_sure=True))

    async def resume(self) -> None:
        """Follow the jobs that an earlier run left under way, whose tokens still live."""
        for job in await self._client.service.open_jobs(FRONT_END):
            reply = Reply.from_json(job.origin.reply)
            if reply.token_lives:
                ticket = self._client.service.ticket(job.status.job_id)
                self._start(ticket, reply, PreviewSlot(reply, is_sure=False))

    async def end(self, job_id: str) -> bool:
        """Stop editing a job's message, for good: someone else writes its last words now.

        Whether this process may have left a preview under it, which those words have to take away.
        """
        async with self._lock(job_id):
            slot = self._slots.pop(job_id, None)
            self._ended[job_id] = None
            while len(self._ended) > MAX_REMEMBERED:
                self._ended.popitem(last=False)
            if task := self._tasks.pop(job_id, None):
                task.cancel()
            return slot is not None and slot.may_hang

    async def point_to(self, job_id: str, reply: Reply, posted: discord.Message) -> None:
        """The last words: take bar, preview and Cancel button off the progress message, and point to the answer."""
        is_progress_message = posted.id == reply.message_id or posted.interaction_metadata is not None
        if not is_progress_message:
            here = posted.channel.id == reply.channel_id
            line = f"Here it is: {posted.jump_url}" if here else _IN_DIRECT_MESSAGES
            await self.say_last(job_id, reply, line)

    async def say_last(self, job_id: str, reply: Reply, line: str) -> None:
        """Any other last words, where the message can be edited still."""
        if not reply.token_lives:
            return
        try:
            await insisting(lambda: reply.edit(self._client, content=reply.text(line), view=None, attachments=[]))
        except (discord.HTTPException, *STUMBLES) as error:
            log.info("job %s: its progress message can't be edited: %s", job_id, error)

    async def close(self) -> None:
        """Stop all edits."""
        for job_id in list(self._tasks):
            await self.end(job_id)

    def _lock(self, job_id: str) -> asyncio.Lock:
        lock = self._locks.get(job_id)
        if lock is None:
            lock = self._locks[job_id] = asyncio.Lock()
        return lock

    def _start(self, ticket: Ticket, reply: Reply, slot: PreviewSlot) -> None:
        if ticket.job_id not in self._tasks:
            task = asyncio.create_task(self._follow(ticket, reply, slot), name=f"progress of job {ticket.job_id}")
            self._tasks[ticket.job_id], self._slots[ticket.job_id] = task, slot
            task.add_done_callback(lambda done: self._followed(ticket.job_id, done))

    def _followed(self, job_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(job_id) is task:
            del self._tasks[job_id]
        if not task.cancelled() and (error := task.exception()):
            self._slots.pop(job_id, None)
            log.error("%s can't be followed any more", task.get_name(), exc_info=error)

    async def _follow(self, ticket: Ticket, reply: Reply, slot: PreviewSlot) -> None:
        """Edit at most once an interval, until the job ends or the message can't be edited any more."""
        async for status in ticket.updates():
            if status.state is JobState.CANCELLED:
                await self._say_cancelled(reply, status)
            if status.has_ended:
                return  # delivery writes the last words
            await asyncio.sleep(self._edit_interval_s)
            newest = await self._client.service.status(ticket.job_id)
            if not newest.has_ended and not await self._edit(reply, newest, slot):
                self._slots.pop(ticket.job_id, None)
                return

    async def _say_cancelled(self, reply: Reply, status: JobStatus) -> None:
        """The last words of a job that was cancelled elsewhere than under its message."""
        async with self._lock(status.job_id):
            if status.job_id not in self._ended:
                self._slots.pop(status.job_id, None)
                await self.say_last(status.job_id, reply, texts.status_line(status))

    async def _edit(self, reply: Reply, status: JobStatus, slot: PreviewSlot) -> bool:
        """Whether it could be edited: not when the message was deleted or the token has died."""
        await slot.get_ready(self._client.service, status)  # outside of the lock: encoding takes a moment
        view = reply.view(open_job_view(status.job_id))
        line = texts.status_line(status)
        async with self._lock(status.job_id):
            if not reply.token_lives or status.job_id in self._ended:
                return False
            try:
                await slot.edit(
                    lambda lines, changes: reply.edit(
                        self._client, content=reply.text(line, *lines), view=view, **changes
                    )
                )
            except STUMBLES as error:
                log.info("job %s: an edit of its progress was lost: %s", status.job_id, error)
            except discord.HTTPException as error:
                log.info("job %s: the progress message can't be edited any more: %s", status.job_id, error)
                return False
        return True
