"""Clips in a room's frame: tempo, key and bars of what comes out are measured."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.analyse import analyse
from generation.clip import Clip
from generation.errors import RequestRefused
from generation.hearing import Hearing, Key
from generation.jam.fit import ROOM_RATE_HZ, Grid, fit, strip_of
from generation.jam.frame import Frame
from tests.support.clips import click_track, little_song, noise, tone


def beat_times_s(clip: Clip) -> np.ndarray:
    """Onsets of clicks: where the level jumps."""
    level = np.abs(clip.samples).max(axis=0)
    frame = round(0.005 * clip.sample_rate_hz)
    blocks = level[: len(level) // frame * frame].reshape(-1, frame).max(axis=1)
    loud = blocks > 0.3 * blocks.max()
    starts = np.flatnonzero(loud & ~np.concatenate(([False], loud[:-1])))
    kept = starts[np.concatenate(([True], np.diff(starts) > 20))]
    return kept * frame / clip.sample_rate_hz


def heard_clicks(tempo_bpm: float, num_beats: int) -> Hearing:
    beats_s = tuple(beat * 60 / tempo_bpm for beat in range(num_beats))
    return Hearing(
        num_beats * 60 / tempo_bpm, tempo_bpm=tempo_bpm, beat_confidence=0.95, beats_s=beats_s, downbeats_s=beats_s[::4]
    )


@pytest.mark.parametrize(("from_bpm", "to_bpm"), [(110.0, 120.0), (100.0, 90.0), (60.0, 120.0), (170.0, 80.0)])
def test_beats_land_on_the_rooms(from_bpm: float, to_bpm: float) -> None:
    frame = Frame(to_bpm, bars=4)
    fitted = fit(click_track(from_bpm, 16), heard_clicks(from_bpm, 16), frame)
    assert fitted.clip.num_frames == round(frame.duration_s * ROOM_RATE_HZ)
    beats = beat_times_s(fitted.clip) / frame.beat_s
    assert len(beats) >= 7
    assert np.abs(beats * 2 - np.rint(beats * 2)).max() / 2 * frame.beat_s < 0.02


def test_a_song_comes_out_at_the_rooms_tempo_key_and_bars() -> None:
    song = little_song(100, tonic=7, mode="major", num_bars=8)
    frame = Frame(112.0, Key(9, "major"), bars=6)
    fitted = fit(song, analyse(song), frame)
    assert fitted.clip.duration_s == pytest.approx(frame.duration_s, abs=1e-4)
    heard = analyse(fitted.clip)
    assert heard.tempo_bpm == pytest.approx(112.0, rel=0.01)
    assert heard.key == Key(9, "major")
    bars = np.asarray(heard.downbeats_s) / frame.bar_s
    assert len(bars) >= 4 and np.abs(bars - np.rint(bars)).max() * frame.bar_s < 0.05
    told = " ".join(fitted.remarks)
    assert "100 BPM to the room's 112" in told and "+2 semitones, from G major" in told


def test_a_relative_key_needs_no_transposition() -> None:
    hearing = Hearing(8.0, key=Key(0, "major"), key_confidence=0.9)
    fitted = fit(tone(8.0), hearing, Frame(120.0, Key(9, "minor"), bars=4))
    assert not any("ransposed" in remark for remark in fitted.remarks)


def test_the_shortest_way_is_at_most_six_semitones() -> None:
    clip = tone(2.0, 440.0)
    for tonic in range(12):
        hearing = Hearing(2.0, key=Key(tonic, "major"), key_confidence=0.9)
        fitted = fit(clip, hearing, Frame(120.0, Key(0, "major"), bars=1))
        spectrum = np.abs(np.fft.rfft(fitted.clip.samples[0]))
        pitch_hz = np.argmax(spectrum) / fitted.clip.duration_s
        moved = 12 * np.log2(pitch_hz / 440.0)
        assert abs(moved) <= 6.2 and (tonic + round(moved)) % 12 == 0


def test_too_far_a_tempo_is_refused_with_both() -> None:
    with pytest.raises(RequestRefused, match=r"85 BPM and the room at 120.*30 %"):
        fit(click_track(85, 16), heard_clicks(85, 16), Frame(120.0, bars=4))


def test_a_pickup_goes_and_the_first_whole_bar_begins_the_layer() -> None:
    lead_in = 0.9
    clicks = click_track(120, 16)
    late = Clip(np.pad(clicks.samples, ((0, 0), (round(lead_in * clicks.sample_rate_hz), 0))), clicks.sample_rate_hz)
    beats_s = tuple(lead_in + beat * 0.5 for beat in range(16))
    hearing = Hearing(8.9, tempo_bpm=120.0, beat_confidence=0.9, beats_s=beats_s, downbeats_s=beats_s[::4])
    fitted = fit(late, hearing, Frame(120.0, bars=4))
    assert beat_times_s(fitted.clip)[0] < 0.02


def test_a_short_clip_is_repeated_in_whole_bars_without_a_click() -> None:
    frame = Frame(120.0, bars=8)
    song = little_song(120, num_bars=2)
    fitted = fit(song, analyse(song), frame)
    assert any("2 bars" in remark and "repeated" in remark for remark in fitted.remarks)
    bar = round(frame.bar_s * ROOM_RATE_HZ)
    margin = round(0.05 * ROOM_RATE_HZ)
    first, again = (fitted.clip.samples[0, start + margin : start + 2 * bar - margin] for start in (0, 4 * bar))
    assert np.corrcoef(first, again)[0, 1] > 0.99


def test_what_has_no_beat_keeps_its_pace_and_fills_the_bars() -> None:
    frame = Frame(120.0, bars=2)
    fitted = fit(noise(0.7), Hearing(0.7), frame)
    assert fitted.clip.num_frames == round(4.0 * ROOM_RATE_HZ)
    assert any("keeps its own pace" in remark for remark in fitted.remarks)
    second_bar = fitted.clip.samples[:, round(2.1 * ROOM_RATE_HZ) : round(2.5 * ROOM_RATE_HZ)]
    assert np.abs(second_bar).max() > 0.05


def test_a_take_of_the_rooms_own_beats_is_left_as_it_is() -> None:
    song = little_song(97, num_bars=4, channels=2)
    misheard = Hearing(song.duration_s, tempo_bpm=130.0, beat_confidence=0.9, beats_s=(0.1, 0.5, 1.1, 1.4, 1.9))
    frame = Frame(97.0, Key(0, "major"), bars=4)
    fitted = fit(song, misheard, frame, Grid(Key(0, "major")))
    middle = slice(1000, song.num_frames - 1000)
    assert np.array_equal(fitted.clip.samples[:, middle], song.samples[:, middle]) and fitted.remarks == ()


def test_the_strip_is_the_outline() -> None:
    samples = np.zeros((1, 9600), np.float32)
    samples[:, 4800:] = 0.25
    strip = strip_of(Clip(samples, 48_000))
    assert set(strip[:48]) == {0} and set(strip[48:]) == {255}
