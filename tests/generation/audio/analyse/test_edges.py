"""What is heard where there is little to hear, or much too much: nothing is guessed, nothing breaks."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.analyse import analyse
from generation.clip import Clip
from tests.support import music
from tests.support.bad_clips import babble
from tests.support.repertoire import PLANS

RATE_HZ = music.RATE_HZ


def clip_of(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Clip:
    return Clip(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), rate_hz)


def noise(duration_s: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(round(duration_s * rate_hz)) * 0.1


def test_silence() -> None:
    hearing = analyse(clip_of(np.zeros(RATE_HZ)))
    assert not hearing.has_beat
    assert hearing.key is None
    assert hearing.loudness_lufs is None
    assert hearing.peak_dbfs is None
    assert hearing.remarks == ("The clip is silent.",)


def test_noise_has_neither_beat_nor_key() -> None:
    hearing = analyse(clip_of(noise(8)))
    assert not hearing.has_beat
    assert hearing.beats_s == ()
    assert hearing.key is None
    assert hearing.chords == ()
    assert hearing.melody == ()
    assert hearing.sentence().startswith("8.0 s, no steady beat, no clear key")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_speech_has_no_beat(seed: int) -> None:
    hearing = analyse(clip_of(babble(9, seed)))
    assert not hearing.has_beat
    assert hearing.chord_confidence < 0.3


def test_drums_alone_have_a_beat_and_no_key() -> None:
    song = music.write(PLANS[0])
    hearing = analyse(music.render(music.only(song, "drums")).cut(0, 10))
    assert hearing.tempo_bpm == pytest.approx(song.tempo_bpm, rel=0.01)
    assert hearing.key is None
    assert hearing.chords == ()
    assert any("no key" in remark for remark in hearing.remarks)


def test_a_hummed_tune_has_a_tempo_and_a_line() -> None:
    song = music.hum()
    hearing = analyse(music.render(song))
    assert hearing.has_beat
    assert hearing.tempo_bpm == pytest.approx(120, rel=0.02)
    assert [note.pitch for note in hearing.melody[:8]] == [60, 62, 64, 67, 69, 67, 64, 62]
    assert hearing.chord_confidence < 0.4


def test_one_note() -> None:
    hearing = analyse(music.render(music.hum((57,), 4.0, 1)))
    assert not hearing.has_beat
    assert [note.pitch for note in hearing.melody] == [57]
    assert hearing.melody_confidence < 0.5
    assert hearing.key_confidence < 0.5


@pytest.mark.parametrize(("frames", "rate_hz"), [(1, 44_100), (4_410, 44_100), (200, 8_000), (30, 1), (9_000, 192_000)])
def test_very_short_clips_and_odd_rates(frames: int, rate_hz: int) -> None:
    hearing = analyse(clip_of(noise(frames / rate_hz, rate_hz)[:frames], rate_hz))
    assert not hearing.has_beat
    assert hearing.duration_s == pytest.approx(frames / rate_hz)
    assert hearing.brightness_hz is None or np.isfinite(hearing.brightness_hz)


def test_a_quiet_clip_is_heard_like_a_loud_one() -> None:
    clip = music.render(music.write(PLANS[0])).cut(0, 8)
    loud, quiet = analyse(clip), analyse(clip_of(clip.samples * 1e-3))
    assert quiet.tempo_bpm == pytest.approx(loud.tempo_bpm, rel=0.01)
    assert quiet.key == loud.key


def test_stereo_at_another_rate_is_heard_like_mono() -> None:
    clip = music.render(music.write(PLANS[0])).cut(0, 8)
    hearing = analyse(clip.to_stereo().resampled(48_000))
    assert hearing.tempo_bpm == pytest.approx(PLANS[0].tempo_bpm, rel=0.01)
    assert hearing.duration_s == pytest.approx(8.0, abs=0.001)


def test_of_a_long_clip_the_fullest_part_is_heard_in_the_clips_own_times() -> None:
    song = music.render(music.write(PLANS[0])).samples[0]
    long = np.concatenate([song * 0.02] * 3 + [song] * 4 + [song * 0.02] * 2)
    hearing = analyse(clip_of(long))
    assert hearing.duration_s == pytest.approx(144.0)
    start_s = hearing.sections[0].start_s
    assert 46 <= start_s <= 54  # the loud part is 48 s to 112 s, and 60 s are heard
    assert any(f"0:{int(start_s)} to 1:{int(start_s)}" in remark for remark in hearing.remarks)
    assert start_s <= hearing.beats_s[0] < start_s + 1.5
    assert start_s + 58 < hearing.beats_s[-1] <= start_s + 60
    assert all(start_s <= chord.start_s < chord.end_s <= start_s + 60.01 for chord in hearing.chords)


def test_a_louder_part_is_a_section_of_its_own() -> None:
    song = music.write(PLANS[0])
    full, thin = music.render(song).samples[0], music.render(music.only(song, "pad")).samples[0] * 0.2
    cut = round(song.downbeats_s[4] * RATE_HZ)
    hearing = analyse(clip_of(np.concatenate([thin[:cut], full[cut:]])))
    assert len(hearing.sections) == 2
    first, second = hearing.sections
    assert first.label != second.label
    assert first.end_s == pytest.approx(song.downbeats_s[4], abs=0.3)
    assert first.energy < second.energy - 0.2
