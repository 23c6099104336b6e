"""Bark on a tiny checkpoint: takes from words, voices, progress, cancel within a pass, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.clip import Clip
from generation.engines import EngineOptions
from generation.engines.bark import BarkEngine, SteppedCall, create
from generation.engines.base import Done, EngineJob, Event, Failed, Progress
from generation.errors import EngineUnavailable, RequestRefused
from generation.request import Operation, Request
from tests.support.tiny_checkpoint import build_tiny_bark


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return build_tiny_bark(tmp_path_factory.mktemp("bark") / "tiny")


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> BarkEngine:
    made = create("cpu", EngineOptions({"model": str(checkpoint)}))
    assert isinstance(made, BarkEngine)
    made.load()
    return made


def make_job(
    job_id: str, prompt: str = "slow piano with warm drums", *clips: Clip, seed: int = 1, **values: Any
) -> EngineJob:
    values = {"duration_s": 1.0} | values
    return EngineJob(job_id, Request(Operation.COMPOSE, prompt, engine="bark", seed=seed, **values), seed, clips)


def run(engine: BarkEngine, *jobs: EngineJob) -> list[Event]:
    for job in jobs:
        engine.admit(job)
    events: list[Event] = []
    while engine.waiting or engine.running:
        events.extend(engine.step())
    return events


def samples_of(events: list[Event]) -> np.ndarray:
    (done,) = (event for event in events if isinstance(event, Done))
    return done.clip.samples


def test_words_become_audio_of_at_most_the_asked_length(engine: BarkEngine) -> None:
    events = run(engine, make_job("a"))
    done = events[-1]
    assert isinstance(done, Done)
    assert done.clip.sample_rate_hz == engine.capabilities.sample_rate_hz == 24_000
    assert 0.5 < done.clip.duration_s <= 1.0
    assert np.abs(done.clip.samples).max() > 0
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] < 1


def test_the_seed_makes_the_take(engine: BarkEngine) -> None:
    first, again, other = (samples_of(run(engine, make_job("a", seed=seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_a_voice_changes_the_take_and_an_unknown_one_is_named(engine: BarkEngine) -> None:
    plain = samples_of(run(engine, make_job("a", "slow piano")))
    voiced = samples_of(run(engine, make_job("b", "[en_speaker_6] slow piano")))
    assert plain.shape != voiced.shape or not np.array_equal(plain, voiced)
    (failed,) = run(engine, make_job("c", "[de_speaker_1] slow piano"))
    assert isinstance(failed, Failed)
    assert "no voice 'v2/de_speaker_1'" in failed.sentence


def test_the_operator_s_voice_speaks_where_the_prompt_names_none(checkpoint: Path, engine: BarkEngine) -> None:
    set_up = create("cpu", EngineOptions({"model": str(checkpoint), "voice": "v2/en_speaker_6"}))
    assert isinstance(set_up, BarkEngine)
    set_up.load()
    named = samples_of(run(engine, make_job("a", "[en_speaker_6] slow piano")))
    np.testing.assert_array_equal(samples_of(run(set_up, make_job("b", "slow piano"))), named)


def test_cancel_ends_the_take_where_it_stands(engine: BarkEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engines.bark.STEP_S", 0.0)
    engine.admit(make_job("a", duration_s=15))
    engine.admit(make_job("b"))
    for _ in range(10):
        engine.step()
    assert engine.running is not None
    call = engine.running[1]
    engine.cancel("a")
    assert sum(call.num_passes.values()) <= 10
    assert not call.thread.is_alive()
    assert {event.job_id for event in run(engine)} == {"b"}


@pytest.mark.parametrize(
    ("operation", "prompt", "duration_s", "words"),
    [
        (Operation.COMPOSE, "[en_speaker_6]  ", 5, "needs the words"),
        (Operation.COMPOSE, "hello", 16, "at most 15 s"),
        (Operation.EXTEND, "hello", 5, "from words alone"),
    ],
)
def test_what_is_refused(engine: BarkEngine, operation: Operation, prompt: str, duration_s: float, words: str) -> None:
    clip = Clip(np.full((1, 1000), 0.1, np.float32), 24_000)
    request = Request(operation, prompt, ("x",) * operation.num_clips, engine="bark", duration_s=duration_s)
    with pytest.raises(RequestRefused, match=words):
        engine.admit(EngineJob("a", request, 1, (clip,) * operation.num_clips))


@pytest.mark.parametrize("values", [{"model": "nowhere"}, {"threads": 65}, {"volume": 11}])
def test_a_wrong_setting_is_named(values: dict[str, Any]) -> None:
    with pytest.raises(EngineUnavailable, match=next(iter(values))):
        create("cpu", EngineOptions(values))


def test_a_folder_without_weights_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="only safetensors"):
        create("cpu", EngineOptions({"model": str(tmp_path)})).load()


def test_what_the_model_raises_comes_out_of_the_engine() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    call = SteppedCall(fail, {"words": torch.nn.Identity()})
    assert call.advance(1.0)
    with pytest.raises(ZeroDivisionError):
        call.result()
