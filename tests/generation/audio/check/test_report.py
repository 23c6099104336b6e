"""The checks: good takes pass without a word, each fault is found and told in one plain sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generation.audio.accompany import lay_under
from generation.audio.check.limits import CheckLimits
from generation.audio.check.report import Made, Report, check_take
from generation.audio.finish import finish
from generation.audio.loop import make_loop
from generation.audio.splice import go_on
from generation.clip import Clip
from generation.hearing import Hearing, Key
from generation.request import Operation, Request
from tests.support.heard_songs import song_clip
from tests.support.music import render, write
from tests.support.repertoire import PLANS


def report(clip: Clip, operation: Operation = Operation.RESTYLE, heard: Hearing | None = None, **made: Any) -> Report:
    hearings = () if heard is None else (heard,)
    names = ("c1", "c2")[: max(operation.num_clips, 1)]
    request = Request(operation, "x", clip_ids=names, **made.pop("asked", {}))
    return check_take(Made(clip, request, hearings=hearings, **made), CheckLimits(), -14.0, -1.0)


@pytest.mark.parametrize("plan", PLANS[:12], ids=lambda plan: plan.name)
def test_music_that_is_as_it_should_be_passes_without_a_word(plan: Any) -> None:
    song = write(plan)
    heard = Hearing(
        16.0,
        tempo_bpm=song.tempo_bpm,
        beat_confidence=0.9,
        beats_s=song.beats_s,
        key=Key(*song.key),
        key_confidence=0.9,
    )
    found = report(finish(render(song)), heard=heard)
    assert found.shortcomings == ()
    assert found.measured["loudness_lufs"] == pytest.approx(-14.0, abs=0.4)


def test_another_tempo_and_another_key_are_told() -> None:
    clip, heard = song_clip(tempo_bpm=110.0)
    clip = finish(clip)
    told = report(clip, heard=replace(heard, tempo_bpm=127.0)).shortcomings
    assert told == ("I hear 110 BPM in it, not the 127 BPM of the clip.",)
    assert report(clip, heard=replace(heard, tempo_bpm=55.0)).shortcomings == ()  # the same music, counted slower
    told = report(clip, asked={"tempo_bpm": 96.0}).shortcomings
    assert told == ("I hear 110 BPM in it, not the 96 BPM that were asked for.",)
    told = report(clip, heard=replace(heard, key=Key(6, "major"))).shortcomings
    assert "more like C major than like F♯ major" in told[0]
    assert report(clip, heard=replace(heard, key=Key(9, "minor"))).shortcomings == ()  # relatives are the same notes


def test_a_tempo_that_drifts_is_told_where_the_clip_is_steady() -> None:
    clip, _ = song_clip(tempo_bpm=104.0, tempo_end_bpm=116.0)
    _, steady = song_clip(tempo_bpm=110.0)
    told = report(finish(clip), heard=steady).shortcomings
    assert len(told) == 1 and "drifts by" in told[0]


def test_the_key_that_was_asked_for_counts_before_the_clip_s() -> None:
    clip, heard = song_clip()
    told = report(finish(clip), heard=heard, asked={"key": "F# major"}).shortcomings
    assert told == ("It sounds more like C major than like F♯ major, which was asked for.",)
    for fitting in ("C major", "Am", "c"):
        assert report(finish(clip), heard=heard, asked={"key": fitting}).shortcomings == ()


def test_a_band_beside_the_clip_s_beats_is_told_and_one_on_them_is_not() -> None:
    clip, heard = song_clip(tempo_bpm=100.0, drums="none")
    band, _ = song_clip(tempo_bpm=100.0, seed=4)
    for shift_s in (0.0, 0.15):
        late = Clip(np.pad(band.samples, ((0, 0), (round(shift_s * 44_100), 0))), 44_100)
        mix, under = lay_under(clip, late, clip.duration_s)
        found = report(finish(mix), Operation.ACCOMPANY, heard, clips=(clip,), backing=under)
        assert found.measured["beats_off_ms"] == pytest.approx(1000 * shift_s, abs=25)
        wanted = () if shift_s == 0 else ("beside the clip's beats.",)
        assert tuple(told[-24:] for told in found.shortcomings) == wanted


def test_a_band_that_drifts_against_a_clip_is_told_however_the_clip_wavers() -> None:
    clip, heard = song_clip(tempo_bpm=100.0, tempo_end_bpm=112.0)
    faithful, _ = song_clip(tempo_bpm=100.0, tempo_end_bpm=112.0, seed=4)
    steady, _ = song_clip(tempo_bpm=103.0, seed=4)
    for band, wanted in ((faithful, False), (steady, True)):
        mix, under = lay_under(clip, band, clip.duration_s)
        told = report(finish(mix), Operation.ACCOMPANY, heard, clips=(clip,), backing=under).shortcomings
        assert any("drifts against the clip" in each or "beside the clip" in each for each in told) is wanted


def test_levels_and_silence_are_told() -> None:
    clip, _ = song_clip()
    quiet, loud = Clip(finish(clip).samples * np.float32(0.4), 44_100), Clip(clip.samples * np.float32(1.24), 44_100)
    assert "softer than others: -22" in report(quiet).shortcomings[0]
    assert any("peaks reach" in told for told in report(Clip(loud.samples.clip(-1, 1), 44_100)).shortcomings)
    assert any(
        "cut off at full scale" in told for told in report(Clip((loud.samples * 3).clip(-1, 1), 44_100)).shortcomings
    )
    silent = report(Clip(np.zeros((2, 441_000), np.float32), 44_100))
    assert silent.shortcomings == ("The take is silent.",) and silent.worth_another_seed
    late = np.concatenate((np.zeros((1, 4 * 44_100), np.float32), finish(clip).samples), axis=1)
    assert any("begins with 4.0 s of silence" in told for told in report(Clip(late, 44_100)).shortcomings)


def test_a_bad_join_is_told_and_a_good_one_is_not() -> None:
    clip, heard = song_clip(drums="none")
    band, _ = song_clip(lead_in_s=0.03, seed=4)
    joined = go_on(clip, band, heard.beats_s[-1] - 0.03, heard.beats_s[-1])
    good = report(finish(joined.clip), Operation.EXTEND, heard, kept_s=joined.kept_s, joins_s=(joined.join_s,))
    assert not [told for told in good.shortcomings if "join" in told]
    assert good.measured["join_jump_over_usual_db"] <= 0.5
    broken = joined.clip.samples.copy()
    at = round(joined.join_s * 44_100)
    broken[:, at:] *= np.float32(-1.0)
    broken[:, at] = 0.95
    bad = report(Clip(broken, 44_100), Operation.EXTEND, heard, kept_s=joined.kept_s, joins_s=(joined.join_s,))
    assert "The join at 0:15 can be heard." in bad.shortcomings and bad.worth_another_seed


def test_a_bad_seam_is_told_but_another_seed_would_not_help() -> None:
    clip, heard = song_clip()
    loop = make_loop(clip, heard, 2).clip
    assert not [
        told for told in report(loop, Operation.LOOP, heard, clips=(clip,), repeats=True).shortcomings if "loop" in told
    ]
    broken = loop.samples.copy()
    broken[:, -1] = 0.99
    bad = report(Clip(broken, 48_000), Operation.LOOP, heard, clips=(clip,), repeats=True)
    assert "The place where the loop begins again can be heard." in bad.shortcomings
    assert not bad.worth_another_seed


def test_a_gap_in_a_loop_is_told_and_a_rest_of_its_own_is_none() -> None:
    clip, heard = song_clip()
    loop = make_loop(clip, heard, 2).clip
    short = np.zeros((loop.num_channels, round(0.05 * 48_000)), np.float32)
    gap = Clip(np.concatenate((loop.samples, short), axis=1), 48_000)
    told = report(gap, Operation.LOOP, heard, clips=(clip,), repeats=True)
    assert told.measured["loop_gap_ms"] == pytest.approx(50, abs=4)
    assert any("There is a gap of" in each and "where the loop begins again" in each for each in told.shortcomings)
    rests = Clip(np.concatenate((loop.samples, short, short, loop.samples, short), axis=1), 48_000)
    assert not any("gap of" in each for each in report(rests, Operation.LOOP, heard, repeats=True).shortcomings)


def test_checks_can_be_switched_off_and_limits_have_ranges() -> None:
    silent = Made(Clip(np.zeros((1, 44_100), np.float32), 44_100), Request(Operation.COMPOSE, "x"))
    assert check_take(silent, CheckLimits(enabled=False), -14.0, -1.0).shortcomings == ()
    with pytest.raises(ValueError, match="tempo_share must be between"):
        CheckLimits(tempo_share=0.9)
