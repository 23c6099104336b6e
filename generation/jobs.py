"""What the service, the ledger and the front ends say about a job: its states, who asked, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


ACTIVE_STATES = frozenset({JobState.QUEUED, JobState.RUNNING})
"""The states in which a job still waits for a worker or has one."""

STATES_WITH_TAKES = frozenset({JobState.MADE, JobState.DELIVERED, JobState.UNDELIVERABLE})
"""The states in which a job has its takes."""

REPLAYS = "replay"
"""The front end of jobs that make a take again: nobody is told of them but who asked for the replay."""
TERMINAL = "cli"
"""The front end of a command in a terminal."""
ATTENDED = frozenset({REPLAYS, TERMINAL})
"""The front ends whose asker waits in the very process that was asked: when it is gone, nobody waits any more."""


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
    """A clip that was let in: its id (hash of the decoded audio), what was heard, and what there is to say of it
    (sentences: what was trimmed, and the remarks of the hearing)."""

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

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be made of the job."""
        return self.state not in ACTIVE_STATES


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


@dataclass(frozen=True, slots=True)
class RenderedPreview:
    """The music so far of a job that is being made, as a file, and how many seconds it holds."""

    file: Rendered
    duration_s: float
