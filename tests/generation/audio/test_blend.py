"""Blending: one tempo with the least stretch, one key with the smallest move, bars on bars, both lengths kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generation.audio.blend import Blend, blend
from generation.audio.check.listen import fit_of, heard_tempo, key_fits, pitch_classes, tempo_error
from generation.audio.levels import loudness
from generation.audio.together import meet, meeting_sentences
from generation.clip import Clip
from generation.errors import RequestRefused
from generation.hearing import Hearing, Key
from tests.support.heard_songs import song_clip


def bpm(tempo: float, key: Key | None = None, **more: object) -> Hearing:
    beats = tuple(0.3 + 60 / tempo * beat for beat in range(32))
    return Hearing(
        beats[-1], tempo_bpm=tempo, beat_confidence=0.9, beats_s=beats, downbeats_s=beats[::4], key=key,
        key_confidence=0.9 if key else 0.0, **more,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [(100, 110), (60, 178), (60, 119), (90, 180), (70, 139), (63, 90)])
def test_the_stretch_is_shared_and_never_far(one: float, other: float) -> None:
    meeting = meet(bpm(one), bpm(other))
    first, second = meeting.factors
    assert first * second == pytest.approx(1.0)
    assert 1 / 1.19 < first < 1.19
    assert meeting.tempo_bpm == pytest.approx(one / first)
    assert tempo_error(other / second, meeting.tempo_bpm or 0) < 1e-6


def test_a_given_tempo_is_met_by_both() -> None:
    meeting = meet(bpm(100), bpm(110), tempo_bpm=120)
    assert (100 / meeting.factors[0], 110 / meeting.factors[1]) == (pytest.approx(120), pytest.approx(120))
    assert meet(bpm(80), bpm(84), tempo_bpm=160).factors[0] == pytest.approx(1.0)  # counted in half time


@pytest.mark.parametrize(
    ("one", "other", "moves"),
    [
        ((0, "major"), (0, "major"), (0, 0)),
        ((0, "major"), (9, "minor"), (0, 0)),  # relatives share their notes
        ((0, "major"), (2, "major"), (0, -2)),
        ((0, "major"), (11, "major"), (0, 1)),
        ((0, "major"), (4, "major"), (2, -2)),  # far ones share the way
        ((9, "minor"), (3, "major"), (1, -2)),
        ((0, "major"), (6, "major"), (3, -3)),
    ],
)
def test_keys_meet_by_the_smallest_moves(one: tuple[int, str], other: tuple[int, str], moves: tuple[int, int]) -> None:
    meeting = meet(bpm(100, Key(*one)), bpm(100, Key(*other)))
    assert meeting.semitones == moves
    assert meet(bpm(100, Key(*one)), bpm(100, Key(*other)), keep_keys=True).semitones == (0, 0)


def test_the_second_is_brought_to_the_first_s_tuning() -> None:
    one, other = bpm(100, Key(0, "major"), tuning_cents=30.0), bpm(100, Key(0, "major"), tuning_cents=-10.0)
    assert meet(one, other).semitones == (0, pytest.approx(0.4))


def made(one: tuple[Clip, Hearing], other: tuple[Clip, Hearing], *weights: float) -> Blend:
    return blend((one[0], other[0]), (one[1], other[1]), weights)


def test_sixty_and_178_meet_in_one_tempo_key_and_bar() -> None:
    slow = song_clip(tempo_bpm=60.0, key=(0, "major"))
    fast = song_clip(
        tempo_bpm=178.0, key=(2, "major"), chords=((2, "maj"), (9, "maj"), (11, "min"), (7, "maj")), duration_s=9.0
    )
    together = made(slow, fast)
    assert together.meeting.tempo_bpm is not None
    for part in together.parts:
        heard = heard_tempo(part.cut(0.5, 8.5))
        assert heard is not None and tempo_error(heard.tempo_bpm, together.meeting.tempo_bpm) < 0.02
        assert fit_of(Key(0, "major"), key_fits(pitch_classes(part))) > 0.6
    assert together.clip.duration_s == pytest.approx(16 * together.meeting.factors[0], abs=0.2)  # the longer's
    assert len(together.remarks) == 2 and "52 BPM" in together.remarks[0] and "C major" in together.remarks[1]
    first = together.downbeats_s[0]
    for part in together.parts:  # both have an attack on the first bar line
        before, after = part.cut(first - 0.06, first - 0.03), part.cut(first, first + 0.05)
        assert np.abs(after.samples).max() > 2 * np.abs(before.samples).max()


def test_weights_say_who_is_in_front() -> None:
    one, other = song_clip(), song_clip(seed=3, drums="none")
    for weights, expected_lu in (((1.0, 0.5), 6.0), ((0.25, 0.5), -6.0)):
        together = made(one, other, *weights)
        levels = [loudness(part.samples, part.sample_rate_hz) or 0.0 for part in together.parts]
        assert levels[0] - levels[1] == pytest.approx(expected_lu, abs=4.0)  # and ducking takes a little more
    for bad in ((1.0,), (0.0, 0.0), (-1.0, 1.0), (float("nan"), 1.0)):
        with pytest.raises(RequestRefused, match="two numbers"):
            made(one, other, *bad)


def test_what_gives_way_gives_way_gently() -> None:
    one, other = song_clip(), song_clip(seed=3)
    together = made(one, other, 1.0, 0.6)
    alone = made(one, (Clip(other[0].samples * np.float32(1e-6), other[0].sample_rate_hz), other[1]), 1.0, 0.6)
    np.testing.assert_array_equal(together.parts[0].samples, alone.parts[0].samples)  # the front stays as it is
    assert together.clip.samples.shape == together.parts[0].samples.shape


def test_a_clip_without_a_beat_is_laid_over_as_it_is() -> None:
    song, heard = song_clip()
    noise = Clip(np.random.default_rng(1).normal(0, 0.1, (1, 5 * 44_100)).astype(np.float32), 44_100)
    for pair, word in (
        (((song, heard), (noise, Hearing(5.0))), "second"),
        (((noise, Hearing(5.0)), (song, heard)), "first"),
    ):
        together = made(*pair)
        assert f"no steady beat in the {word} clip" in together.remarks[0]
        assert together.clip.duration_s == pytest.approx(16.0, abs=0.01)
        assert together.meeting.factors == (1.0, 1.0)
    assert "either clip" in made((noise, Hearing(5.0)), (noise, Hearing(5.0))).remarks[0]


def test_other_metres_are_told() -> None:
    three = song_clip(beats_per_bar=3, drums="none")
    assert any("3 and 4 beats" in remark for remark in made(three, song_clip()).remarks)


def test_wavering_beats_come_onto_an_even_grid() -> None:
    wavering, heard = song_clip(tempo_bpm=90.0, tempo_end_bpm=126.0, chords=((7, "maj"), (0, "maj")), key=(7, "major"))
    steady = song_clip(tempo_bpm=108.0, key=(7, "major"), chords=((7, "maj"), (0, "maj")))
    together = made((wavering, replace(heard, tempo_bpm=108.0)), steady)
    drift = heard_tempo(together.parts[0].cut(1, 15))
    assert drift is not None and abs(drift.drift) < 0.02


def test_nothing_is_told_when_nothing_was_done() -> None:
    assert meeting_sentences(meet(bpm(100), bpm(100))) == ()
