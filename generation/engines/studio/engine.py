"""The engine studio: jobs in, loops and blends out, one stage a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from generation.engines.base import Capabilities, Done, EngineJob, Event, Failed, Progress
from generation.engines.studio.work import blend_take, check, loop_take
from generation.errors import BandmateError
from generation.request import Operation

MAX_JOBS = 4
MAX_DURATION_S = 300.0
SAMPLE_RATE_HZ = 48_000

_WORK: dict[Operation, tuple[str, Callable[[EngineJob], Done]]] = {
    Operation.LOOP: ("cutting", loop_take),
    Operation.BLEND: ("stretching", blend_take),
}


class StudioEngine:
    """Makes loops and blends; see `generation.engines.base.Engine`. The seed changes nothing in them."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(
            name="studio",
            operations=frozenset(_WORK),
            max_duration_s=MAX_DURATION_S,
            num_channels=2,
            sample_rate_hz=SAMPLE_RATE_HZ,
            licence="MIT",
            max_jobs=MAX_JOBS,
        )
        self._admitted: dict[str, EngineJob] = {}
        self._begun: set[str] = set()

    def load(self) -> None:
        """Import what the work needs."""
        import python_stretch  # noqa: F401
        import scipy.signal  # noqa: F401

    def admit(self, job: EngineJob) -> None:
        """Take a job in. Raises RequestRefused for another operation, missing clips, weights or a key that are none."""
        check(job)
        self._admitted[job.job_id] = job

    def step(self) -> Sequence[Event]:
        """Tell of every new job that it is begun, and finish one that was."""
        events: list[Event] = []
        for job in list(self._admitted.values()):
            stage, work = _WORK[job.request.operation]
            if job.job_id not in self._begun:
                self._begun.add(job.job_id)
                events.append(Progress(job.job_id, 0.1, 0.0, stage))
                continue
            self.cancel(job.job_id)
            try:
                events.append(work(job))
            except BandmateError as error:
                events.append(Failed(job.job_id, str(error)))
            break  # one take's work a step, so that a cancel does not wait for all of them
        return events

    def cancel(self, job_id: str) -> None:
        """Forget the job."""
        self._admitted.pop(job_id, None)
        self._begun.discard(job_id)
