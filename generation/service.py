"""The service: takes requests in, sees that they are made, and hands takes to the front ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from generation.engines.base import Capabilities
from generation.hearing import Hearing
from generation.request import AudioFormat, Request, Take


class JobState(StrEnum):
    """The states of a job in the ledger; `made` is waiting for delivery."""

    QUEUED = "queued"
    RUNNING = "running"
    MADE = "made"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, from where, and what the front end needs to answer after a restart (`reply`, plain JSON)."""

    front_end: str
    person_id: str
    person_name: str = ""
    guild_id: str | None = None
    channel_id: str | None = None
    reply: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A clip that was let in: its id (hash of the decoded audio), what was heard, and what was trimmed (sentences)."""

    clip_id: str
    name: str
    hearing: Hearing
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job stands. `place` is 0 when running, 1 for the next in line; `estimate_s` is an honest guess of the
    seconds until it is made (None when unknown); `sentence` tells the reason of a failure."""

    job_id: str
    state: JobState
    place: int = 0
    estimate_s: float | None = None
    fraction: float = 0.0
    made_s: float = 0.0
    stage: str = ""
    sentence: str = ""
    preview_hash: str | None = None


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A job that its front end has to answer: takes to deliver (state made), or a failure to tell (state failed)."""

    status: JobStatus
    request: Request
    origin: Origin
    takes: tuple[Take, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file ready to send: its bytes, name and format, and a sentence when it had to fall back ("...")."""

    data: bytes
    filename: str
    audio_format: AudioFormat
    remark: str = ""


class Ticket:
    """A job's handle for its front end."""

    job_id: str

    def updates(self) -> AsyncIterator[JobStatus]:
        """The newest status whenever it changes (older unread ones are dropped); ends with the last state."""
        raise NotImplementedError

    async def takes(self) -> tuple[Take, ...]:
        """Wait for the takes. Raises EngineFailed or Cancelled with the sentence for the user."""
        raise NotImplementedError


class Service:
    """Opened with `async with`; everything a front end may do goes through it."""

    async def __aenter__(self) -> Self:
        """Open the ledger, take up what an earlier run left, start the workers."""
        raise NotImplementedError

    async def __aexit__(self, *exc: object) -> None:
        """Stop taking, hand back or finish what runs, close everything in reverse order."""
        raise NotImplementedError

    @property
    def engines(self) -> Mapping[str, Capabilities]:
        """The engines that can be used here and now, by name."""
        raise NotImplementedError

    async def check_in(self, data: bytes, *, name: str, owner: Origin) -> CheckIn:
        """Decode, keep and analyse an upload. Raises ClipRefused with its sentence."""
        raise NotImplementedError

    async def hearing(self, clip_id: str) -> Hearing:
        """What was heard in a clip that was let in. Raises ClipRefused when it is gone."""
        raise NotImplementedError

    async def clip_of_take(self, take_id: str, *, owner: Origin) -> CheckIn:
        """A take as a clip, to build on it. Raises TakeNotFound."""
        raise NotImplementedError

    async def submit(self, request: Request, origin: Origin, *, key: str) -> Ticket:
        """Put a job into the ledger. The same `key` (the interaction's id) always gives the same job.

        Raises RequestRefused, EngineUnavailable, TooBusy.
        """
        raise NotImplementedError

    def ticket(self, job_id: str) -> Ticket:
        """The handle of a job, also of one from an earlier run."""
        raise NotImplementedError

    async def status(self, job_id: str) -> JobStatus:
        """Where a job stands. Raises TakeNotFound for an unknown job."""
        raise NotImplementedError

    async def origin(self, job_id: str) -> Origin:
        """Who asked for a job. Raises TakeNotFound."""
        raise NotImplementedError

    async def request(self, job_id: str) -> Request:
        """What was asked. Raises TakeNotFound."""
        raise NotImplementedError

    async def update_reply(self, job_id: str, reply: dict[str, Any]) -> None:
        """Replace what the front end needs to answer (once it knows the id of its progress message)."""
        raise NotImplementedError

    async def cancel(self, job_id: str) -> bool:
        """Cancel a queued or running job; False when it was too late."""
        raise NotImplementedError

    async def open_jobs(
        self, front_end: str, *, person_id: str | None = None, guild_id: str | None = None
    ) -> tuple[FinishedJob, ...]:
        """Jobs of a front end that are queued or running (no takes yet), running first, then in the line's order;
        of one person or one guild where given. For `/queue` and `/cancel`."""
        raise NotImplementedError

    def finished(self, front_end: str) -> AsyncIterator[FinishedJob]:
        """Jobs of this front end that wait for an answer, first those an earlier run left, then new ones as they end.
        Each is handed out once per run; endless."""
        raise NotImplementedError

    async def mark_delivered(self, job_id: str, message_id: str) -> None:
        """The answer is in the channel: the job is done. Also for failures that were told."""
        raise NotImplementedError

    async def mark_undeliverable(self, job_id: str, reason: str) -> None:
        """The answer could not be posted anywhere; the take is kept for `/take`."""
        raise NotImplementedError

    async def take(self, take_id: str) -> Take:
        """A take by id. Raises TakeNotFound."""
        raise NotImplementedError

    async def takes_of(self, job_id: str) -> tuple[Take, ...]:
        """The takes of a job, by index."""
        raise NotImplementedError

    async def render(
        self, take_id: str, audio_format: AudioFormat, *, max_bytes: int | None = None, stem: str | None = None
    ) -> Rendered:
        """Encode and tag a take (or one of its stems), going down the format ladder until it fits.

        Raises TakeNotFound."""
        raise NotImplementedError

    async def waveform_png(self, take_id: str) -> bytes:
        """A picture of the take's waveform."""
        raise NotImplementedError
