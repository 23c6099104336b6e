"""What the service and its child processes say to each other: one JSON object a line, on stdin and stdout.

    service                                   worker process
       │ ─ Setup ──────────────────────────────▶ │
       │ ◀──────────────────────────── Hello ─── │   engines and what they can do
       │ ─ Make(job) ──────────────────────────▶ │
       │ ◀─── Alive, Moved, Previewed … ──────── │   between two steps
       │ ─ Drop(job) ──────────────────────────▶ │   takes effect within a step
       │ ◀─── Made | Gave up | Dropped ───────── │   exactly one of them for each Make
       │ ─ (stdin closed) ─────────────────────▶ │   ends at once

Audio never travels here: only hashes of files in the audio store.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""A hearing of a five-minute clip is some 100 kB; nothing comes near this."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker process needs to know before anything else; see ServiceConfig for units and ranges."""

    device: str
    engines: dict[str, dict[str, Any]]
    preload: list[str]
    registry: str | None
    audio_folder: str
    target_lufs: float
    ceiling_dbfs: float
    preview_interval_s: float
    step_limit_s: float
    load_limit_s: float
    checks: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker's first words. `capabilities`: by engine, see `capabilities_to_json`; `unavailable`: the sentence of
    each engine that can't be made here."""

    capabilities: dict[str, dict[str, Any]]
    unavailable: dict[str, str]


@dataclass(frozen=True, slots=True)
class Make:
    """Make a job's takes. `clips`: the hash of each clip's audio; `hearings`: what was heard in each, in JSON;
    `previews`: the place for its previews (see generation.previews); None where nobody listens to them."""

    job_id: str
    request: dict[str, Any]
    clips: list[str]
    hearings: list[dict[str, Any]]
    previews: str | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Hear:
    """Analyse a clip of the store (for the analysis process)."""

    clip: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The hearing of a clip in JSON; `sentence` when it could not be heard."""

    clip: str
    hearing: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life: what is being done, and how long it may take until the next sign, in seconds."""

    doing: str
    limit_s: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """An engine is loaded and warm; `seconds` it took."""

    engine: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress of a job over all its takes; see engines.base.Progress."""

    job_id: str
    fraction: float
    made_s: float
    stage: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """The audio so far lies among the previews."""

    job_id: str
    audio_hash: str


@dataclass(frozen=True, slots=True)
class MadeTake:
    """A finished take in the store, with what its recipe needs; names as in request.Take and request.Recipe.

    `shortcomings` are those of its remarks that say what falls short; `worth_another_seed`: another may do better.
    """

    index: int
    seed: int
    audio_hash: str
    samples_digest: str
    duration_s: float
    sample_rate_hz: int
    stem_hashes: dict[str, str]
    midi_hash: str | None
    engine_revision: str
    precision: str
    device_kind: str
    versions: dict[str, str]
    details: dict[str, Any]
    remarks: list[str]
    shortcomings: list[str] = field(default_factory=list)
    worth_another_seed: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """All takes of a job are in the store."""

    job_id: str
    takes: list[MadeTake]


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A job can't be made. `sentence` is for the user; `retry`: another try, alone on the device, may go well."""

    job_id: str
    sentence: str
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """The job was forgotten."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The process can't go on (a device error, out of memory) and ends; `reason` is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Logged:
    """An event for the service's log, which knows what must not get into it. `fields` are texts by name."""

    level: str
    event: str
    fields: dict[str, str]


Message = (
    Setup
    | Hello
    | Make
    | Drop
    | Hear
    | Heard
    | Alive
    | Loaded
    | Moved
    | Previewed
    | Made
    | GaveUp
    | Dropped
    | Broken
    | Logged
)
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Message.__args__}


class NotUnderstood(ValueError):
    """A line that is no message: the process at the other end is broken."""


def to_line(message: Message) -> bytes:
    """A message as one line."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}, separators=(",", ":")).encode() + b"\n"


def from_line(line: bytes) -> Message:
    """The inverse of `to_line`. Raises NotUnderstood."""
    try:
        fields = json.loads(line)
        kind = _KINDS[fields.pop("kind")]
        if kind is Made:
            fields["takes"] = [MadeTake(**take) for take in fields["takes"]]
        message: Message = kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotUnderstood(f"not a message: {line[:200]!r}") from error
    return message
