"""Joins: the waves meet in phase, and a fade keeps the power of what goes over into what."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.join import best_cut, crossfade
from tests.support import clips


def test_the_wave_is_met_in_phase() -> None:
    tone = clips.tone(3, 200, channels=1).samples
    cut = best_cut(tone[:, 4_410:8_820], tone[:, 4_300 : 8_820 + 300])
    assert cut % 220 == pytest.approx(110, abs=1)  # 44100 / 200 = 220.5 frames a period


def test_unlike_sounds_keep_their_power_through_the_fade() -> None:
    one, other = (clips.noise(4, channels=1, seed=seed).samples for seed in (1, 2))
    middle = crossfade(one, other).reshape(-1)
    power = (middle[: 40 * 4_410] ** 2).reshape(40, -1).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) < 0.8


def test_equal_sounds_keep_their_level_through_the_fade() -> None:
    tone = clips.tone(1, channels=2).samples
    np.testing.assert_allclose(crossfade(tone, tone), tone * 1.0, atol=0.01)
