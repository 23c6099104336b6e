"""The ledger's rows as frozen objects, and the way from request and take to row and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from generation.hearing import Hearing
from generation.jobs import JobState, JobStatus, Origin
from generation.request import Recipe, Request, Take


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be put into the ledger. `priority` 0: short, 1: long. `music_s`: seconds of music of all its takes.

    `expected_s`: seconds that it should hold a device, None when nothing was measured yet.
    """

    job_id: str
    key: str
    origin: Origin
    request: Request
    music_s: float
    priority: int
    home: str
    expected_s: float | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the ledger has it; see tables.py for the columns."""

    job_id: str
    key: str
    front_end: str
    person_id: str
    person_name: str
    guild_id: str | None
    channel_id: str | None
    reply: dict[str, Any]
    request: Request
    engine: str
    music_s: float
    priority: int
    expected_s: float | None
    state: JobState
    home: str
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    attempts: int
    worker_deaths: int
    fence: int
    lease_owner: str | None
    lease_until: float | None
    device: str | None
    fraction: float
    made_s: float
    stage: str
    preview_hash: str | None
    sentence: str
    message_id: str | None
    answered_at: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> JobRow:
        """From a row of the table."""
        values = {item.name: row[item.name] for item in fields(cls)}
        values["request"] = Request.from_json(values["request"])
        values["state"] = JobState(values["state"])
        return cls(**values)

    @property
    def model(self) -> str | None:
        """The model that was asked for; None: the engine's default."""
        return self.request.model

    @property
    def origin(self) -> Origin:
        """Who asked, from where."""
        return Origin(self.front_end, self.person_id, self.person_name, self.guild_id, self.channel_id, self.reply)

    @property
    def turn_keys(self) -> tuple[str, str]:
        """The keys of its person and its guild into the turns."""
        return _turn_keys(self.front_end, self.person_id, self.guild_id)

    @property
    def status(self) -> JobStatus:
        """Where it stands, as far as the ledger knows (place and estimate come from the whole line)."""
        return JobStatus(
            self.job_id,
            self.state,
            fraction=1.0 if self.state is JobState.MADE else self.fraction,
            made_s=self.made_s,
            stage=self.stage,
            sentence=self.sentence,
            preview_hash=self.preview_hash,
        )


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """What the scheduling needs to know of a job that waits or runs; see tables.py for the columns."""

    job_id: str
    front_end: str
    person_id: str
    guild_id: str | None
    engine: str
    music_s: float
    priority: int
    state: str
    submitted_at: float
    started_at: float | None
    worker_deaths: int
    device: str | None
    fraction: float
    model: str | None = None  # of the request: None is the engine's default

    @property
    def turn_keys(self) -> tuple[str, str]:
        """The keys of its person and its guild into the turns."""
        return _turn_keys(self.front_end, self.person_id, self.guild_id)


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip that was let in. `audio_hash` names its file in the audio store."""

    clip_id: str
    audio_hash: str
    duration_s: float
    sample_rate_hz: int
    num_channels: int
    hearing: Hearing


def person_key(origin: Origin) -> str:
    """A person's key into the turns."""
    return _turn_keys(origin.front_end, origin.person_id, None)[0]


def guild_key(origin: Origin) -> str:
    """A guild's key into the turns; a direct message counts for its person."""
    return _turn_keys(origin.front_end, origin.person_id, origin.guild_id)[1]


def _turn_keys(front_end: str, person_id: str, guild_id: str | None) -> tuple[str, str]:
    person = f"person:{front_end}:{person_id}"
    return person, person if guild_id is None else f"guild:{front_end}:{guild_id}"


def job_values(job: NewJob, now: float) -> dict[str, Any]:
    """A new job's columns."""
    origin = job.origin
    return {
        "job_id": job.job_id,
        "key": job.key,
        "front_end": origin.front_end,
        "person_id": origin.person_id,
        "person_name": origin.person_name,
        "guild_id": origin.guild_id,
        "channel_id": origin.channel_id,
        "reply": origin.reply,
        "request": job.request.to_json(),
        "engine": job.request.engine,
        "music_s": job.music_s,
        "priority": job.priority,
        "expected_s": job.expected_s,
        "state": JobState.QUEUED.value,
        "home": job.home,
        "submitted_at": now,
    }


def take_values(take: Take, now: float) -> dict[str, Any]:
    """A take's columns, without its parents."""
    return {
        "take_id": take.take_id,
        "job_id": take.job_id,
        "index": take.index,
        "audio_hash": take.audio_hash,
        "duration_s": take.duration_s,
        "sample_rate_hz": take.sample_rate_hz,
        "recipe": take.recipe.to_json(),
        "samples_digest": take.samples_digest,
        "stem_hashes": take.stem_hashes,
        "midi_hash": take.midi_hash,
        "remarks": list(take.remarks),
        "made_at": now,
    }


def take_of(row: Mapping[str, Any], parents: tuple[str, ...]) -> Take:
    """A take from its row and the ids of its parents."""
    names = ("take_id", "job_id", "index", "audio_hash", "duration_s", "sample_rate_hz")
    return Take(
        **{name: row[name] for name in names},
        recipe=Recipe.from_json(row["recipe"]),
        samples_digest=row["samples_digest"],
        stem_hashes=dict(row["stem_hashes"]),
        midi_hash=row["midi_hash"],
        parents=parents,
        remarks=tuple(row["remarks"]),
    )
