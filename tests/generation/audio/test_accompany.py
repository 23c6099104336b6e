"""Accompanying: a backing stays under the clip, and is kept alone."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.accompany import lay_under
from generation.audio.levels import loudness
from generation.clip import Clip
from tests.support.heard_songs import song_clip


def test_the_backing_is_softer_and_is_kept_as_it_is_in_the_mix() -> None:
    loud, _ = song_clip(duration_s=8.0)
    clip = Clip(loud.samples * np.float32(0.5), 44_100)
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


def test_what_would_pass_full_scale_is_turned_down_together() -> None:
    seconds = np.arange(3 * 44_100) / 44_100
    hum = np.float32(0.95) * np.sin(2 * np.pi * 110 * seconds, dtype=np.float32)[None]
    mix, stem = lay_under(Clip(hum, 44_100), Clip(hum.copy(), 44_100))
    assert np.abs(mix.samples).max() == pytest.approx(1.0, abs=1e-6)
    top = mix.samples - stem.samples
    scale = float((top * hum).sum() / np.square(hum).sum() / 2)
    assert 0.5 < scale < 0.7
    np.testing.assert_allclose(top, np.repeat(hum, 2, axis=0) * scale, atol=1e-6)
