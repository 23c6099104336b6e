"""The measures of the benchmark of music find what is there, and find fault where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.music import harmony, midi, sound
from benchmarks.music.cases import all_cases, spread
from benchmarks.music.clips import names
from benchmarks.music.figures import tempo_class
from generation.clip import Clip
from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.score import Part, Score, Sound
from generation.hearing import Note
from tests.support import clips

SONG = clips.little_song(120, 0, "major", 6)
BEATS_S = np.arange(24) * 0.5


def test_every_case_has_a_name_of_its_own_and_known_clips() -> None:
    cases = all_cases()
    assert len(cases) >= 120
    assert len({case.name for case in cases}) == len(cases)
    assert {clip for case in cases for clip in case.clips} <= set(names())
    assert {case.engine for case in spread(cases, 12)} == {"arranger", "studio", "musicgen"}


def test_flux_finds_tempo_beats_and_lateness() -> None:
    strength = sound.flux(SONG)
    assert sound.best_tempo(strength, 123.0) == pytest.approx(120.0, rel=0.002)
    assert abs(sound.lag_ms(strength, BEATS_S)) <= 5
    assert sound.lag_ms(strength, BEATS_S - 0.06) == pytest.approx(60, abs=5)
    found = sound.tracked_beats(strength, 120.0)
    assert np.abs(BEATS_S[2:-2, None] - found[None]).min(axis=1).max() < 0.03


def test_loudness_of_a_known_tone() -> None:
    # BS.1770-4: a 997 Hz sine at 0 dBFS in one channel of two is -3.01 LUFS
    tone = clips.tone(3.0, 997.0, rate_hz=48_000, channels=1, level=1.0)
    heard = sound.loudness(Clip(np.concatenate((tone.samples, 0 * tone.samples)), 48_000))
    assert heard.lufs == pytest.approx(-3.0, abs=0.15)
    assert heard.true_peak_dbfs == pytest.approx(0.0, abs=0.15)


def test_a_click_in_a_join_is_found() -> None:
    tone = clips.tone(4.0, 220.0, channels=1)
    assert not sound.seam(tone, 2.0, 2.0).is_heard
    broken = tone.samples.copy()
    broken[:, 2 * tone.sample_rate_hz :] *= -1
    broken[:, 2 * tone.sample_rate_hz + 10] = 0.5
    assert sound.seam(Clip(broken, tone.sample_rate_hz), 2.0, 2.0).step_ratio > 5


def test_a_loop_with_a_hole_is_found_and_a_whole_number_of_waves_is_none() -> None:
    whole = clips.tone(2.0, 220.0, channels=1)
    assert not sound.repeated_seam(whole).is_heard
    assert max(sound.hole_ms(whole)) == 0
    hole = Clip(np.pad(whole.samples, ((0, 0), (1_000, 1_000))), whole.sample_rate_hz)
    assert sound.hole_ms(hole)[0] == pytest.approx(45, abs=4)
    turned = Clip(np.concatenate((whole.samples, -whole.samples[:, ::-1][:, :50]), axis=1), whole.sample_rate_hz)
    broken = Clip(turned.samples[:, :-30], whole.sample_rate_hz)
    assert sound.repeated_seam(broken).step_ratio > 5
    assert sound.repeated_seam(broken, whole).step_ratio > 5  # the clip itself has no such step


def test_a_shift_is_counted_in_frames() -> None:
    late = Clip(np.pad(SONG.samples, ((0, 0), (37, 0))), SONG.sample_rate_hz)
    assert sound.shift_frames(SONG, late) == 37
    assert sound.shift_frames(SONG, SONG) == 0


def test_chroma_of_a_clip_follows_a_transposition() -> None:
    low, high = (sound.chroma(clips.little_song(120, tonic, "major", 4, drums=False)) for tonic in (0, 3))
    likeness = [np.corrcoef(np.roll(low, step), high)[0, 1] for step in range(12)]
    assert int(np.argmax(likeness)) == 3


@pytest.mark.parametrize(
    ("found", "kind"), [(120.0, "right"), (121.5, "right"), (60.5, "half or double"), (40.0, "third"), (104.0, "wrong")]
)
def test_tempo_classes(found: float, kind: str) -> None:
    assert tempo_class(found, 120.0)[0] == kind


def scale(tonic: int, steps: tuple[int, ...]) -> np.ndarray:
    chroma = np.zeros(12)
    for place, step in enumerate(steps):
        chroma[(tonic + step) % 12] += 3 if place in (0, 4) else 2 if place == 2 else 1
    return chroma


def test_keys_of_scales() -> None:
    for tonic in range(12):
        major, minor = scale(tonic, (0, 2, 4, 5, 7, 9, 11)), scale(tonic, (0, 2, 3, 5, 7, 8, 10))
        assert harmony.key_of(major) == (tonic, "major")
        assert harmony.key_class((tonic, "minor"), harmony.key_of(minor)) in ("same", "relative")
        assert harmony.fits(major, ((tonic + 9) % 12, "minor"))
        assert not harmony.fits(major, ((tonic + 2) % 12, "major"))


def test_chord_tones_are_counted_by_time() -> None:
    chords = ((0.0, 2.0, 0, "maj"), (2.0, 4.0, 7, "maj"))
    in_both = midi.Sounded(0.0, 4.0, 67, "lead", False)
    wrong_in_second = midi.Sounded(0.0, 4.0, 64, "lead", False)
    assert harmony.chord_tones([in_both], chords) == 1.0
    assert harmony.chord_tones([in_both, wrong_in_second], chords) == pytest.approx(0.75)


def test_a_midi_file_is_read_on_its_music_without_the_lead_in() -> None:
    beats = tuple(0.2 + 0.6 * beat for beat in range(13))
    lead = Part("lead", Sound("gm:73"), tuple(Note(beat, beat + 0.5, 72) for beat in beats[:-1]))
    drums = Part("drums", Sound("kit:0"), tuple(Note(beat, beat + 0.1, 36) for beat in beats[:-1]))
    sheet = midi.read(to_midi(Score(7.8, (lead, drums), beats, 3)))
    assert sheet.tempo_bpm == pytest.approx(100, rel=1e-3)
    assert sheet.beats_per_bar == 3
    np.testing.assert_allclose(sheet.beats_s[:6], beats[:6], atol=0.003)
    np.testing.assert_allclose(sheet.downbeats_s[:2], (0.2, 2.0), atol=0.003)
    assert sheet.plays("flute") and sheet.plays("drums") and not sheet.plays("piano")
    assert len(sheet.notes) == 24
