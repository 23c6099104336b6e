"""Life on a device: memory that runs out, idle checkpoints, swaps, and a GPU's buckets with graphs off."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from generation.clip import Clip, Samples
from generation.engines.musicgen import shelf
from generation.engines.musicgen.batch import Batch
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.codec import ChunkDecoder, Codec
from generation.engines.musicgen.conditions import Conditioner
from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.graphs import Bucket, StepGraphs
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint
from generation.engines.musicgen.memory import free_bytes, rows_that_fit
from generation.engines.musicgen.plan import heard_part
from generation.request import Operation, Sampling
from tests.generation.engines.musicgen import reference
from tests.generation.engines.musicgen.driving import make_engine, make_job, run, takes

Checkpoints = dict[str, Path]


@pytest.mark.parametrize("kind", ["mono", "melody"])
def test_buckets_of_graphs_change_nothing(checkpoints: Checkpoints, clip: Clip, kind: str) -> None:
    """Rows that a bucket is rounded up to, a row that is prefilling among them, leave the others as they are."""
    ours = reference.load(checkpoints[kind])
    heard = ours.codec.encode(heard_part(clip, ours.shape))
    wishes = [
        {"num_new_frames": 30, "seed": 1},
        {"num_new_frames": 45, "seed": 2, "sampling": Sampling(temperature=0.7, top_k=60)},
        {"num_new_frames": 25, "seed": 3, "prompt": heard, "sampling": Sampling(guidance_scale=1.0)},
        {"num_new_frames": 28, "seed": 4, "prompt": heard[:, :260]},
    ]
    plain = reference.decode(reference.make_batch(ours), *(reference.make_row(ours, **wish) for wish in wishes))
    decoder = Decoder(ours.weights, Cache(ours.shape, Precision.FLOAT32, 4, reference.CPU))
    graphs = StepGraphs(decoder, is_capturing=False)
    bucketed = reference.decode(Batch(decoder, graphs), *(reference.make_row(ours, **wish) for wish in wishes))
    for ours_plain, ours_bucketed in zip(plain, bucketed, strict=True):
        assert torch.equal(ours_plain, ours_bucketed)
    assert graphs.bucket(3, 2, 300, 60) == (4, 2, 512, 64, 64 if kind == "mono" else 0)


class GraphsOnPaper:
    """Stands for CUDA's graphs on a machine without: what is captured runs once, and again at each replay."""

    capturing: GraphsOnPaper | None = None

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []
        self.num_replays = 0

    def replay(self) -> None:
        self.num_replays += 1
        for work in self.work:
            work()

    @classmethod
    def take_the_place_of_cudas(cls, monkeypatch: pytest.MonkeyPatch) -> None:
        decode = StepGraphs._decode

        def noted(graphs: StepGraphs, bucket: Bucket) -> None:
            decode(graphs, bucket)
            if cls.capturing is not None:
                cls.capturing.work.append(lambda: decode(graphs, bucket))

        @contextmanager
        def capture(graph: GraphsOnPaper) -> Iterator[None]:
            cls.capturing = graph
            yield
            cls.capturing = None

        stream = SimpleNamespace(wait_stream=lambda other: None)
        for name, stand_in in {
            "Stream": lambda device: stream,
            "current_stream": lambda device: stream,
            "stream": lambda other: nullcontext(),
            "CUDAGraph": cls,
            "graph": capture,
        }.items():
            monkeypatch.setattr(torch.cuda, name, stand_in)
        monkeypatch.setattr(StepGraphs, "_decode", noted)


@pytest.mark.parametrize("kind", ["mono", "melody"])
def test_capturing_in_the_middle_moves_nothing_and_is_done_once_a_bucket(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    GraphsOnPaper.take_the_place_of_cudas(monkeypatch)
    ours = reference.load(checkpoints[kind])
    wishes = [{"num_new_frames": 20 + 9 * seed, "seed": seed, "sampling": Sampling(top_p=0.9)} for seed in range(4)]
    plain = reference.decode(reference.make_batch(ours), *(reference.make_row(ours, **wish) for wish in wishes))
    decoder = Decoder(ours.weights, Cache(ours.shape, Precision.FLOAT32, 4, reference.CPU))
    graphs = StepGraphs(decoder, is_capturing=True)
    captured = reference.decode(Batch(decoder, graphs), *(reference.make_row(ours, **wish) for wish in wishes))
    for ours_plain, ours_captured in zip(plain, captured, strict=True):
        assert torch.equal(ours_plain, ours_captured)
    made: list[Any] = list(graphs.graphs.values())
    assert {bucket.num_rows for bucket in graphs.graphs} == {1, 2, 4}
    assert sum(graph.num_replays for graph in made) > 10 * len(made)


class Watch(TorchDispatchMode):
    """Counts the operators that make the host wait for a GPU: those that hand it a value, or a size that depends on
    one."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "is_nonzero")

    def __init__(self) -> None:
        super().__init__()
        self.num_calls, self.waited = 0, list[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.num_calls += 1
        if name.startswith(self.WAITING):
            self.waited.append(name)
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("kind", ["mono", "stereo-melody"])
def test_a_step_never_waits_for_the_device(checkpoints: Checkpoints, kind: str) -> None:
    ours = reference.load(checkpoints[kind])
    batch = reference.make_batch(ours)
    for seed in (1, 2, 3):
        batch.join(reference.make_row(ours, 30, seed=seed, sampling=Sampling(top_p=0.9)))
    while len(batch.rows) < 3:
        batch.step()
    with Watch() as watch:
        for _ in range(3):
            batch.step()
        assert watch.num_calls > 100
        assert watch.waited == []
        int(batch.rows[0].prompt.new_ones(1))
        assert watch.waited == ["_local_scalar_dense"]


def test_out_of_memory_halves_the_rows_once_and_loses_nothing(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"], max_jobs=4)
    jobs = [make_job(f"take{seed}", Operation.COMPOSE, seed=seed, duration_s=1.5) for seed in (1, 2, 3)]
    expected = takes(run(engine, *jobs))
    station = engine.shelf.station(str(checkpoints["mono"]))
    assert station is not None
    for job in jobs:
        engine.admit(job)
    for _ in range(20):
        engine.step()
    fail_once(station.batch)
    events = run(engine)
    assert station.batch.cache.max_rows == 2
    for job in jobs:
        np.testing.assert_allclose(takes(events)[job.job_id].clip.samples, expected[job.job_id].clip.samples, atol=1e-5)
    engine.admit(jobs[0])
    engine.step()
    fail_once(station.batch)
    with pytest.raises(torch.OutOfMemoryError):
        engine.step()


@pytest.mark.parametrize("work", ["encode", "prepare", "_remember"])
def test_out_of_memory_beside_the_batch_is_lived_through_too(
    checkpoints: Checkpoints, clip: Clip, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    """While a clip is encoded, a prompt is read, or codes are turned into audio."""
    engine = make_engine(checkpoints["mono"], max_jobs=4)
    jobs = [make_job(f"take{seed}", Operation.EXTEND, clip, seed=seed, duration_s=4) for seed in (1, 2)]
    expected = takes(run(engine, *jobs))
    owner = {"encode": Codec, "prepare": Conditioner, "_remember": ChunkDecoder}[work]
    method, num_calls = getattr(owner, work), count(1)

    def run_out(self: object, *arguments: object, **options: object) -> object:
        result = method(self, *arguments, **options)
        if next(num_calls) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return result

    monkeypatch.setattr(owner, work, run_out)
    events = run(engine, *jobs)
    assert next(num_calls) > 2
    assert engine.shelf.stations[str(checkpoints["mono"])].batch.cache.max_rows == 2
    for job in jobs:
        np.testing.assert_allclose(takes(events)[job.job_id].clip.samples, expected[job.job_id].clip.samples, atol=1e-5)


def test_takes_that_began_together_turn_into_audio_one_after_another(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk takes far longer than a frame: a step with several would let a cancel wait."""
    engine, decode, num_calls = make_engine(checkpoints["mono"], max_jobs=4), ChunkDecoder.decode, [0]

    def counted(*arguments: Any, **options: Any) -> Samples:
        num_calls[0] += 1
        return decode(*arguments, **options)

    monkeypatch.setattr(ChunkDecoder, "decode", counted)
    for seed in (1, 2, 3):
        engine.admit(make_job(f"take{seed}", Operation.COMPOSE, seed=seed, duration_s=3))
    in_steps = []
    while engine.waiting or engine.running:
        before = num_calls[0]
        engine.step()
        in_steps.append(num_calls[0] - before)
    assert max(in_steps) == 1
    assert sum(in_steps) >= 6


def test_the_old_memory_is_given_back_before_half_of_it_is_taken(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python keeps what an error's frames know of until it is handled: on a full device there would be no half."""
    engine = make_engine(checkpoints["mono"], max_jobs=4)
    engine.admit(make_job("a", Operation.COMPOSE, duration_s=1))
    for _ in range(10):
        engine.step()
    batch = engine.shelf.stations[str(checkpoints["mono"])].batch
    old, was_alive = weakref.ref(batch.cache), list[bool]()

    def make_batch(checkpoint: Checkpoint, max_rows: int) -> Batch:
        was_alive.append(old() is not None)
        return remade(checkpoint, max_rows)

    def predict(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    remade = shelf.make_batch
    monkeypatch.setattr(shelf, "make_batch", make_batch)
    batch.decoder.layers.predict = predict  # type: ignore[method-assign, assignment]
    del batch
    assert "a" in takes(run(engine))
    assert was_alive == [False]


def fail_once(batch: Batch) -> None:
    def step() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    batch.step = step  # type: ignore[method-assign]


def test_an_idle_checkpoint_is_let_go_and_comes_back(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"], idle_unload_s=0.01)
    name = str(checkpoints["mono"])
    engine.shelf.stations[name].last_used_s -= 1
    assert list(engine.step()) == []
    assert not engine.shelf.stations
    assert takes(run(engine, make_job("a", Operation.COMPOSE, duration_s=1)))["a"].clip.duration_s == 1


def test_another_model_waits_for_room(checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(checkpoints["mono"], checkpoints["stereo"])
    mono, stereo = str(checkpoints["mono"]), str(checkpoints["stereo"])
    monkeypatch.setattr(shelf, "free_bytes", lambda device: 1 if engine.shelf.stations else 10**12)
    jobs = [
        make_job("a", Operation.COMPOSE, duration_s=1),
        make_job("b", Operation.COMPOSE, duration_s=1, model=stereo),
    ]
    for job in jobs:
        engine.admit(job)
    for _ in range(5):
        engine.step()
    assert set(engine.shelf.stations) == {mono}
    done = takes(run(engine))
    assert (done["a"].clip.num_channels, done["b"].clip.num_channels) == (1, 2)
    assert set(engine.shelf.stations) == {stereo}


def test_the_doctor_is_told_model_precision_device_and_speed(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"], precision="auto")
    assert "int8, on cpu, up to 8 takes at once" in engine.describe()
    assert engine.shelf.stations[str(checkpoints["mono"])].frames_per_s > 0


def test_rows_are_reckoned_from_free_memory() -> None:
    free = free_bytes(reference.CPU)
    assert free > 0
    assert rows_that_fit(free // 4, 32, reference.CPU) in (2, 3)
    assert rows_that_fit(free * 2, 32, reference.CPU) == 1
    assert rows_that_fit(1, 32, reference.CPU) == 32
