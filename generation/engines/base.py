"""The engine protocol: what an engine says of itself, what it is given, what it sends back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from generation.clip import Clip
from generation.hearing import Hearing
from generation.request import Operation, Request

if TYPE_CHECKING:
    from generation.audio.analyse.said import Said


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; a front end offers only that.

    `max_duration_s` is the longest new music of one take. `max_jobs` is how many jobs it advances at once.
    `licence` is what the takes' users must respect ("MIT", "CC-BY-NC-4.0"). `models` are the checkpoints by name, the
    default first; empty when there is nothing to choose. `styles` are words that it knows well, for people to
    choose from; others may be said all the same.
    """

    name: str
    operations: frozenset[Operation]
    max_duration_s: float
    num_channels: int
    sample_rate_hz: int
    licence: str
    max_jobs: int = 1
    models: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One take to make: the request, its own seed, the decoded clips and what was heard in each (same order)."""

    job_id: str
    request: Request
    seed: int
    clips: tuple[Clip, ...] = ()
    hearings: tuple[Hearing, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` 0..1 of the work, `made_s` seconds of music so far, `stage` a word for people ("drums", "mixing")."""

    job_id: str
    fraction: float
    made_s: float = 0.0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The audio so far."""

    job_id: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class Done:
    """A take's audio before finishing (loudness, limiter), its stems and MIDI, and what the engine decided.

    `details` is plain JSON for the recipe; `remarks` are sentences for the user.
    `precision` and `engine_revision` go into the recipe as they are.

    `stems` and `midi` begin where the take begins, so that a sequencer lines them up with it.
    `kept_s`: so many seconds from the start are the clip's own samples, which finishing may change by one gain only.
    `joins_s`: the moments at which one sound has gone over into another, for finishing and the checks.
    `repeats`: the take is a loop, finished and checked as it is heard: its end followed by its beginning.
    """

    job_id: str
    clip: Clip
    stems: dict[str, Clip] = field(default_factory=dict)
    midi: bytes | None = None
    details: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    engine_revision: str = ""
    precision: str = "float32"
    kept_s: float = 0.0
    joins_s: tuple[float, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The job can't be made. `sentence` is for the user; `retry` says that another try may go well (out of memory)."""

    job_id: str
    sentence: str
    retry: bool = False


Event = Progress | Preview | Done | Failed


class Engine(Protocol):
    """Makes takes, a little at a time, inside a worker process.

    `step` advances every admitted job by a little (well under a second), so that jobs join and leave a running batch,
    progress comes for free and a cancel takes effect within a step. An engine ends each job with exactly one `Done`
    or `Failed`, or with nothing after `cancel`.
    """

    capabilities: Capabilities

    def load(self) -> None:
        """Import heavy libraries, read weights, warm up. Called once, before the first job, in the worker."""

    def admit(self, job: EngineJob) -> None:
        """Take a job in. Raises BandmateError with a sentence when the job can't be made."""

    def step(self) -> Sequence[Event]:
        """Advance all jobs by a little and say what happened; an empty sequence when there is nothing to do.

        Called about once a second while there are no jobs, once it is loaded: the time to let go of what lies idle.
        """

    def cancel(self, job_id: str) -> None:
        """Forget the job; unknown ids are fine."""


@runtime_checkable
class Described(Protocol):
    """An engine that can tell what it runs on, for `bandmate doctor --load`."""

    def describe(self) -> str:
        """Model, precision, device and speed in a line; loads the default model. Raises BandmateError."""


@runtime_checkable
class Warns(Protocol):
    """An engine that goes on without something that the operator set."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What can't be used, a sentence each; empty when all is well."""


@runtime_checkable
class LoadsInSteps(Protocol):
    """An engine that reads weights in some of its steps: of another model, or again after it had let them go."""

    @property
    def is_about_to_load(self) -> bool:
        """Whether the next step reads weights, which may take far longer than any other."""


@runtime_checkable
class ReadsPrompts(Protocol):
    """An engine whose prompts may say the tempo or metre of a clip; of the others only the options are heeded."""

    def said_of_clip(self, request: Request) -> Said:
        """What a request's options and words say; see `generation.audio.analyse.said`, which decides of what."""
