"""Takes to messages, driven by the ledger: what is made is posted once, by this process or by a later one.

A job is handed over (see handover.py), and only then marked. A crash between the two is found out on the next start:
the message carries the job's ids on its buttons, so it is looked for in the channel before anything is posted again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING

import discord
import structlog

from bot.handover import Handover
from bot.network import STUMBLES
from bot.preferences import FRONT_END
from bot.reply import Reply
from generation.errors import TakeNotFound, TryAgain
from generation.service import FinishedJob

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

MAX_AT_ONCE = 4
"""Answers under way at once: each holds its encoded files in memory."""
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 300.0


class Delivery:
    """Answers finished jobs as the service hands them out."""

    def __init__(self, client: BandmateClient) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._answers: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take up what an earlier run left, then answer jobs until cancelled.

        It must outlive any single fault: without it nothing is ever answered.
        """
        await self._client.wait_until_ready()
        try:
            await self._client.progress.resume()
        except Exception:
            log.exception("the progress of an earlier run's jobs can't be shown")
        while True:
            try:
                async for job in self._client.service.finished(FRONT_END):
                    self._start(job)
            except Exception:
                log.exception("the list of finished jobs failed; asking again")
            await asyncio.sleep(FIRST_RETRY_S)

    async def close(self, grace_s: float) -> None:
        """Let the answers under way finish; those that don't within `grace_s` are left to the next start."""
        if self._answers:
            _, late = await asyncio.wait(self._answers, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
                log.warning("%d answers are left to the next start", len(late))

    def _start(self, job: FinishedJob) -> None:
        task = asyncio.create_task(self._answer(job), name=f"answer {job.status.job_id}")
        self._answers.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._answers.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed; the next start takes it up", task.get_name(), exc_info=error)

    async def _answer(self, job: FinishedJob) -> None:
        """Answer one job: it is posted and marked, or kept with the reason, or left whole to the next start."""
        job_id = job.status.job_id
        structlog.contextvars.bind_contextvars(job_id=job_id)  # this task's own: every line it logs has it
        begun_s = time.monotonic()
        try:
            has_preview = await self._client.progress.end(job_id)
            handover = Handover(self._client, job)
            posted = await self._insist(handover)
        except Exception:  # the person is told below, the log has the rest; the next job must go on
            error_id = secrets.token_hex(4)
            log.exception("error %s: job %s could not be answered", error_id, job_id)
            await self._give_up(job, error_id)
            return
        if posted is None:
            return
        # else a crash after the mark would leave a preview for ever
        points_first = has_preview or handover.is_of_another_run
        if points_first:
            await handover.finish_progress(posted)
        await self._mark(job_id, posted, handover.shortcoming)
        telemetry = self._client.service.telemetry
        telemetry.stage_ended("delivering", time.monotonic() - begun_s, job.request.engine)
        if not points_first:
            await handover.finish_progress(posted)

    async def _mark(self, job_id: str, posted: discord.Message, shortcoming: str) -> None:
        """Tell the ledger that the answer is there; while it can't be told, again and again, ever more slowly.

        An answer that only says why there is no file (`shortcoming`) leaves the take undelivered, for `/take show`.
        """
        service = self._client.service
        retry_s = FIRST_RETRY_S
        while True:
            try:
                if shortcoming:
                    await service.mark_undeliverable(job_id, shortcoming)
                else:
                    await service.mark_delivered(job_id, str(posted.id))
            except TakeNotFound:
                log.info("job %s was forgotten while it was answered", job_id)
            except Exception:
                log.exception("job %s is posted and can't be marked; again in %.0f s", job_id, retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)
                continue
            return

    async def _insist(self, handover: Handover) -> discord.Message | None:
        """Give the answer; while Discord fails, again and again, ever more slowly. None when no place took it."""
        retry_s = FIRST_RETRY_S
        look_first = handover.is_of_another_run
        while True:
            try:
                async with self._slots:
                    return await handover.give(look_first=look_first)
            except (*STUMBLES, TryAgain) as error:
                log.warning("%s can't be given now (%s); again in %.0f s", handover, error, retry_s)
            await asyncio.sleep(retry_s)
            retry_s, look_first = min(retry_s * 2, LONGEST_RETRY_S), True  # the last attempt's outcome is unknown

    async def _give_up(self, job: FinishedJob, error_id: str) -> None:
        """The ledger keeps the take; the person is told if the progress message still can be edited."""
        reason = f"Sorry, something went wrong on my side when I posted this. The operator can find it as {error_id}."
        await self._client.service.mark_undeliverable(job.status.job_id, reason)
        try:
            await self._client.progress.say_last(job.status.job_id, Reply.from_json(job.origin.reply), reason)
        except TypeError as error:  # no reply that this version knows
            log.info("job %s: nobody can be told: %s", job.status.job_id, error)
