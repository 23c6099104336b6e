"""The way of a take as the service and the worker go it, in one process: decode, hear, engine, finish, encode."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.music.cases import Case
from benchmarks.music.clips import written
from generation.audio.analyse import analyse
from generation.audio.decode import decode
from generation.audio.encode import encode
from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.engines.base import Done, Failed
from generation.errors import BandmateError, EngineUnavailable
from generation.hearing import Hearing
from generation.request import AudioFormat, Request
from generation.worker.bench import Bench, open_bench
from generation.worker.making import Making
from generation.worker.messages import MadeTake, Setup
from generation.worker.second_ear import SecondEar
from generation.worker.studio import Studio
from tests.support.tiny_checkpoint import build_tiny_musicgen

MAX_STEPS = 20_000
SEED = 7


@dataclass(frozen=True)
class Finished:
    """A take: `raw` is the engine's own audio, `take` the finished one, `made` what the worker tells of it."""

    raw: Clip
    take: Clip
    made: MadeTake


@dataclass
class Outcome:
    """What came of a case. `sentence` is the answer where there is no take; `fault` the traceback of an error that
    nobody wrote a sentence for; `data` is the delivered file. `raw`, `take` and `made` are those of `finished`."""

    case: Case
    clips: tuple[Clip, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    finished: Finished | None = None
    midi: bytes | None = None
    stems: dict[str, Clip] = field(default_factory=dict)
    data: bytes = b""
    replayed_digest: str | None = None
    sentence: str = ""
    fault: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def raw(self) -> Clip:
        return self._whole.raw

    @property
    def take(self) -> Clip:
        return self._whole.take

    @property
    def made(self) -> MadeTake:
        return self._whole.made

    @property
    def _whole(self) -> Finished:
        if self.finished is None:
            raise LookupError(f"{self.case.name} has no take: {self.sentence or self.fault or 'it was not made'}")
        return self.finished


class Stage:
    """The engines, the audio store and the worker's studio in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = AudioStore(folder / "audio")
        self._second_ear = SecondEar()
        self._heard: dict[str, tuple[Clip, Hearing, float, float]] = {}

    def play(self, case: Case, *, replay: bool = True) -> Outcome:
        """Make a case's take; what goes wrong on the way is in the outcome."""
        outcome = Outcome(case)
        try:
            self._play(outcome)
            if replay:
                with _clock(outcome, "replay"):
                    outcome.replayed_digest = self._make(outcome)[1].samples_digest
        except EngineUnavailable:
            raise
        except BandmateError as error:
            outcome.sentence = str(error)
        except Exception:  # noqa: BLE001  a case's fault is a finding, not the end of the benchmark
            outcome.fault = traceback.format_exc()
        return outcome

    def _play(self, outcome: Outcome) -> None:
        heard = [self._hear(name) for name in outcome.case.clips]
        outcome.clips = tuple(item[0] for item in heard)
        outcome.hearings = tuple(item[1] for item in heard)
        outcome.seconds |= {"decode": sum(item[2] for item in heard), "hear": sum(item[3] for item in heard)}
        done, made = self._make(outcome)
        outcome.midi, outcome.stems = done.midi, done.stems
        outcome.finished = Finished(done.clip, self.store.get(made.audio_hash), made)
        with _clock(outcome, "encode"):
            outcome.data = asyncio.run(encode(outcome.take, _request(outcome.case).audio_format))

    def _hear(self, name: str) -> tuple[Clip, Hearing, float, float]:
        """A clip as the reception lets it in: decoded, kept in the store, heard; once."""
        if name not in self._heard:
            begun_s = spent_s()
            decoded = asyncio.run(decode(written(name).data)).clip
            clip = self.store.get(self.store.put(decoded))
            middle_s = spent_s()
            hearing = Hearing.from_json(analyse(clip).to_json())
            self._heard[name] = clip, hearing, middle_s - begun_s, spent_s() - middle_s
        return self._heard[name]

    def _make(self, outcome: Outcome) -> tuple[Done, MadeTake]:
        """The worker's part."""
        with _clock(outcome, "make"):
            making, done = self.made(outcome)
        with _clock(outcome, "finish"):
            polished = self.studio.polish(making, done)
        with _clock(outcome, "keep"):
            return done, self.studio.keep_take(making, done, *polished)

    def made(self, outcome: Outcome) -> tuple[Making, Done]:
        """What the engine makes of a case whose clips were heard."""
        engine = self._engine(outcome.case.engine)
        request = _request(outcome.case)
        if request.model:  # the cases name a checkpoint by its folder's name alone
            request = replace(request, model=str(self.folder / request.model))
        heard = self._second_ear.hear(engine, request, outcome.clips, outcome.hearings, lambda: None)
        making = Making("take", request, outcome.clips, heard)
        job = making.next_take()
        engine.admit(job)
        return making, _steps(engine, job.job_id)

    def _engine(self, name: str) -> Any:
        if sentence := self._bench.unavailable.get(name):
            raise EngineUnavailable(sentence)
        if name not in self._bench.loaded:
            self._bench.load(name)
        return self._bench.engines[name]

    @cached_property
    def studio(self) -> Studio:
        """The worker's, warm."""
        studio = Studio(self._setup)
        studio.warm_up()
        return studio

    @cached_property
    def _bench(self) -> Bench:
        return open_bench(self._setup)

    @cached_property
    def _setup(self) -> Setup:
        kinds = ("mono", "melody") if _has_torch() else ()
        checkpoints = [str(build_tiny_musicgen(self.folder / f"tiny-{kind}", kind=kind)) for kind in kinds]
        models = checkpoints or [str(self.folder)]
        options = {"models": models, "accept_licence": True, "precision": "float32", "threads": 1}
        return Setup(
            device="cpu", engines={"arranger": {}, "studio": {}, "musicgen": options}, preload=[], registry=None,
            audio_folder=str(self.folder / "audio"), target_lufs=-14.0, ceiling_dbfs=-1.0, preview_interval_s=0.0,
            step_limit_s=60.0, load_limit_s=600.0,
        )  # fmt: skip


def round_trip(clip: Clip, audio_format: AudioFormat) -> tuple[Clip, bytes]:
    """A clip after a real encode and decode, and the file."""
    data = asyncio.run(encode(clip, audio_format))
    return asyncio.run(decode(data)).clip, data


def words_of_machine() -> str:
    """The processor and how many cores are ours."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown processor",
    )
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def _request(case: Case) -> Request:
    wishes = {"audio_format": AudioFormat.FLAC, **case.wishes}
    wishes["audio_format"] = AudioFormat(wishes["audio_format"])
    return Request(case.operation, case.prompt, case.clips, case.engine, seed=SEED, **wishes)


def _steps(engine: Any, job_id: str) -> Done:
    for _ in range(MAX_STEPS):
        for event in engine.step():
            if event.job_id == job_id and isinstance(event, Done):
                return event
            if isinstance(event, Failed):
                raise BandmateError(event.sentence)
    raise RuntimeError(f"the engine was not done after {MAX_STEPS} steps")


def _has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None and find_spec("transformers") is not None


@contextmanager
def _clock(outcome: Outcome, name: str) -> Iterator[None]:
    begun_s = spent_s()
    try:
        yield
    finally:
        outcome.seconds.setdefault(name, spent_s() - begun_s)  # the first time counts, not the replay


def spent_s() -> float:
    """Processor seconds of this process and its children (ffmpeg): unlike a clock's, they hold on a busy machine."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
