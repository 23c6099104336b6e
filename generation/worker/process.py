"""The worker process: one device, one loop: drain messages, step the engines, send what happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from generation.clip import Clip
from generation.engines.base import Capabilities, Done, Engine, Event, Failed, LoadsInSteps, Preview, Progress
from generation.errors import BandmateError
from generation.hearing import Hearing
from generation.previews import PreviewShelf
from generation.request import Request
from generation.worker.bench import Bench, open_bench
from generation.worker.inside import Inside
from generation.worker.making import Making
from generation.worker.messages import (
    Alive,
    Broken,
    Drop,
    Dropped,
    GaveUp,
    Hello,
    Loaded,
    Made,
    Make,
    Message,
    Moved,
    Previewed,
    Setup,
)
from generation.worker.second_ear import HeardAsSaid, SecondEar
from generation.worker.studio import Studio

log = structlog.get_logger()

IDLE_BEAT_S = 1.0
IDLE_LIMIT_S = 30.0
"""An idle worker says so every second; after 30 s of silence (a machine that swaps) it counts as hung."""
_ALIVE_EVERY_S = 0.5
_MOVED_EVERY_S = 0.2


class WorkerLoop:
    """The loop of one worker process. `run` returns only when the process has to end."""

    def __init__(self, inside: Inside, setup: Setup) -> None:
        self._inside, self._setup = inside, setup
        self._bench: Bench = open_bench(setup)
        self._studio, self._shelf = Studio(setup), PreviewShelf(Path(setup.audio_folder))
        self._second_ear = SecondEar()
        self._jobs: dict[str, Making] = {}
        self._last_alive: tuple[str, float] = ("", 0.0)

    def run(self) -> None:
        """Greet, load what is wanted at once, then make takes until the end."""
        self._inside.tell(Hello(_capabilities(self._bench.engines), self._bench.unavailable))
        for name in self._setup.preload:
            if name in self._bench.engines:
                self._load(name)
        while True:
            self.turn(wait_s=0.0 if self._jobs else IDLE_BEAT_S)

    def turn(self, *, wait_s: float) -> None:
        """One turn of the loop: hear, admit, step, tell."""
        if not self._jobs:
            self._alive("idle", IDLE_LIMIT_S)
        messages = self._inside.waiting(limit_s=wait_s)
        if not messages and not self._jobs:
            self._alive("warm up", self._setup.load_limit_s)
            self._studio.warm_up()  # nobody waits: the time to import what finishing a take needs
            for name in self._bench.loaded:
                self._bench.engines[name].step()  # and to let go of weights that were not used for long
        for message in messages:
            self._obey(message)
        for making in list(self._jobs.values()):
            self._admit_takes(making)
        for name in dict.fromkeys(making.engine for making in self._jobs.values()):
            for event in self._step(self._bench.engines[name]):
                self._pass_on(event)
        for making in self._jobs.values():
            self._show_preview(making)

    def _step(self, engine: Engine) -> Sequence[Event]:
        if isinstance(engine, LoadsInSteps) and engine.is_about_to_load:
            self._alive("load", self._setup.load_limit_s)
        else:
            self._alive("step", self._setup.step_limit_s)
        return engine.step()

    def _obey(self, message: Message) -> None:
        match message:
            case Make():
                self._take_in(message)
            case Drop(job_id) if job_id in self._jobs:
                self._forget(job_id)
                self._inside.tell(Dropped(job_id))
            case Drop():
                pass  # it has ended, and was told: the two words met on their way
            case _:
                log.warning("a message that is not for a worker", kind=type(message).__name__)

    def _take_in(self, message: Make) -> None:
        request = Request.from_json(message.request)
        log.info("job taken in", job_id=message.job_id, engine=request.engine, operation=request.operation.value)
        if not self._load(request.engine, job_id=message.job_id):
            return
        try:
            clips = tuple(self._studio.load(audio_hash) for audio_hash in message.clips)
        except (BandmateError, ValueError) as error:
            self._give_up(message.job_id, error, "A clip of this job can't be read any more: attach it again.")
            return
        try:
            heard = self._heard(message, request, clips)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  one job's trouble must not end its neighbours
            self._give_up(message.job_id, error, "The clip could not be listened to with what you say of it.")
            return
        self._jobs[message.job_id] = Making(message.job_id, request, clips, heard, previews=message.previews)

    def _heard(self, message: Make, request: Request, clips: tuple[Clip, ...]) -> HeardAsSaid:
        """What was heard at the check-in, or is heard with what the request says."""

        def begin() -> None:
            self._alive("listen", self._setup.load_limit_s)
            self._inside.tell(Moved(message.job_id, 0.0, 0.0, "listening"))

        hearings = tuple(Hearing.from_json(item) for item in message.hearings)
        return self._second_ear.hear(self._bench.engines[request.engine], request, clips, hearings, begin)

    def _admit_takes(self, making: Making) -> None:
        """Give the job's further takes to the engine while it has idle rows."""
        engine = self._bench.engines[making.engine]
        while making.has_waiting and self._num_rows(making.engine) < engine.capabilities.max_jobs:
            self._alive("admit", self._setup.step_limit_s)
            try:
                engine.admit(making.next_take())
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001  one job's trouble must not end its neighbours
                self._give_up(making.job_id, error, "The engine could not start this take: try other words or values.")
                return

    def _num_rows(self, engine: str) -> int:
        return sum(making.num_admitted for making in self._jobs.values() if making.engine == engine)

    def _pass_on(self, event: Event) -> None:
        making = self._jobs.get(event.job_id.rpartition("-")[0])
        if making is None or not making.is_making(event.job_id):
            return  # it was dropped a moment ago
        match event:
            case Progress():
                if making.note_progress(event, every_s=_MOVED_EVERY_S, now_s=time.monotonic()):
                    self._inside.tell(Moved(making.job_id, making.fraction, making.made_s, event.stage))
            case Preview():
                making.note_preview(event)
            case Failed() if making.keep_first_try(event.job_id):
                self._tell_if_complete(making)
            case Failed(_, sentence, retry):
                self._forget(making.job_id)
                self._inside.tell(GaveUp(making.job_id, sentence, retry))
            case Done():
                self._finish(making, event)

    def _show_preview(self, making: Making) -> None:
        """Put the audio so far where front ends find it, if it is time for it."""
        clip = making.due_preview(self._setup.preview_interval_s, time.monotonic())
        if clip is None or making.previews is None:
            return
        self._alive("preview", self._setup.load_limit_s)
        try:
            newest = self._shelf.put(making.previews, clip)
        except (BandmateError, OSError) as error:  # a full disk; a take can do without its previews
            log.warning("preview not kept", job_id=making.job_id, fault=str(error))
            return
        self._inside.tell(Previewed(making.job_id, newest))

    def _finish(self, making: Making, event: Done) -> None:
        self._alive("finish", self._setup.load_limit_s)
        try:
            take = self._studio.finish(making, event)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  one job's trouble must not end its neighbours
            self._give_up(making.job_id, error, "The take was made, but could not be finished. Try it again.")
            return
        if making.may_try_again(event.job_id, take):
            log.info("a take falls short, once more", job_id=making.job_id, why=" ".join(take.shortcomings))
            making.try_again(event.job_id, take)
            return
        making.note_done(event.job_id, take)
        self._tell_if_complete(making)

    def _tell_if_complete(self, making: Making) -> None:
        if making.is_complete:
            del self._jobs[making.job_id]
            self._inside.tell(Made(making.job_id, making.made_takes))

    def _give_up(self, job_id: str, error: Exception, otherwise: str) -> None:
        """Give a job up with the error's own sentence if it was written for people, else with `otherwise`."""
        self._forget(job_id)
        if isinstance(error, BandmateError):
            sentence = str(error)
        else:
            log.exception("job given up", job_id=job_id, exc_info=error)
            sentence = otherwise
        self._inside.tell(GaveUp(job_id, sentence))

    def _forget(self, job_id: str) -> None:
        making = self._jobs.pop(job_id, None)
        for take_job_id in making.admitted if making is not None else ():
            self._bench.engines[making.engine].cancel(take_job_id)  # type: ignore[union-attr]

    def _load(self, name: str, *, job_id: str | None = None) -> bool:
        """Load an engine unless it is; False, and the job given up, when that fails."""
        if name in self._bench.loaded:
            return True
        self._alive("load", self._setup.load_limit_s)
        begun = time.monotonic()
        try:
            self._bench.load(name)
        except MemoryError:
            raise
        except Exception as error:
            log.exception("engine not loaded", engine=name)
            if job_id is not None:
                sentence = f"The engine {name} could not be loaded here: its operator finds the reason in the log."
                self._give_up(job_id, error, sentence)
            return False
        self._inside.tell(Loaded(name, time.monotonic() - begun))
        return True

    def _alive(self, doing: str, limit_s: float) -> None:
        last, at_s = self._last_alive
        now_s = time.monotonic()
        if doing != last or now_s - at_s >= _ALIVE_EVERY_S:
            self._inside.tell(Alive(doing, limit_s))
            self._last_alive = (doing, now_s)


def _capabilities(engines: dict[str, Engine]) -> dict[str, dict[str, Any]]:
    return {name: capabilities_to_json(engine.capabilities) for name, engine in engines.items()}


def capabilities_to_json(capabilities: Capabilities) -> dict[str, Any]:
    """Plain JSON; `supervisor.capabilities_from_json` is the inverse."""
    return {**asdict(capabilities), "operations": sorted(item.value for item in capabilities.operations)}


def main() -> None:
    """Run this process: wait for the setup, then make takes until the service closes the pipe."""
    inside = Inside.open()
    try:
        WorkerLoop(inside, inside.setup()).run()
    except BrokenPipeError:
        sys.exit(0)  # the service is gone
    except (Exception, MemoryError) as error:
        log.exception("the worker can't go on")
        inside.tell(Broken(f"{type(error).__name__}: {error}"[:500]))
        sys.exit(1)


if __name__ == "__main__":
    main()
