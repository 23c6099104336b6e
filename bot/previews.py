"""The preview under a progress message: the newest one hangs there as a file to play, as long as the job is made."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot import texts
from bot.files import file_of
from bot.network import STUMBLES
from bot.reply import Reply
from generation.errors import BandmateError
from generation.service import JobState, JobStatus, RenderedPreview, Service

log = logging.getLogger(__name__)

LAST_S = 90.0
"""So long before the interaction's token dies the preview is taken away: later nobody could. A step of an engine that
hangs, and tells nothing until it is ended, takes 60 s."""

Edit = Callable[[list[str], dict[str, Any]], Awaitable[object]]
"""Edits the message: with these lines under its text, and these further changes."""


class PreviewSlot:
    """The place for it under one job's progress message.

    `is_sure`: what hangs there is known; not so after a restart, nor after an edit whose answer was lost.
    """

    def __init__(self, reply: Reply, *, is_sure: bool) -> None:
        self._reply, self._is_sure = reply, is_sure
        self._hangs: str | None = None
        self._newest: tuple[str, RenderedPreview] | None = None
        self._is_refused = False

    @property
    def may_hang(self) -> bool:
        """Whether something hangs there, as far as can be known."""
        return self._hangs is not None or not self._is_sure

    async def get_ready(self, service: Service, status: JobStatus) -> None:
        """Have the newest preview as a file; encoded in a thread. What can't be had leaves the one before."""
        wanted = status.preview_hash if status.state is JobState.RUNNING else None
        if wanted is None or self._is_refused or not self._reply.token_lives_for(LAST_S):
            self._newest = None
        elif self._newest is None or self._newest[0] != wanted:
            try:
                limit_bytes = self._reply.filesize_limit_bytes
                self._newest = wanted, await service.previews.render(status.job_id, wanted, max_bytes=limit_bytes)
            except BandmateError as error:
                log.info("job %s: a preview can't be shown: %s", status.job_id, error)

    async def edit(self, edit: Edit) -> None:
        """Edit the message so that what is ready hangs there; where Discord refuses the file, without it from now on.

        Raises discord.HTTPException and STUMBLES.
        """
        changes = self._changes()
        try:
            await self._tried(edit, changes)
        except STUMBLES:
            raise
        except discord.HTTPException as error:
            if not changes.get("attachments"):
                raise
            log.info("a progress message goes on without its preview: %s", error)
            self._is_refused, self._newest = True, None
            await self._tried(edit, self._changes())

    async def _tried(self, edit: Edit, changes: dict[str, Any]) -> None:
        before, self._is_sure = self._is_sure, False
        try:
            await edit(self._lines(), changes)
        except STUMBLES:
            self._is_sure = before and not changes
            raise
        except discord.HTTPException:  # it stays as it was
            self._is_sure = before
            raise
        self._is_sure, self._hangs = True, self._newest[0] if self._newest else None

    def _lines(self) -> list[str]:
        return [texts.preview_line(self._newest[1].duration_s)] if self._newest else []

    def _changes(self) -> dict[str, Any]:
        """Nothing, while the right one hangs there: Discord then keeps it, and nobody's player stops."""
        if self._is_sure and self._hangs == (self._newest[0] if self._newest else None):
            return {}
        if self._newest is None:
            return {"attachments": []}
        return {"attachments": [file_of(self._newest[1].file)]}
