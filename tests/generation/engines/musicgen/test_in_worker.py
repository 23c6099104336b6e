"""Through the worker's loop: weights that lie idle are let go, and reading them again is no step that hangs; no music
waits for the garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.engines.musicgen.engine import MusicgenEngine
from generation.request import Operation, Request
from generation.worker.messages import Alive, Made, Make, Message
from generation.worker.process import WorkerLoop
from generation.worker.supervisor import setup_of

Checkpoints = dict[str, Path]


class Pipes:
    """The service's end: what the worker says it is doing, and within which limit; what it has made."""

    def __init__(self) -> None:
        self.inbox: list[Message] = []
        self.doing: list[tuple[str, float]] = []
        self.made: list[str] = []

    def waiting(self, limit_s: float) -> list[Message]:
        messages, self.inbox = self.inbox, []
        return messages

    def tell(self, message: Message) -> None:
        if isinstance(message, Alive):
            self.doing.append((message.doing, message.limit_s))
        if isinstance(message, Made):
            self.made.append(message.job_id)


@pytest.fixture
def worker(checkpoints: Checkpoints, tmp_path: Path) -> tuple[Pipes, WorkerLoop]:
    """A worker that offers two models and lets go of what was idle for a minute."""
    values = {
        "models": [str(checkpoints[kind]) for kind in ("mono", "stereo")],
        "accept_licence": True,
        "precision": "float32",
        "idle_unload_s": 60,
    }
    config = ServiceConfig(tmp_path, engines={"musicgen": EngineOptions(values)}, preload_engines=())
    pipes: Any = Pipes()
    return pipes, WorkerLoop(pipes, setup_of(config, "cpu"))


def make(pipes: Pipes, loop: WorkerLoop, job_id: str, model: str | None = None) -> None:
    wish = Request(Operation.COMPOSE, "lo fi hip hop", engine="musicgen", model=model, duration_s=1.0, seed=7)
    pipes.inbox.append(Make(job_id, wish.to_json(), [], []))
    pipes.doing.clear()
    for _ in range(1_000):
        loop.turn(wait_s=0.0)
        if job_id in pipes.made:
            return
    raise AssertionError("not made in 1,000 turns")


def engine_of(loop: WorkerLoop) -> MusicgenEngine:
    engine = loop._bench.engines["musicgen"]
    assert isinstance(engine, MusicgenEngine)
    return engine


def test_weights_that_lie_idle_are_let_go_and_come_back(
    worker: tuple[Pipes, WorkerLoop], checkpoints: Checkpoints
) -> None:
    pipes, loop = worker
    make(pipes, loop, "first")
    engine = engine_of(loop)
    loop.turn(wait_s=0.0)
    assert engine.shelf.stations  # not yet
    engine.shelf.stations[str(checkpoints["mono"])].last_used_s -= 61
    loop.turn(wait_s=0.0)
    assert not engine.shelf.stations
    make(pipes, loop, "second")
    assert pipes.made == ["first", "second"]


def test_the_garbage_collector_has_little_to_look_at_while_music_is_made(
    nothing_frozen: None, worker: tuple[Pipes, WorkerLoop]
) -> None:
    """A full collection over the model and all that came with torch would stop the music for 0.2 s and more."""
    pipes, loop = worker
    make(pipes, loop, "first")
    assert gc.get_freeze_count() > 100_000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 4  # what finishing a take imports comes later


def test_weights_that_are_let_go_leave_nothing_in_memory(
    nothing_frozen: None, worker: tuple[Pipes, WorkerLoop], checkpoints: Checkpoints, no_collection: None
) -> None:
    pipes, loop = worker
    make(pipes, loop, "first")
    station = engine_of(loop).shelf.stations[str(checkpoints["mono"])]
    station.last_used_s -= 61
    weights = [*station.checkpoint.codec.model.parameters(), station.checkpoint.weights.embeddings]
    left = [weakref.ref(weight) for weight in weights]
    del station, weights
    loop.turn(wait_s=0.0)
    assert len(left) > 50 and not [ref for ref in left if ref() is not None]


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What is let go here has to be gone at once, not whenever the garbage collector comes round."""
    gc.disable()
    yield
    gc.enable()


def test_reading_another_model_has_the_time_that_loading_has(
    worker: tuple[Pipes, WorkerLoop], checkpoints: Checkpoints
) -> None:
    pipes, loop = worker
    make(pipes, loop, "first")
    assert pipes.doing.count(("load", 600.0)) == 1
    make(pipes, loop, "second", str(checkpoints["stereo"]))
    assert pipes.doing.count(("load", 600.0)) == 1
    make(pipes, loop, "third", str(checkpoints["stereo"]))
    assert not [doing for doing, _ in pipes.doing if doing == "load"]
    assert ("step", 60.0) in pipes.doing
