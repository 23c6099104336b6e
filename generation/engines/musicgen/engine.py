"""The engine musicgen: jobs in, events out, a codec frame of every take a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.engines.base import Capabilities, EngineJob, Event, Failed, Preview, Progress
from generation.engines.musicgen.options import LICENCE, MusicgenOptions, traits_of
from generation.engines.musicgen.plan import check, make_plan, operations_of
from generation.errors import BandmateError, EngineUnavailable

if TYPE_CHECKING:
    from generation.engines.musicgen.performance import Performance
    from generation.engines.musicgen.shelf import Shelf, Station

SAMPLE_RATE_HZ = 32_000
PROGRESS_S = 0.5
"""Progress is told whenever this much more music is there."""
CHUNK_FRAMES = 50
"""Codes are turned into audio a second at a time: long enough to be quick, short enough to keep steps short."""


class MusicgenEngine:
    """Makes takes with MusicGen, several at once; see `generation.engines.base.Engine`."""

    def __init__(self, device: str, options: MusicgenOptions) -> None:
        self.options, self.capabilities = options, capabilities_of(options)
        self.device = device
        self._shelf: Shelf | None = None
        self.waiting: list[EngineJob] = []
        self.running: dict[str, _Running] = {}

    @property
    def shelf(self) -> Shelf:
        """The loaded checkpoints; torch is imported with the first look."""
        if self._shelf is None:
            from generation.engines.musicgen.shelf import Shelf

            self._shelf = Shelf(self.device, self.options)
        return self._shelf

    def load(self) -> None:
        """Load the default checkpoint."""
        self.shelf.station(self.options.models[0])

    def admit(self, job: EngineJob) -> None:
        """Take a job in; see `plan.check` for what is refused."""
        name = self._model_of(job)
        if name not in self.options.models:
            raise EngineUnavailable(
                f"There is no MusicGen model {name!r} here; there are {', '.join(self.options.models)}."
            )
        check(job, traits_of(name).is_melody, self.options.max_duration_s)
        self.waiting.append(job)

    def step(self) -> Sequence[Event]:
        """Start a job that waits; advance all takes by one codec frame, and one of them by a chunk of audio."""
        events: list[Event] = []
        if self.waiting:
            events.extend(self._start(self.waiting.pop(0)))
        elif not self.running:
            self.shelf.let_go_of_idle()
        for station in self.shelf.in_use():
            station.step()
        for running in self.running.values():
            running.turn_window()
        if due := [running for running in self.running.values() if running.is_audio_due]:
            max(due, key=_Running.urgency).decode_chunk()
        for running in list(self.running.values()):
            events.extend(self._tell(running))
        return events

    def cancel(self, job_id: str) -> None:
        """Forget the job; the others go on at the next step."""
        self.waiting = [job for job in self.waiting if job.job_id != job_id]
        if running := self.running.pop(job_id, None):
            running.performance.stop(running.station.batch)

    @property
    def is_about_to_load(self) -> bool:
        """Whether the next step reads a checkpoint, which takes minutes where it has to be fetched first."""
        return bool(self.waiting) and self._model_of(self.waiting[0]) not in self.shelf.stations

    def describe(self) -> str:
        """A line for the doctor on the default checkpoint: model, precision, device, speed; loads it."""
        station = self.shelf.station(self.options.models[0])
        return "" if station is None else station.describe()

    def _start(self, job: EngineJob) -> Iterator[Event]:
        from generation.engines.musicgen.performance import Performance

        try:
            station = self.shelf.station(self._model_of(job))
            if station is None:  # it fits once the takes of another model are done
                self.waiting.append(job)
                return
            plan = make_plan(job, station.checkpoint.shape, self.options.max_duration_s)
        except BandmateError as error:
            yield Failed(job.job_id, str(error))
            return
        performance = station.attempt(lambda: Performance(job, plan, station.checkpoint))
        if performance is None:
            self.waiting.append(job)
            return
        self.running[job.job_id] = _Running(performance, station, self.options.preview_after_s)
        yield Progress(job.job_id, 0.0, stage="listening" if job.clips else "composing")

    def _tell(self, running: _Running) -> Iterator[Event]:
        """What there is to say of one take."""
        performance = running.performance
        job_id, made_s = performance.job.job_id, performance.made_s
        if made_s >= running.next_progress_s:
            running.next_progress_s = made_s + PROGRESS_S
            yield Progress(job_id, min(made_s / performance.new_s, 1.0), made_s, "composing")
        if performance.is_done:
            del self.running[job_id]
            yield performance.done()
        elif performance.heard_s >= running.next_preview_s:
            running.next_preview_s *= 2
            yield Preview(job_id, performance.clip())

    def _model_of(self, job: EngineJob) -> str:
        return job.request.model or self.options.models[0]


@dataclass
class _Running:
    """A take in the making, where it is made, and what is told next. Previews come at 3, 6, 12, 24 ... s of music."""

    performance: Performance
    station: Station
    next_preview_s: float
    next_progress_s: float = PROGRESS_S

    @property
    def is_audio_due(self) -> bool:
        """Whether there are codes enough for a chunk of audio, or no more will come."""
        return self.performance.has_all_codes or self.performance.num_waiting() >= CHUNK_FRAMES

    def urgency(self) -> tuple[bool, int]:
        """Larger for a take that only lacks its last audio, then for the one that has waited longest."""
        return self.performance.has_all_codes, self.performance.num_waiting()

    def turn_window(self) -> None:
        """See `Performance.turn_window`; where memory ran out, the next step tries again."""
        self.station.attempt(lambda: self.performance.turn_window(self.station.batch))

    def decode_chunk(self) -> None:
        """See `Performance.decode_chunk`; likewise."""
        self.station.attempt(lambda: self.performance.decode_chunk(self.station.batch))


def capabilities_of(options: MusicgenOptions) -> Capabilities:
    """What the configured models can do together; a model that can't do it says so when a job is admitted."""
    traits = [traits_of(name) for name in options.models]
    return Capabilities(
        name="musicgen",
        operations=frozenset().union(*(operations_of(model.is_melody) for model in traits)),
        max_duration_s=options.max_duration_s,
        num_channels=max(model.num_channels for model in traits),
        sample_rate_hz=SAMPLE_RATE_HZ,
        licence=LICENCE,
        max_jobs=options.max_jobs,
        models=options.models,
    )
