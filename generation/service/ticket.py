"""The ticket: a job's handle for its front end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from generation.errors import Cancelled, EngineFailed
from generation.jobs import JobState, JobStatus
from generation.request import Take

if TYPE_CHECKING:
    from generation.service.facade import Service


class Ticket:
    """A job's handle for its front end."""

    def __init__(self, job_id: str, service: Service) -> None:
        self.job_id = job_id
        self._service = service

    def updates(self) -> AsyncIterator[JobStatus]:
        """The newest status whenever it changes (older unread ones are dropped); ends with the last state."""
        return self._service.watch(self.job_id)

    async def takes(self) -> tuple[Take, ...]:
        """Wait for the takes. Raises EngineFailed or Cancelled with the sentence for the user."""
        status = [status async for status in self.updates()][-1]
        if status.state is JobState.FAILED:
            raise EngineFailed(status.sentence)
        if status.state is JobState.CANCELLED:
            raise Cancelled("This was cancelled.")
        return await self._service.takes_of(self.job_id)
