"""Loops: exactly n bars that repeat without a click, a hole or a gap, also after encoding and decoding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from generation.audio import click
from generation.audio.decode import decode
from generation.audio.encode import encode
from generation.audio.finish_take import finish_loop
from generation.audio.levels import measure
from generation.audio.loop import LOOP_RATE_HZ, Loop, make_loop
from generation.clip import Clip
from generation.errors import ClipRefused, RequestRefused
from generation.hearing import Hearing
from generation.request import AudioFormat
from tests.support.heard_songs import song_clip

PLANS: list[dict[str, Any]] = [
    {},
    {"tempo_bpm": 92.0, "drums": "none"},
    {"beats_per_bar": 3, "drums": "none", "comping": "oompah"},
    {"tempo_bpm": 140.0, "rate_hz": 11_025},
    {"tempo_bpm": 120.0, "lead_in_s": 0.0, "duration_s": 16.0},
    {"tempo_bpm": 178.0, "comping": "arpeggio", "swing": 0.6},
]


def usual_around_cuts(loop: Loop, clip: Clip) -> click.Roughness:
    """How rough the clip itself is within a second around the loop's start and end; a clip comes out of silence."""
    source = clip.resampled(LOOP_RATE_HZ)
    lead = np.zeros((source.num_channels, LOOP_RATE_HZ), np.float32)
    source = Clip(np.concatenate((lead, source.samples), axis=1), LOOP_RATE_HZ)
    usual = click.Roughness(0.0, 0.0)
    for cut_s in (loop.start_s + 1, loop.end_s + 1):
        usual = usual.or_more(click.at(source, cut_s)).or_more(click.around(source, cut_s))
    return usual


@pytest.mark.parametrize("bars", [None, 1, 2, 3])
@pytest.mark.parametrize("plan", PLANS)
def test_a_loop_has_exactly_its_bars_and_no_seam(plan: dict[str, Any], bars: int | None) -> None:
    clip, heard = song_clip(**plan)
    loop = make_loop(clip, heard, bars)
    assert loop.bars is not None and loop.tempo_bpm is not None and heard.tempo_bpm is not None
    assert loop.bars == (bars or loop.bars)
    exact_s = loop.bars * heard.beats_per_bar * 60 / heard.tempo_bpm
    assert loop.clip.duration_s == pytest.approx(exact_s, abs=0.004)
    assert loop.tempo_bpm == pytest.approx(heard.tempo_bpm, rel=0.002)
    assert loop.clip.sample_rate_hz == LOOP_RATE_HZ
    seam = click.at_seam(loop.clip)
    assert not seam.exceeds(usual_around_cuts(loop, clip), margin_db=0.3)


def test_the_loop_begins_on_a_downbeat_of_the_clip_with_its_attack() -> None:
    clip, heard = song_clip()
    loop = make_loop(clip, heard, 2)
    late_s = min((loop.start_s - line for line in heard.downbeats_s), key=abs)
    assert -0.02 < late_s <= 0.0  # just before it: a cut attack would begin late
    first, rest = loop.clip.cut(0, 0.05), loop.clip.cut(0.1, 0.2)
    assert np.abs(first.samples).max() > np.abs(rest.samples).max() * 0.5


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG])
async def test_no_sample_is_lost_or_added_on_the_way_through_a_file(audio_format: AudioFormat) -> None:
    clip, heard = song_clip(tempo_bpm=97.0)
    loop = make_loop(clip, heard, 2)
    finished = finish_loop(loop.clip, -14.0, -1.0)
    decoded = (await decode(await encode(finished, audio_format))).clip
    assert decoded.sample_rate_hz == LOOP_RATE_HZ
    assert decoded.num_frames == finished.num_frames  # a gap of 0 samples
    usual = click.roughness(finished.samples, LOOP_RATE_HZ)
    assert not click.at_seam(decoded).exceeds(usual, margin_db=0.5)
    if audio_format is not AudioFormat.OGG:
        np.testing.assert_allclose(decoded.samples, finished.samples, atol=3 / 32_768)


def test_a_tempo_that_is_asked_for_is_met_to_the_sample() -> None:
    clip, heard = song_clip(tempo_bpm=110.0)
    for wanted_bpm in (100.0, 120.0, 60.0):
        loop = make_loop(clip, heard, 2, tempo_bpm=wanted_bpm)
        played_bpm = loop.tempo_bpm or 0.0
        assert min(abs(played_bpm / (wanted_bpm * octave) - 1) for octave in (0.5, 1, 2)) < 0.002


def test_more_bars_than_there_are_is_one_clear_sentence() -> None:
    clip, heard = song_clip(tempo_bpm=120.0, duration_s=5.0)
    with pytest.raises(RequestRefused, match=r"2 whole bars at 120 BPM.*loop of 64: ask for 1 to 2 bars"):
        make_loop(clip, heard, 64)
    short, short_heard = song_clip(tempo_bpm=100.0, duration_s=2.0)
    with pytest.raises(ClipRefused, match="no whole bar"):
        make_loop(short, short_heard, 1)


def test_a_clip_without_a_beat_loops_as_a_whole_and_has_no_bars() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 3 * 44_100)).astype(np.float32)
    noise[:, :8_000] = 0.0
    clip = Clip(noise, 44_100)
    loop = make_loop(clip, Hearing(3.0))
    assert loop.bars is None and "no steady beat" in loop.remarks[0]
    assert 2.5 < loop.clip.duration_s < 2.9  # the silence before it is no part of it
    usual = click.around(click.twice(loop.clip), loop.clip.duration_s)
    assert not click.at_seam(loop.clip).exceeds(usual, margin_db=0.5)
    with pytest.raises(RequestRefused, match="can't count its bars"):
        make_loop(clip, Hearing(3.0), 2)
    assert make_loop(clip, Hearing(3.0), 1, tempo_bpm=120.0).clip.duration_s == pytest.approx(2.0, abs=0.03)


def test_what_rings_after_the_end_rings_on_in_the_repetition() -> None:
    rate = LOOP_RATE_HZ
    time_s = np.arange(round(2.5 * rate)) / rate
    tone = np.zeros(round(4.5 * rate), np.float32)
    for beat in range(4):  # one bar at 120; the last note dies away long after it
        begun = round((0.5 + 0.5 * beat) * rate)
        tone[begun : begun + time_s.size] += (0.3 * np.exp(-time_s * 2) * np.sin(2 * np.pi * 220 * time_s)).astype("f4")
    beats = (0.5, 1.0, 1.5, 2.0, 2.5)
    heard = Hearing(4.5, tempo_bpm=120.0, beat_confidence=0.9, beats_s=beats, downbeats_s=(0.5, 2.5))
    loop = make_loop(Clip(tone[None], rate), heard, 1)
    assert loop.seam == "ring"
    plain = tone[None, round(0.5 * rate) : round(0.55 * rate)]
    assert np.square(loop.clip.samples[:, : plain.shape[1]]).mean() > np.square(plain).mean() * 0.9
    assert not click.at_seam(loop.clip).exceeds(usual_around_cuts(loop, Clip(tone[None], rate)), step_factor=1.1)


def test_finishing_a_loop_keeps_its_seam_and_its_loudness() -> None:
    clip, heard = song_clip(tempo_bpm=92.0)
    loud = Clip(clip.samples * np.float32(0.9), clip.sample_rate_hz)
    loop = make_loop(loud, heard, 2)
    finished = finish_loop(loop.clip, -12.0, -1.0)  # loud enough for the limiter to work
    levels = measure(finished)
    assert levels.loudness_lufs == pytest.approx(-12.0, abs=0.7)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.95
    assert finished.num_frames == loop.clip.num_frames
    half = loop.clip.num_frames // 2  # where it is cut open must not matter
    turned = finish_loop(Clip(np.roll(loop.clip.samples, half, axis=1), LOOP_RATE_HZ), -12.0, -1.0)
    np.testing.assert_allclose(np.roll(turned.samples, -half, axis=1), finished.samples, atol=0.06)


def test_both_channels_out_of_phase_are_no_silence() -> None:
    clip, heard = song_clip()
    loop = make_loop(Clip(np.concatenate((clip.samples, -clip.samples)), clip.sample_rate_hz), heard, 2)
    assert np.abs(loop.clip.samples).max() > 0.3
