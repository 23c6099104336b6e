"""Accompany with a backing that is there already, as the worker asks the arranger for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generation.audio.check.limits import CheckLimits
from generation.audio.check.report import Made, check_take
from generation.clip import Clip
from generation.engines.arranger.engine import ArrangerEngine
from generation.engines.base import Done, EngineJob
from generation.hearing import Hearing
from generation.request import Operation, Request
from tests.support.heard_songs import song_clip


def made(clip: tuple[Clip, Hearing], backing: tuple[Clip, Hearing], seed: int = 1, **wishes: object) -> Done:
    engine = ArrangerEngine()  # nothing has to be loaded: nothing is played
    request = Request(Operation.ACCOMPANY, "", ("clip", "backing"), **wishes)  # type: ignore[arg-type]
    engine.admit(EngineJob("take", request, seed, (clip[0], backing[0]), (clip[1], backing[1])))
    events = [event for _ in range(3) for event in engine.step()]
    assert isinstance(events[-1], Done)
    return events[-1]


def test_the_seed_changes_nothing_and_the_recipe_says_what_was_done() -> None:
    clip = song_clip(tempo_bpm=96.0, drums="none", duration_s=8.0)
    backing = song_clip(tempo_bpm=104.0, duration_s=8.0, seed=4)
    one, other = (made(clip, backing, seed) for seed in (1, 2))
    np.testing.assert_array_equal(one.clip.samples, other.clip.samples)
    assert one.details["tempo_bpm"] == 96.0 and one.details["stretch"] == pytest.approx(104 / 96, abs=0.002)
    assert list(one.stems) == ["backing"] and one.midi is None
    request = Request(Operation.ACCOMPANY, "", ("clip", "backing"))
    quiet = Clip(one.clip.samples * np.float32(0.01), one.clip.sample_rate_hz)
    report = check_take(Made(quiet, request, (clip[0],), (clip[1],)), CheckLimits(), -14.0, -1.0)
    assert report.shortcomings and not report.worth_another_seed


def test_a_tempo_that_is_said_counts_where_no_beat_is_heard() -> None:
    clip, heard = song_clip(tempo_bpm=96.0, drums="none", duration_s=8.0)
    free = replace(heard, tempo_bpm=None, beat_confidence=0.0, beats_s=(), downbeats_s=())
    backing = song_clip(tempo_bpm=104.0, duration_s=8.0, seed=4)
    assert made((clip, free), backing).details["stretch"] == 1.0
    said = made((clip, free), backing, tempo_bpm=96.0)
    assert said.details["stretch"] == pytest.approx(104 / 96, abs=0.002)
    assert not any("no steady beat" in remark for remark in said.remarks)
