"""The studio: loops and blends through the engine protocol, and bad input that gives music or one clear sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from generation.audio import click
from generation.audio.analyse.hear import analyse
from generation.audio.finish_take import finish_take
from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.base import Done, EngineJob, Event, Failed, Progress
from generation.engines.revision import code_revision
from generation.errors import RequestRefused
from generation.hearing import Hearing
from generation.request import AudioFormat, Operation, Request
from tests.support.heard_songs import song_clip

Pair = tuple[Clip, Hearing]


def job(operation: Operation, *pairs: Pair, job_id: str = "a", **asked: Any) -> EngineJob:
    names = tuple(f"clip{index}" for index in range(len(pairs)))
    request = Request(operation, clip_ids=names, engine="studio", seed=1, **asked)
    return EngineJob(job_id, request, 1, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def play(*jobs: EngineJob) -> dict[str, Event]:
    """The last event of each job."""
    engine = create_engine("studio", "cpu", EngineOptions())
    engine.load()
    for item in jobs:
        engine.admit(item)
    ends: dict[str, Event] = {}
    for _ in range(4 * len(jobs)):
        for event in engine.step():
            if not isinstance(event, Progress):
                ends[event.job_id] = event
    assert engine.step() == []
    return ends


def done(item: EngineJob) -> Done:
    event = play(item)[item.job_id]
    assert isinstance(event, Done), event
    return event


def test_a_loop_and_its_recipe() -> None:
    take = done(job(Operation.LOOP, song_clip(), bars=2, audio_format=AudioFormat.WAV))
    assert take.repeats and take.remarks == ()
    assert take.details["bars"] == 2 and take.details["num_frames"] == take.clip.num_frames
    assert take.details["tempo_bpm"] == pytest.approx(110.0, rel=0.002)
    assert take.engine_revision == f"studio {code_revision('studio')}"


def test_a_loop_in_mp3_says_what_mp3_can_not() -> None:
    assert "MP3 can't repeat without a gap" in done(job(Operation.LOOP, song_clip(), bars=1)).remarks[0]


def test_a_blend_has_its_parts_as_stems_and_says_what_was_done() -> None:
    take = done(job(Operation.BLEND, song_clip(tempo_bpm=100.0), song_clip(tempo_bpm=108.0), weights=(0.6, 0.4)))
    assert set(take.stems) == {"first", "second"}
    total = take.stems["first"].samples + take.stems["second"].samples
    np.testing.assert_allclose(total, take.clip.samples, atol=1e-6)
    assert take.details["tempo_bpm"] == pytest.approx(103.92, abs=0.01)
    assert take.details["weights"] == [0.6, 0.4]


def test_keys_as_they_are_wanted() -> None:
    one, other = song_clip(), song_clip(key=(2, "major"), chords=((2, "maj"), (9, "maj")))
    assert done(job(Operation.BLEND, one, other)).details["semitones"] == [0.0, -2.0]
    assert done(job(Operation.BLEND, one, other, key="none")).details["semitones"] == [0.0, 0.0]
    assert done(job(Operation.BLEND, one, other, key="D major")).details["semitones"] == [2.0, 0.0]
    with pytest.raises(RequestRefused, match="don't know the key 'blue'"):
        play(job(Operation.BLEND, one, other, key="blue"))


def test_several_jobs_a_cancel_and_what_is_refused() -> None:
    engine = create_engine("studio", "cpu", EngineOptions())
    engine.admit(job(Operation.LOOP, song_clip(), job_id="a", bars=1))
    engine.admit(job(Operation.LOOP, song_clip(), job_id="b", bars=1))
    engine.cancel("a")
    engine.cancel("unknown")
    ends = [event for _ in range(4) for event in engine.step() if isinstance(event, Done)]
    assert [event.job_id for event in ends] == ["b"]
    with pytest.raises(RequestRefused, match="can't extend"):
        engine.admit(job(Operation.EXTEND, song_clip()))
    with pytest.raises(RequestRefused, match="needs two clips"):
        engine.admit(
            EngineJob("x", Request(Operation.BLEND, clip_ids=("a", "b")), 1, (song_clip()[0],), (Hearing(1.0),))
        )


def test_the_same_job_gives_the_same_samples() -> None:
    pairs = song_clip(tempo_bpm=100.0), song_clip(tempo_bpm=108.0)
    np.testing.assert_array_equal(
        done(job(Operation.BLEND, *pairs)).clip.samples, done(job(Operation.BLEND, *pairs)).clip.samples
    )


def test_a_loop_too_long_for_its_clip_is_one_sentence() -> None:
    event = play(job(Operation.LOOP, song_clip(tempo_bpm=120.0, duration_s=5.0), bars=64))["a"]
    assert isinstance(event, Failed) and not event.retry
    assert event.sentence == "The clip has 2 whole bars at 120 BPM, too few for a loop of 64: ask for 1 to 2 bars."


HARD: dict[str, Clip] = {
    "out of phase": Clip(np.concatenate((song_clip()[0].samples, -song_clip()[0].samples)), 44_100),
    "11 kHz mono": song_clip(rate_hz=11_025)[0],
    "0.4 s": song_clip(duration_s=0.4)[0],
    "noise": Clip(np.random.default_rng(0).normal(0, 0.2, (1, 88_200)).clip(-1, 1).astype(np.float32), 44_100),
    "silence": Clip(np.zeros((1, 88_200), np.float32), 44_100),
    "offset": Clip((song_clip()[0].samples * 0.4 + 0.5).astype(np.float32), 44_100),
}


def assert_no_seam(loop: Clip, source: Clip) -> None:
    """As it comes and finished, the place where it begins again is no rougher than the loop and its clip are anyway."""
    for repeated in (loop, finish_take(loop, repeats=True).clip):
        own = source.resampled(repeated.sample_rate_hz)
        gain = np.float32(np.abs(repeated.samples).max() / np.abs(own.samples).max())
        usual = click.roughness(own.samples * gain, own.sample_rate_hz)
        usual = usual.or_more(click.roughness(repeated.samples, repeated.sample_rate_hz))
        assert not click.at_seam(repeated).exceeds(usual)


def test_a_seam_that_clicks_does_not_pass() -> None:
    take = done(job(Operation.LOOP, song_clip(), bars=1)).clip
    broken = take.samples.copy()
    broken[:, -1] = 0.95
    with pytest.raises(AssertionError):
        assert_no_seam(Clip(broken, take.sample_rate_hz), song_clip()[0])


@pytest.mark.parametrize("name", HARD)
def test_hard_clips_give_music_or_one_sentence(name: str) -> None:
    clip = HARD[name]
    hard = clip, analyse(clip)
    for item in (
        job(Operation.LOOP, hard),
        job(Operation.BLEND, hard, song_clip()),
        job(Operation.BLEND, song_clip(), hard),
    ):
        event = play(item)["a"]
        if isinstance(event, Failed):
            assert event.sentence.endswith(".") and len(event.sentence) < 200
        else:
            assert isinstance(event, Done)
            assert np.isfinite(event.clip.samples).all() and event.clip.duration_s > 0.2
            assert name == "silence" or np.abs(event.clip.samples).max() > 0.05
            assert click.at_seam(event.clip).step < 2.0
