"""An in-memory stand-in for the service, for tests of what Discord is told: a test says when a job goes on or ends."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from generation.engines.base import Capabilities
from generation.errors import ClipRefused, EngineUnavailable, TakeNotFound
from generation.hearing import Hearing, Key
from generation.limits import RANGES
from generation.request import AudioFormat, Operation, Recipe, Request, Take
from generation.service import (
    CheckIn,
    FinishedJob,
    Incoming,
    JobState,
    JobStatus,
    Origin,
    Rendered,
    ServiceConfig,
    Ticket,
)
from generation.service.door import SERVICE
from generation.service.replay import Replay, Verdict
from generation.telemetry import Telemetry
from tests.support.fake_jams import FakeJams
from tests.support.fake_sharing import FakeSharing

ENGINE = Capabilities(
    "arranger",
    frozenset({Operation.COMPOSE, Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY}),
    max_duration_s=300,
    num_channels=2,
    sample_rate_hz=44100,
    licence="MIT",
    styles=("bossa", "lofi", "lounge"),
)
STUDIO = Capabilities(
    "studio",
    frozenset({Operation.LOOP, Operation.BLEND}),
    max_duration_s=300,
    num_channels=2,
    sample_rate_hz=44100,
    licence="MIT",
)
OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass
class Job:
    """A job and everything that became of it."""

    status: JobStatus
    request: Request
    origin: Origin
    takes: tuple[Take, ...] = ()
    message_id: str | None = None
    undeliverable_reason: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class FakeTicket(Ticket):
    """Follows a job of the fake."""

    def __init__(self, service: FakeService, job_id: str) -> None:
        self.job_id = job_id
        self._service = service

    async def updates(self) -> AsyncIterator[JobStatus]:  # type: ignore[override]
        job = self._service.jobs[self.job_id]
        while True:
            status = job.status
            yield status
            if status.state not in OPEN:
                return
            if job.status is not status:
                continue
            job.changed.clear()
            await self._service.wait(job.changed.wait(), "the job's next status")


class FakeDoor:
    """The limits of the service, over the fake's preferences."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        defaults = {item.name: item.default for item in fields(ServiceConfig)}
        self.usual = {name: float(defaults[name]) for name in RANGES}

    @property
    def chosen(self) -> dict[str, float]:
        return self._service.sharing.chosen.get(SERVICE, {})

    @property
    def limits(self) -> dict[str, float]:
        return self.usual | self.chosen


class FakeService:
    """The service's methods over dictionaries. `wait` wraps the endless waits (simcord wants them declared)."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.keys: dict[str, str] = {}
        self.clips: dict[str, bytes] = {}
        self.sharing = FakeSharing(self)
        self.door = FakeDoor(self)
        self.jams = FakeJams(self)
        self.backings = self
        self.limits_asked: list[dict[str, float]] = []
        self.room_asked: list[Request] = []
        self.render_calls: list[tuple[str, AudioFormat, int | None, str | None]] = []
        self.engines: Mapping[str, Capabilities] = {"arranger": ENGINE, "studio": STUDIO}
        self.file_bytes = b"ID3 fake audio"
        self.telemetry = Telemetry()
        self._numbers = itertools.count(1)
        self._finished: asyncio.Queue[str] = asyncio.Queue()

    async def wait(self, awaitable: Any, reason: str) -> Any:
        return await awaitable

    # what a test does

    def go_on(self, job_id: str, **changes: Any) -> None:
        job = self.jobs[job_id]
        job.status = replace(job.status, **{"state": JobState.RUNNING, "place": 0, **changes})
        job.changed.set()

    def finish(self, job_id: str, remarks: tuple[str, ...] = ()) -> None:
        job = self.jobs[job_id]
        job.takes = tuple(self._take(job, index, remarks) for index in range(job.request.num_takes))
        job.status = replace(job.status, state=JobState.MADE, fraction=1.0)
        job.changed.set()
        self._finished.put_nowait(job_id)

    def fail(self, job_id: str, sentence: str) -> None:
        job = self.jobs[job_id]
        job.status = replace(job.status, state=JobState.FAILED, sentence=sentence)
        job.changed.set()
        self._finished.put_nowait(job_id)

    def new_run(self) -> None:
        """What a new process finds: jobs that wait for an answer are handed out again."""
        self._finished = asyncio.Queue()
        for job_id, job in self.jobs.items():
            if job.status.state in (JobState.MADE, JobState.FAILED) and job.message_id is None:
                self._finished.put_nowait(job_id)

    @property
    def last_job_id(self) -> str:
        return list(self.jobs)[-1]

    @property
    def last_job(self) -> Job:
        return self.jobs[self.last_job_id]

    def _take(self, job: Job, index: int, remarks: tuple[str, ...]) -> Take:
        recipe = Recipe(job.request, job.request.seed + index, "1", "MIT")
        take_id = f"take{index + 1}of{job.status.job_id}"
        return Take(
            take_id, job.status.job_id, index, "hash", job.request.duration_s or 20.0, 44100, recipe,
            stem_hashes={"drums": "hash"}, parents=job.request.parent_take_ids, remarks=remarks,
        )  # fmt: skip

    # what a front end does

    async def check_in(self, upload: bytes | Incoming, *, name: str, owner: Origin) -> CheckIn:
        data = upload if isinstance(upload, bytes) else await upload.fetch()
        if not data.startswith((b"OggS", b"RIFF", b"ID3")):
            raise ClipRefused(f"{name} is not audio that I know.")
        clip_id = f"clip{len(self.clips) + 1}"
        self.clips[clip_id] = data
        hearing = Hearing(12.4, loudness_lufs=-14.2, tempo_bpm=120.0, beat_confidence=0.9, key=Key(2, "minor"))
        return CheckIn(clip_id, name, hearing, ("I used its best 12 s.",))

    async def parts_of(
        self, take: Take, whole: CheckIn, *, owner: Origin, under: Hearing, key: str | None = None
    ) -> tuple[CheckIn, ...]:
        """As a backing it has parts where a key is wished, which then is another."""
        return () if key is None else tuple(replace(whole, clip_id=name) for name in ("drums", "rest"))

    async def clip_of_take(self, take_id: str, *, owner: Origin) -> CheckIn:
        await self.sharing.require_standing([take_id])
        await self.take(take_id)
        self.clips[f"clip-of-{take_id}"] = b""
        return CheckIn(f"clip-of-{take_id}", take_id, Hearing(20.0))

    async def require_room(
        self, request: Request, origin: Origin, *, key: str, place: Mapping[str, float] | None = None
    ) -> None:
        self.room_asked.append(request)
        if request.engine not in self.engines:
            raise EngineUnavailable(f"There is no engine called {request.engine!r} here.")
        await self.sharing.require_standing(request.parent_take_ids)

    async def submit(
        self, request: Request, origin: Origin, *, key: str, place: Mapping[str, float] | None = None
    ) -> FakeTicket:
        await self.sharing.require_standing(request.parent_take_ids)
        self.limits_asked.append(dict(place or {}))
        if key not in self.keys:
            job_id = f"job{next(self._numbers)}"
            self.keys[key] = job_id
            place = 1 + sum(job.status.state is JobState.QUEUED for job in self.jobs.values())
            self.jobs[job_id] = Job(JobStatus(job_id, JobState.QUEUED, place, 12.0), request, origin)
        return FakeTicket(self, self.keys[key])

    def ticket(self, job_id: str) -> FakeTicket:
        return FakeTicket(self, job_id)

    def _job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise TakeNotFound("There is no such job.")
        return self.jobs[job_id]

    async def status(self, job_id: str) -> JobStatus:
        return self._job(job_id).status

    async def origin(self, job_id: str) -> Origin:
        return self._job(job_id).origin

    async def request(self, job_id: str) -> Request:
        return self._job(job_id).request

    async def update_reply(self, job_id: str, reply: dict[str, Any]) -> None:
        job = self._job(job_id)
        job.origin = replace(job.origin, reply=reply)

    async def cancel(self, job_id: str) -> bool:
        job = self._job(job_id)
        if job.status.state not in OPEN:
            return False
        job.status = replace(job.status, state=JobState.CANCELLED)
        job.changed.set()
        return True

    async def open_jobs(
        self, front_end: str, *, person_id: str | None = None, guild_id: str | None = None
    ) -> tuple[FinishedJob, ...]:
        return tuple(
            FinishedJob(job.status, job.request, job.origin)
            for job in self.jobs.values()
            if job.status.state in OPEN
            and person_id in (None, job.origin.person_id)
            and guild_id in (None, job.origin.guild_id)
        )

    async def finished(self, front_end: str) -> AsyncIterator[FinishedJob]:
        while True:
            job_id = await self.wait(self._finished.get(), "the next finished job")
            job = self.jobs[job_id]
            yield FinishedJob(job.status, job.request, job.origin, job.takes)

    async def mark_delivered(self, job_id: str, message_id: str) -> None:
        job = self._job(job_id)
        job.message_id = message_id
        if job.status.state is JobState.MADE:
            job.status = replace(job.status, state=JobState.DELIVERED)

    async def mark_undeliverable(self, job_id: str, reason: str) -> None:
        job = self._job(job_id)
        job.undeliverable_reason = reason
        job.status = replace(job.status, state=JobState.UNDELIVERABLE)

    async def take(self, take_id: str) -> Take:
        for job in self.jobs.values():
            for take in job.takes:
                if take.take_id == take_id:
                    return take
        raise TakeNotFound("There is no such take.")

    async def takes_of(self, job_id: str) -> tuple[Take, ...]:
        return self._job(job_id).takes

    async def render(
        self, take_id: str, audio_format: AudioFormat, *, max_bytes: int | None = None, stem: str | None = None
    ) -> Rendered:
        await self.take(take_id)
        self.render_calls.append((take_id, audio_format, max_bytes, stem))
        return Rendered(
            self.file_bytes, f"{stem or self._operation(take_id)}-{take_id}.{audio_format.value}", audio_format
        )

    def _operation(self, take_id: str) -> str:
        return self.jobs[take_id.partition("of")[2]].request.operation.value

    async def replay(self, take_id: str, origin: Origin | None = None) -> Replay:
        return Replay((await self.take(take_id)).take_id, Verdict.IDENTICAL)

    async def voice_waveform(self, take_id: str) -> bytes:
        await self.take(take_id)
        return bytes(range(200))

    async def waveform_png(self, take_id: str) -> bytes:
        return b"\x89PNG fake picture"
