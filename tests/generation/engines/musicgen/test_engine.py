"""What the engine makes of requests: takes of the right length, progress, previews, cancels, refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generation.clip import Clip
from generation.engines import EngineOptions
from generation.engines.base import Done, Failed, Preview, Progress
from generation.engines.musicgen import create
from generation.errors import EngineUnavailable, RequestRefused
from generation.request import Operation
from tests.generation.engines.musicgen.driving import make_engine, make_job, run, takes

Checkpoints = dict[str, Path]


@pytest.mark.parametrize(("kind", "channels"), [("mono", 1), ("stereo", 2), ("melody", 1)])
def test_compose_has_the_length_that_was_asked_for(checkpoints: Checkpoints, kind: str, channels: int) -> None:
    engine = make_engine(checkpoints[kind])
    done = takes(run(engine, make_job("a", Operation.COMPOSE, duration_s=2.5)))["a"]
    assert done.clip.samples.shape == (channels, 80_000)
    assert done.clip.sample_rate_hz == engine.capabilities.sample_rate_hz == 32_000
    assert done.clip.num_channels == engine.capabilities.num_channels
    assert np.abs(done.clip.samples).max() > 0


def test_extend_keeps_the_clip_and_goes_on(checkpoints: Checkpoints, clip: Clip) -> None:
    done = takes(run(make_engine(checkpoints["mono"]), make_job("a", Operation.EXTEND, clip, duration_s=3)))["a"]
    untouched = round(done.kept_s * 44_100)
    assert clip.duration_s - 0.4 < done.kept_s < done.joins_s[0] <= clip.duration_s
    assert done.clip.sample_rate_hz == 44_100
    assert done.clip.num_channels == 2
    assert done.clip.duration_s == pytest.approx(15, abs=0.001)
    np.testing.assert_array_equal(done.clip.samples[:, :untouched], clip.samples[:, :untouched])
    assert any("mono" in remark for remark in done.remarks)


def test_compose_with_a_clip_delivers_only_new_music(checkpoints: Checkpoints, clip: Clip) -> None:
    engine = make_engine(checkpoints["mono"])
    with_clip = takes(run(engine, make_job("a", Operation.COMPOSE, clip, duration_s=2)))["a"]
    without = takes(run(engine, make_job("b", Operation.COMPOSE, duration_s=2)))["b"]
    assert with_clip.clip.num_frames == without.clip.num_frames == 64_000
    assert not np.array_equal(with_clip.clip.samples, without.clip.samples)
    assert with_clip.details["heard_s"] == 10


@pytest.mark.parametrize(("strength", "kept_s"), [(0.0, 11.0), (0.5, 6.0), (1.0, 1.0)])
def test_vary_keeps_less_the_stronger_it_is(
    checkpoints: Checkpoints, clip: Clip, strength: float, kept_s: float
) -> None:
    engine = make_engine(checkpoints["mono"])
    done = takes(run(engine, make_job("a", Operation.VARY, clip, strength=strength)))["a"]
    same = np.all(done.clip.samples[:, : clip.num_frames] == clip.samples[:, : done.clip.num_frames], axis=0)
    assert done.clip.duration_s == pytest.approx(clip.duration_s, abs=0.02)
    assert np.argmin(same) / 44_100 == pytest.approx(done.kept_s, abs=0.01)
    assert kept_s - 0.4 < done.kept_s <= kept_s + 0.02


def test_a_shorter_variation_is_one_of_the_clips_beginning(checkpoints: Checkpoints, clip: Clip) -> None:
    engine = make_engine(checkpoints["mono"])
    done = takes(run(engine, make_job("a", Operation.VARY, clip, strength=0.5, duration_s=4)))["a"]
    assert done.clip.duration_s == pytest.approx(4, abs=0.02)
    assert 1.6 < done.kept_s <= 2.02


def test_restyle_follows_the_melody_of_the_clip(checkpoints: Checkpoints, clip: Clip) -> None:
    engine = make_engine(checkpoints["melody"])
    silence = Clip(np.full((1, 3 * 32_000), 1e-4, np.float32), 32_000)
    jobs = [make_job(name, Operation.RESTYLE, heard, duration_s=2) for name, heard in (("a", clip), ("b", silence))]
    done = takes(run(engine, *jobs))
    assert done["a"].clip.duration_s == done["b"].clip.duration_s == 2
    assert not np.array_equal(done["a"].clip.samples, done["b"].clip.samples)
    assert done["a"].details["follows_melody"]


def test_progress_and_previews_come_while_it_is_made(checkpoints: Checkpoints) -> None:
    events = run(make_engine(checkpoints["mono"]), make_job("a", Operation.COMPOSE, duration_s=7))
    previews = [event for event in events if isinstance(event, Preview)]
    made = [event.made_s for event in events if isinstance(event, Progress)]
    final = takes(events)["a"].clip.samples
    assert [event.clip.duration_s for event in previews] == pytest.approx([3, 6], abs=0.1)
    for preview in previews:
        np.testing.assert_array_equal(preview.clip.samples, final[:, : preview.clip.num_frames])
    assert np.diff(made).max() <= 0.53
    assert isinstance(events[-1], Done)


def test_a_preview_of_an_extension_begins_with_the_clip(checkpoints: Checkpoints, clip: Clip) -> None:
    events = run(make_engine(checkpoints["mono"]), make_job("a", Operation.EXTEND, clip, duration_s=5))
    (preview,) = (event.clip for event in events if isinstance(event, Preview))
    final = takes(events)["a"].clip
    assert (preview.sample_rate_hz, preview.num_channels) == (44_100, 2)
    assert preview.duration_s == pytest.approx(clip.duration_s + 4, abs=0.15)
    until = preview.num_frames - 4_410  # resampling looks a little ahead
    np.testing.assert_allclose(preview.samples[:, :until], final.samples[:, :until], atol=1e-3)


def test_several_takes_of_one_request_differ_and_each_can_be_made_again(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"])
    jobs = [make_job(f"take{seed}", Operation.COMPOSE, seed=seed, duration_s=1.5) for seed in (1, 2, 3)]
    together = takes(run(engine, *jobs))
    again = takes(run(engine, jobs[1]))
    samples = [together[job.job_id].clip.samples for job in jobs]
    assert not np.array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[1], samples[2])
    np.testing.assert_allclose(again["take2"].clip.samples, samples[1], atol=1e-5)


def test_cancel_takes_effect_at_once_and_the_others_go_on(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"], max_jobs=2)
    alone = takes(run(engine, make_job("b", Operation.COMPOSE, seed=2, duration_s=2)))["b"]
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        engine.admit(make_job(name, Operation.COMPOSE, seed=seed, duration_s=2))
    for _ in range(40):
        engine.step()
    engine.cancel("a")
    engine.cancel("never heard of")
    events = run(engine)
    assert {event.job_id for event in events} == {"b", "c"}
    np.testing.assert_allclose(takes(events)["b"].clip.samples, alone.clip.samples, atol=1e-5)


@pytest.mark.parametrize(("precision", "promise"), [("int8", "exactly"), ("float32", "to rounding")])
def test_a_request_that_joins_in_the_middle_gets_the_same_take_as_alone(
    checkpoints: Checkpoints, clip: Clip, precision: str, promise: str
) -> None:
    engine = make_engine(checkpoints["mono"], precision=precision)
    late = make_job("late", Operation.EXTEND, clip, seed=5, duration_s=1.2)
    alone = takes(run(engine, late))["late"]
    engine.admit(make_job("early", Operation.COMPOSE, prompt="slow jazz with piano", seed=1, duration_s=3))
    for _ in range(60):
        engine.step()
    joined = takes(run(engine, late))["late"]
    tolerance = 0 if precision == "int8" else 1e-5
    np.testing.assert_allclose(joined.clip.samples, alone.clip.samples, rtol=0, atol=tolerance)
    assert (alone.details["takes_at_once"], joined.details["takes_at_once"]) == (1, 2)
    assert alone.details["same_in_any_batch"] == joined.details["same_in_any_batch"] == promise


def test_cancel_of_a_job_that_waits(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"])
    engine.admit(make_job("a", Operation.COMPOSE, duration_s=2))
    engine.cancel("a")
    assert run(engine) == []


def test_the_licence_has_to_be_accepted_once(checkpoints: Checkpoints) -> None:
    """Without it there is no engine that a front end could offer."""
    settings = {"models": str(checkpoints["mono"])}
    with pytest.raises(EngineUnavailable, match=r"accept_licence = true under \[engines.musicgen\]"):
        create("cpu", EngineOptions(settings))
    assert create("cpu", EngineOptions(settings | {"accept_licence": True})).capabilities.licence == "CC-BY-NC-4.0"


def test_what_is_refused(checkpoints: Checkpoints, clip: Clip) -> None:
    engine = make_engine(checkpoints["mono"], max_duration_s=60)
    with pytest.raises(RequestRefused, match="choose the model melody"):
        engine.admit(make_job("a", Operation.RESTYLE, clip))
    with pytest.raises(RequestRefused, match="the arranger can"):
        engine.admit(make_job("a", Operation.LOOP, clip))
    with pytest.raises(RequestRefused, match="at most 60 s"):
        engine.admit(make_job("a", Operation.COMPOSE, duration_s=61))
    with pytest.raises(EngineUnavailable, match="no MusicGen model 'large'"):
        engine.admit(make_job("a", Operation.COMPOSE, model="large"))


def test_a_clip_that_is_too_short_fails_with_a_sentence(checkpoints: Checkpoints) -> None:
    blip = Clip(np.full((1, 100), 0.1, np.float32), 32_000)
    events = run(make_engine(checkpoints["mono"]), make_job("a", Operation.EXTEND, blip, duration_s=1))
    assert isinstance(events[-1], Failed)
    assert "too short" in events[-1].sentence


def test_another_model_is_loaded_when_a_request_names_it(checkpoints: Checkpoints) -> None:
    engine = make_engine(checkpoints["mono"], checkpoints["stereo"])
    stereo = str(checkpoints["stereo"])
    jobs = [
        make_job("a", Operation.COMPOSE, duration_s=1),
        make_job("b", Operation.COMPOSE, duration_s=1, model=stereo),
    ]
    done = takes(run(engine, *jobs))
    assert (done["a"].clip.num_channels, done["b"].clip.num_channels) == (1, 2)


def test_nothing_heavy_is_imported_before_load() -> None:
    script = (
        "import sys; from generation.engines import EngineOptions, create_engine;"
        "create_engine('musicgen', 'cpu', EngineOptions({'accept_licence': True})); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "False"
