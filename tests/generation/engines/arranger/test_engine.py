"""The engine as the worker drives it: small steps, cancel, one end, the right audio."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import mido
import numpy as np
import pytest

from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.base import Done, Engine, EngineJob, Event, Failed, Preview, Progress
from generation.errors import ClipRefused, RequestRefused
from generation.hearing import Hearing
from generation.request import Operation, Request
from tests.support.hearings import clip_of, silence, song


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = create_engine("arranger", "cpu", EngineOptions())
    made.load()
    return made


def job(
    name: str,
    operation: Operation,
    prompt: str,
    hearing: Hearing | None = None,
    clip: Clip | None = None,
    seed: int = 1,
    **wishes: object,
) -> EngineJob:
    ids = ("clip",) if hearing is not None else ()
    clips = (clip or clip_of(hearing),) if hearing is not None else ()
    request = Request(operation, prompt, ids, **wishes)  # type: ignore[arg-type]
    return EngineJob(name, request, seed, clips, (hearing,) if hearing is not None else ())


def run(engine: Engine, work: EngineJob) -> list[Event]:
    engine.admit(work)
    events: list[Event] = []
    while batch := engine.step():
        events += batch
    return events


def take(engine: Engine, work: EngineJob) -> Done:
    last = run(engine, work)[-1]
    assert isinstance(last, Done)
    return last


def test_progress_rises_and_ends_with_one_done(engine: Engine) -> None:
    events = run(engine, job("a", Operation.COMPOSE, "lofi", duration_s=6))
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] < 1
    assert [type(event) for event in events if not isinstance(event, (Progress, Preview))] == [Done]
    assert all(event.stage for event in events if isinstance(event, Progress))
    assert engine.step() == []


def test_a_take_has_stems_midi_and_details(engine: Engine) -> None:
    done = take(engine, job("a", Operation.COMPOSE, "funk with trumpet, no piano", duration_s=8))
    assert done.clip.duration_s == pytest.approx(8, abs=1e-3)
    assert np.abs(done.clip.samples).max() > 0.1
    assert {"drums", "bass"} <= set(done.stems)
    assert all(stem.num_frames == done.clip.num_frames for stem in done.stems.values())
    assert done.midi is not None
    programs = {
        m.program
        for track in mido.MidiFile(file=io.BytesIO(done.midi)).tracks
        for m in track
        if m.type == "program_change"
    }
    assert 56 in programs
    assert "gm:0" not in done.details["band"].values()
    for key in ("style", "tempo_bpm", "key", "chords", "form", "understood", "not_understood", "band"):
        assert key in done.details
    assert done.engine_revision.startswith("arranger")


def test_the_same_seed_gives_the_same_samples(engine: Engine) -> None:
    first = take(engine, job("a", Operation.COMPOSE, "bossa", duration_s=5))
    again = take(create_engine("arranger", "cpu", EngineOptions()), job("b", Operation.COMPOSE, "bossa", duration_s=5))
    other = take(engine, job("c", Operation.COMPOSE, "bossa", duration_s=5, seed=2))
    assert np.array_equal(first.clip.samples, again.clip.samples)
    assert first.midi == again.midi
    assert not np.array_equal(first.clip.samples, other.clip.samples)


def test_jobs_advance_together_and_a_cancelled_one_is_gone(engine: Engine) -> None:
    for name in ("stays", "goes"):
        engine.admit(job(name, Operation.COMPOSE, "rock", duration_s=4))
    engine.step()
    engine.cancel("goes")
    engine.cancel("never there")
    events: list[Event] = []
    while batch := engine.step():
        events += batch
    assert {event.job_id for event in events} == {"stays"}
    assert sum(isinstance(event, Done) for event in events) == 1


def test_a_minute_is_made_in_many_small_steps(engine: Engine) -> None:
    engine.admit(job("a", Operation.COMPOSE, "metal", duration_s=60))
    fractions = [0.0]
    while events := engine.step():
        fractions += [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert len(fractions) > 200


def test_extend_keeps_the_clip_to_the_sample(engine: Engine) -> None:
    heard = song(100.0, bars=4)
    clip = clip_of(heard)
    done = take(engine, job("a", Operation.EXTEND, "pop", heard, clip, duration_s=5))
    join_s = done.details["join_s"]
    kept = int(done.kept_s * clip.sample_rate_hz)
    assert done.kept_s > join_s - 0.1
    removed = done.clip.samples[:, :kept] - clip.samples[:, :kept]
    assert np.ptp(removed, axis=1).max() < 1e-6  # nothing but a constant, the clip's own DC
    assert done.clip.duration_s == pytest.approx(clip.duration_s + 5, abs=0.001)
    assert min(abs(join_s - beat) for beat in (*heard.beats_s, heard.duration_s)) < 0.002
    steps = np.abs(np.diff(done.clip.samples, axis=1))
    at = int(join_s * clip.sample_rate_hz)
    assert steps[:, at - 2000 : at - 1320].max() < 0.2
    after = done.clip.samples[:, at : at + clip.sample_rate_hz]
    assert np.abs(after).max() > 0.01


def test_extend_of_a_low_mono_clip_is_stereo_at_the_bands_rate(engine: Engine) -> None:
    heard = song(100.0, bars=2)
    done = take(engine, job("a", Operation.EXTEND, "folk", heard, clip_of(heard, 8000, 1), duration_s=2))
    assert (done.clip.sample_rate_hz, done.clip.num_channels) == (44_100, 2)


def test_accompany_keeps_the_clip_on_top(engine: Engine) -> None:
    heard = song(100.0, bars=4)
    clip = clip_of(heard)
    done = take(engine, job("a", Operation.ACCOMPANY, "soul", heard, clip))
    backing = done.stems["backing"]
    assert done.clip.num_frames == backing.num_frames == clip.num_frames
    rest = done.clip.samples - backing.samples
    scale = float((rest * clip.samples).sum() / (clip.samples**2).sum())
    assert np.allclose(rest, clip.samples * scale, atol=1e-4)
    assert np.sqrt((backing.samples**2).mean()) > 0.1 * np.sqrt((rest**2).mean())
    assert np.abs(done.clip.samples).max() <= 1.0


@pytest.mark.parametrize("operation", [Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY])
@pytest.mark.parametrize("length_s", [0.05, 3.0])
def test_silent_and_tiny_clips_give_sound(engine: Engine, operation: Operation, length_s: float) -> None:
    heard = silence(length_s)
    wishes = {"duration_s": 2.0} if operation is Operation.EXTEND else {}
    done = take(engine, job("a", operation, "house", heard, **wishes))
    assert np.isfinite(done.clip.samples).all()
    assert np.abs(done.clip.samples).max() > 0.05
    assert done.remarks


def test_what_cant_be_made_is_refused_with_a_sentence(engine: Engine) -> None:
    with pytest.raises(ClipRefused, match="attach"):
        engine.admit(EngineJob("a", Request(Operation.RESTYLE, "pop", ("clip",)), 1))
    with pytest.raises(RequestRefused, match="blend"):
        engine.admit(EngineJob("a", Request(Operation.BLEND, "pop", ("one", "two")), 1))
    assert engine.step() == []


def test_a_failure_is_an_event(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = create_engine("arranger", "cpu", EngineOptions({"soundfont": "/nowhere/font.sf2"}))
    broken.admit(job("a", Operation.COMPOSE, "pop", duration_s=2))
    events: list[Event] = []
    while batch := broken.step():
        events += batch
    assert isinstance(events[-1], Failed)
    assert "/nowhere" in events[-1].sentence or "font" in events[-1].sentence


def test_a_mistake_in_one_take_leaves_the_others_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("generation.engines.arranger.engine")
    real = module.compose

    def compose(wish: EngineJob) -> Iterator[Any]:
        if wish.job_id == "bad":
            raise TypeError("a mistake")
        return real(wish)

    monkeypatch.setattr(module, "compose", compose)
    for job_id in ("bad", "good"):
        engine.admit(EngineJob(job_id, Request(Operation.COMPOSE, "rock", duration_s=2.0), 1))
    ended: dict[str, Event] = {}
    while events := engine.step():
        ended |= {event.job_id: event for event in events if isinstance(event, Done | Failed)}
    assert isinstance(ended["bad"], Failed) and "another seed" in ended["bad"].sentence
    assert isinstance(ended["good"], Done)


def test_importing_the_engine_is_light() -> None:
    heavy = ("scipy", "pydantic", "mido", "soundfile", "torch")
    code = f"import sys, generation.engines.arranger; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
