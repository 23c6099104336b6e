"""An engine for tests that does what its prompt says, word by word, in a real worker process.

"slow 2.5"  takes 2.5 s in many small steps        "hang"   a step that never returns
"held"      goes on, ever more slowly, until it is let go: see `let_go`
"crash"     os._exit in a step                     "kill"   kill -9 of its own process
"fail"      gives up with a sentence               "retry"  gives up, but another try may go well
"oom"       MemoryError in a step                  "raise"  RuntimeError in a step
"refuse"    refuses to admit the job               "shout"  prints to stdout, as libraries do
"mute"      makes silence                              (with "once": in its first try)
"preview"   audio so far with every step           "late"   it misbehaves when two thirds are made, not at once
"notes 2.5" 2.5 s of struck notes, each of another level, in place of the tone
"full"      the disk is full when its take is kept "once"   only the first time (marked in the folder of the options)
Each take is a sine tone whose pitch comes from its seed, so that equal seeds give equal audio. Every start of a job is
counted in the options' folder, in a file named after it: one line per admission. With the option `raw` its worker keeps
takes as they are, without loudness and checks: a worker then starts in a third of the time.
"""

from __future__ import annotations

import errno
import os
import signal
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from generation.clip import Clip
from generation.engines import EngineEntry, EngineOptions
from generation.engines.base import Capabilities, Done, EngineJob, Event, Failed, Preview, Progress
from generation.errors import RequestRefused
from generation.request import Operation
from generation.worker.making import Making
from generation.worker.messages import MadeTake
from generation.worker.studio import Studio

RATE_HZ = 16_000
LENGTH_S = 1.0

ENGINES = {
    "scripted": EngineEntry("tests.support.scripted_engine"),
    "missing": EngineEntry("tests.support.no_such_module", ("no_such_package",), "missing"),
}


class ScriptedEngine:
    """See the module's text."""

    def __init__(self, options: EngineOptions) -> None:
        values = options.values
        self.capabilities = Capabilities(
            name="scripted",
            operations=frozenset({Operation.COMPOSE, Operation.EXTEND}),
            max_duration_s=60.0,
            num_channels=1,
            sample_rate_hz=RATE_HZ,
            licence="MIT",
            max_jobs=int(values.get("max_jobs", 1)),
            models=("small", "large"),
        )
        self._folder = Path(values["folder"])
        self._load_s = float(values.get("load_s", 0.0))
        self._jobs: dict[str, tuple[EngineJob, float]] = {}

    def load(self) -> None:
        time.sleep(self._load_s)

    def admit(self, job: EngineJob) -> None:
        with (self._folder / job.job_id).open("a") as file:
            file.write(f"{os.getpid()}\n")
        if "refuse" in job.request.prompt:
            raise RequestRefused("I won't play that.")
        if "shout" in job.request.prompt:
            print('{"kind":"Made"} this is no message')
        self._jobs[job.job_id] = (job, time.monotonic())

    def cancel(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        (self._folder / f"cancelled-{job_id}").touch()

    def step(self) -> Sequence[Event]:
        events: list[Event] = []
        for job, begun_s in list(self._jobs.values()):
            events += self._advance(job, begun_s)
        time.sleep(0.01)
        return events

    def _advance(self, job: EngineJob, begun_s: float) -> list[Event]:
        words = job.request.prompt.split()
        fraction = self._fraction(words, time.monotonic() - begun_s)
        is_time = "late" not in words or fraction >= 2 / 3
        if is_time and ("once" not in words or not self._was_here(job)):
            self._misbehave(words)
            if "fail" in words or "retry" in words:
                del self._jobs[job.job_id]
                return [Failed(job.job_id, "The band went home.", retry="retry" in words)]
        if fraction < 1.0:
            news: list[Event] = [Progress(job.job_id, fraction, fraction * LENGTH_S, "playing")]
            return (
                [*news, Preview(job.job_id, tone(job.seed, LENGTH_S * (0.1 + fraction)))]
                if "preview" in words
                else news
            )
        del self._jobs[job.job_id]
        return [self._done(job, words)]

    def _fraction(self, words: list[str], past_s: float) -> float:
        if "held" in words:
            return 1.0 if self._is_let_go() else 0.6 * past_s / (1.0 + past_s)
        wanted_s = float(words[words.index("slow") + 1]) if "slow" in words else 0.0
        return min(past_s / wanted_s, 1.0) if wanted_s else 1.0

    def _is_let_go(self) -> bool:
        for leave in self._folder.glob("go-*"):
            leave.unlink(missing_ok=True)
            return True
        return False

    def _done(self, job: EngineJob, words: list[str]) -> Done:
        clip = notes(job.seed, float(words[words.index("notes") + 1])) if "notes" in words else tone(job.seed, LENGTH_S)
        if "mute" in words and ("once" not in words or self._num_admissions(job) == 1):
            clip = Clip(np.zeros_like(clip.samples), RATE_HZ)
        pid = os.getpid()
        details = {
            "pid": pid,
            "threads": os.environ["OMP_NUM_THREADS"],
            "clips": [clip.num_frames for clip in job.clips],
        }
        return Done(
            job.job_id,
            clip,
            stems={"lead": clip} if "stems" in words else {},
            midi=b"MThd" if "stems" in words else None,
            details=details,
            remarks=("One word was not understood.",),
            engine_revision="scripted-1",
        )

    def _num_admissions(self, job: EngineJob) -> int:
        return len((self._folder / job.job_id).read_text().split())

    def _was_here(self, job: EngineJob) -> bool:
        mark = self._folder / f"mark-{job.job_id}"
        was_here = mark.exists()
        mark.touch()
        return was_here

    def _misbehave(self, words: list[str]) -> None:
        if "hang" in words:
            time.sleep(3600)
        if "crash" in words:
            os._exit(3)
        if "kill" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "oom" in words:
            raise MemoryError("no room for the attention matrix")
        if "full" in words:
            os.fsync = _no_room
        if "raise" in words:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")


def _keep_raw(self: Studio, making: Making, done: Done) -> MadeTake:
    return self._stored(making.index_of(done.job_id), making, done, done.clip)


def _no_room(fd: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def let_go(folder: Path, times: int = 1) -> None:
    """What is held by the engine whose options name this folder goes on to its end (or fails, if that is its way): so
    many times one job, or one job so many times."""
    for _ in range(times):
        (folder / f"go-{uuid.uuid4().hex}").touch()


def tone(seed: int, duration_s: float) -> Clip:
    """A sine tone whose pitch comes from the seed."""
    time_s = np.arange(round(RATE_HZ * duration_s)) / RATE_HZ
    return Clip((0.3 * np.sin(2 * np.pi * (200 + seed % 1000) * time_s)).astype(np.float32)[None], RATE_HZ)


def notes(seed: int, duration_s: float) -> Clip:
    """Eight notes a second that die away, of levels and pitches that come from the seed."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(RATE_HZ * duration_s)) / RATE_HZ
    number = (time_s * 8).astype(int)
    levels, pitches_hz = random.uniform(0.05, 0.6, number[-1] + 1), random.uniform(200, 900, number[-1] + 1)
    since_s = time_s - number / 8
    samples = levels[number] * np.exp(-since_s / 0.05) * np.sin(2 * np.pi * pitches_hz[number] * since_s)
    return Clip(samples.astype(np.float32)[None], RATE_HZ)


def create(device: str, options: EngineOptions) -> ScriptedEngine:
    """The engine for a device. Its worker imports what finishing a take needs when it finishes one."""
    Studio.warm_up = lambda self: None  # type: ignore[method-assign]
    if options.values.get("raw"):
        Studio.finish = _keep_raw  # type: ignore[method-assign]
    return ScriptedEngine(options)
