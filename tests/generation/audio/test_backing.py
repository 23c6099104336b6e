"""A take as the backing: on each of the clip's beats, in its key, as long as it, its drums untransposed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generation.audio.backing import Backing, back
from generation.audio.check.listen import beats_apart_s, fit_of, heard_tempo, key_fits, pitch_classes
from generation.audio.stretch import warped
from generation.clip import Clip
from generation.hearing import Hearing, Key
from tests.support import clips
from tests.support.heard_songs import song_clip


def singer(**plan: object) -> tuple[Clip, Hearing]:
    """What is to be accompanied: a song without drums."""
    return song_clip(**{"tempo_bpm": 96.0, "drums": "none", "duration_s": 16.0, **plan})


def band(**plan: object) -> tuple[Clip, Hearing]:
    return song_clip(**{"tempo_bpm": 104.0, "duration_s": 20.0, "seed": 4, **plan})


def off_ms(stem: Clip, heard: Hearing) -> float:
    """How far the backing's beats, as they are heard in the stem alone, lie beside the clip's, in the median."""
    tracked = heard_tempo(stem)
    assert tracked is not None
    return 1000 * float(np.median(np.abs(beats_apart_s(tracked, heard.beats_s))))


@pytest.mark.parametrize("tempo_bpm", [88.0, 104.0, 190.0])
def test_the_backing_plays_on_the_clip_s_beats(tempo_bpm: float) -> None:
    clip, heard = singer()
    made = back(clip, heard, Backing(*band(tempo_bpm=tempo_bpm)))
    assert made.clip.num_channels == 2 and made.clip.duration_s == pytest.approx(clip.duration_s, abs=0.01)
    assert made.backing.num_frames == made.clip.num_frames
    beats = np.asarray(heard.beats_s)
    halves = np.sort(np.concatenate((beats, (beats[1:] + beats[:-1]) / 2)))
    counted = heard if made.beats_on_one == 1 else replace(heard, beats_s=tuple(halves.tolist()))
    assert made.beats_on_one == (2 if tempo_bpm > 150 else 1)
    assert off_ms(made.backing, counted) < 30
    assert any("on your clip's beats" in remark for remark in made.remarks)


def test_it_follows_a_tempo_that_wavers() -> None:
    steady, heard = singer()
    beats = np.asarray(heard.beats_s)
    wavering = beats + 0.09 * np.sin(2 * np.pi * beats / 8)  # up to 7 % faster and slower
    moved = warped(steady, beats.tolist(), wavering.tolist())
    times = tuple((wavering - moved.start_s).tolist())
    bars = tuple(np.interp(heard.downbeats_s, beats, times).tolist())
    unsteady = replace(heard, duration_s=moved.clip.duration_s, beats_s=times, downbeats_s=bars)
    made = back(moved.clip, unsteady, Backing(*band()))
    assert off_ms(made.backing, unsteady) < 35
    even = replace(unsteady, beats_s=tuple(np.linspace(times[0], times[-1], len(times)).tolist()))
    assert off_ms(made.backing, even) > off_ms(made.backing, unsteady) + 10  # it does follow


def test_the_first_bar_falls_on_the_clip_s_first() -> None:
    clip, heard = singer(lead_in_s=0.7)
    late, heard_late = band(lead_in_s=1.9)
    made = back(clip, heard, Backing(late, heard_late))
    loud = np.abs(made.backing.samples).max(axis=0)
    first_s = float(np.flatnonzero(loud > 0.1 * loud.max())[0]) / made.backing.sample_rate_hz
    assert first_s == pytest.approx(heard.downbeats_s[0], abs=0.06)


def test_a_short_backing_is_repeated_by_whole_bars() -> None:
    clip, heard = singer(duration_s=24.0)
    made = back(clip, heard, Backing(*band(duration_s=7.0)))
    assert made.rounds >= 3
    last = made.backing.cut(21.0, 23.0)
    assert np.abs(last.samples).max() > 0.3 * np.abs(made.backing.samples).max()
    assert off_ms(made.backing, heard) < 30


IN_D = ((2, "maj"), (9, "maj"), (11, "min"), (7, "maj"))


def test_another_key_is_left_for_the_clip_s() -> None:
    clip, heard = singer()
    made = back(clip, heard, Backing(*band(key=(2, "major"), chords=IN_D)))
    assert made.semitones == pytest.approx(-2, abs=0.2)
    fits = key_fits(pitch_classes(made.backing))
    assert fit_of(Key(0, "major"), fits) > fit_of(Key(2, "major"), fits)
    assert any("down by 2 semitones" in remark for remark in made.remarks)
    kept = back(clip, heard, Backing(*band(key=(2, "major"), chords=IN_D)), Key(2, "major"))
    assert kept.semitones == pytest.approx(0, abs=0.2)  # the key that was asked for


def test_drums_keep_their_pitch() -> None:
    clip, heard = singer()
    _, heard_band = band(key=(2, "major"), tempo_bpm=96.0, duration_s=16.0)
    drum, note = clips.tone(16.0, 440.0), clips.tone(16.0, 1_000.0)
    both = Clip((drum.samples + note.samples) / np.float32(2), drum.sample_rate_hz)
    made = back(clip, heard, Backing(both, heard_band, drum, note))
    assert loudest_hz(made.backing, 300, 700) == pytest.approx(440, abs=3)
    assert loudest_hz(made.backing, 700, 1_200) == pytest.approx(1_000 * 2 ** (-2 / 12), abs=5)
    alone = back(clip, heard, Backing(both, heard_band))  # nothing is known of its parts
    assert loudest_hz(alone.backing, 300, 700) == pytest.approx(440 * 2 ** (-2 / 12), abs=3)


def loudest_hz(clip: Clip, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(clip.samples.mean(axis=0)))
    hz = np.fft.rfftfreq(clip.num_frames, 1 / clip.sample_rate_hz)
    inside = (hz >= low_hz) & (hz < high_hz)
    return float(hz[inside][spectrum[inside].argmax()])


def test_clips_without_a_beat_get_the_backing_as_it_is() -> None:
    clip, heard = singer()
    free = replace(heard, tempo_bpm=None, beat_confidence=0.0, beats_s=(), downbeats_s=())
    made = back(clip, free, Backing(*band()))
    assert made.factor == 1.0 and made.remarks[0].startswith("I hear no steady beat in your clip")
    made = back(clip, heard, Backing(clip, free))
    assert made.remarks[0].startswith("I hear no steady beat in the backing")


def test_metres_that_differ_meet_on_the_beats_and_it_is_said() -> None:
    clip, heard = singer(beats_per_bar=3)
    made = back(clip, heard, Backing(*band()))
    assert (
        made.remarks[0] == "Your clip has 3 beats a bar, the backing 4: their beats meet, their bars only now and then."
    )
