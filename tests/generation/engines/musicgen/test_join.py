"""The join of a clip and what follows: nothing jumps, nothing dips, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from generation.clip import Clip
from generation.engines.musicgen.join import crossfade, splice

RATE = 32_000


def music(duration_s: float, rate: int = RATE, phase: float = 0.0) -> np.ndarray:
    time_s = np.arange(round(duration_s * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 220 * time_s + phase) + 0.2 * np.sin(2 * np.pi * 331 * time_s)).astype(np.float32)


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_rate_and_channels(rate: int, channels: int) -> None:
    front = Clip(np.repeat(music(4, rate)[None], channels, axis=0), rate)
    joined = splice(front, Clip(music(5)[None], RATE), overlap_s=2)
    assert joined.sample_rate_hz == min(max(rate, RATE), 48_000)
    assert joined.num_channels == channels
    assert joined.duration_s == pytest.approx(7, abs=0.001)


def test_the_same_music_goes_through_the_join_unchanged() -> None:
    whole = music(6)
    joined = splice(Clip(whole[None, : 4 * RATE], RATE), Clip(whole[None, 2 * RATE :], RATE), overlap_s=2)
    np.testing.assert_allclose(joined.samples[0], whole, atol=1e-6)


def test_nothing_jumps_when_both_sides_differ() -> None:
    joined = splice(Clip(music(4)[None], RATE), Clip(music(5, phase=2.0)[None], RATE), overlap_s=2).samples[0]
    steps = np.abs(np.diff(joined))
    usual = np.abs(np.diff(music(4))).max()
    assert steps[4 * RATE - 2_500 : 4 * RATE + 100].max() <= 1.1 * usual


@pytest.mark.parametrize("relation", ["same", "unrelated"])
def test_the_level_holds_across_the_fade(relation: str) -> None:
    random = np.random.default_rng(0)
    old = random.standard_normal((1, 64_000)).astype(np.float32)
    new = old.copy() if relation == "same" else random.standard_normal((1, 64_000)).astype(np.float32)
    levels_db = 10 * np.log10((crossfade(old, new).reshape(16, -1) ** 2).mean(1))
    assert np.abs(levels_db).max() < 0.5


def test_a_front_shorter_than_the_fade() -> None:
    joined = splice(Clip(music(0.02)[None], RATE), Clip(music(1)[None], RATE), overlap_s=0.02)
    assert joined.duration_s == pytest.approx(1, abs=0.001)
    assert np.isfinite(joined.samples).all()
