"""Accompanying: a backing comes onto the clip's own beats, stays under it, and is kept alone."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.accompany import aligned, lay_under
from generation.audio.levels import loudness
from generation.clip import Clip
from generation.hearing import Hearing
from tests.support.heard_songs import song_clip


def onsets_late_s(clip: Clip, beats_s: tuple[float, ...]) -> float:
    """The median distance from each beat to the steepest rise within 0.1 s of it."""
    late = []
    window = round(0.005 * clip.sample_rate_hz)
    for beat in beats_s:
        part = clip.cut(beat - 0.1, beat + 0.1).samples.mean(axis=0)
        levels = np.square(part[: part.size // window * window]).reshape(-1, window).mean(axis=1)
        rise = int(np.diff(np.log10(levels + 1e-7)).argmax())
        late.append((rise + 1) * 0.005 - 0.1)
    return float(np.median(np.abs(late)))


def test_a_take_follows_the_clip_s_wavering_beats() -> None:
    _, heard = song_clip(tempo_bpm=96.0, tempo_end_bpm=116.0)
    backing, backing_heard = song_clip(tempo_bpm=110.0, bass=False, lead=False, comping="none")
    on_beats = aligned(backing, backing_heard, heard)
    beats = tuple(beat for beat in heard.beats_s if 1.0 < beat < 14.0)
    assert onsets_late_s(on_beats, beats) <= 0.025
    assert onsets_late_s(backing, beats) > 0.025  # before, it was not


def test_half_time_backings_count_as_in_time() -> None:
    backing, backing_heard = song_clip(tempo_bpm=60.0)
    _, heard = song_clip(tempo_bpm=120.0)
    assert aligned(backing, backing_heard, heard).duration_s == pytest.approx(backing.duration_s, abs=0.3)


def test_without_beats_it_stays_as_it_is() -> None:
    backing, backing_heard = song_clip()
    assert aligned(backing, backing_heard, Hearing(3.0)) is backing


def test_the_backing_is_softer_and_is_kept_as_it_is_in_the_mix() -> None:
    clip, _ = song_clip(duration_s=8.0)
    backing, _ = song_clip(duration_s=9.0, drums="none", seed=4)
    mix, stem = lay_under(clip, Clip(backing.samples * np.float32(0.5), 44_100))
    assert mix.duration_s == stem.duration_s == pytest.approx(9.0, abs=0.01)
    top = Clip(mix.samples - stem.samples, 44_100)
    top_lufs, under_lufs = loudness(top.cut(0, 8).samples, 44_100), loudness(stem.cut(0, 8).samples, 44_100)
    assert top_lufs is not None and under_lufs is not None
    assert top_lufs - under_lufs == pytest.approx(3.0, abs=1.0)
    np.testing.assert_allclose(top.samples[:, : 7 * 44_100], clip.to_stereo().samples[:, : 7 * 44_100], atol=1e-6)
    assert lay_under(clip, backing, 5.0)[0].duration_s == 5.0


def test_a_silent_clip_gets_its_backing_as_it_is() -> None:
    backing, _ = song_clip(duration_s=3.0)
    mix, stem = lay_under(Clip(np.zeros((1, 44_100), np.float32), 44_100), backing)
    np.testing.assert_array_equal(mix.samples, stem.samples)
