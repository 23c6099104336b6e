"""The clip's beats carried on: misheard last beats don't count, a clip that gets faster goes on faster."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.grid import heard_grid


def beats_after(beats_s: list[float], num: int = 8) -> np.ndarray:
    """The grid's beats after the clip's last."""
    grid = heard_grid(beats_s, beats_s[::4], 4, beats_s[-1] + 6.0)
    later = [time for time in grid.beats_s if time > beats_s[-1] + 0.25]
    return np.array(later[:num])


def test_a_last_beat_that_was_misheard_does_not_shift_what_follows() -> None:
    even = [0.3 + 0.6 * beat for beat in range(20)]
    astray = [*even[:-1], even[-1] - 0.05]
    np.testing.assert_allclose(beats_after(astray), beats_after(even), atol=0.004)


def test_a_hearing_s_small_unevenness_does_not_add_up() -> None:
    rng = np.random.default_rng(2)
    even = [0.3 + 0.5 * beat for beat in range(24)]
    heard = [time + float(rng.normal(0, 0.008)) for time in even]
    np.testing.assert_allclose(beats_after(heard, 12), [even[-1] + 0.5 * beat for beat in range(1, 13)], atol=0.03)


def test_a_clip_that_gets_faster_goes_on_at_its_last_tempo() -> None:
    beats_s = np.cumsum(0.66 * 0.985 ** np.arange(24))
    last_s = float(beats_s[-1] - beats_s[-2])
    assert np.diff(beats_after(beats_s.tolist())).mean() == pytest.approx(last_s, rel=0.05)


def test_a_clip_that_wavers_goes_on_at_its_mean_tempo() -> None:
    times = np.arange(24) * 0.68
    wavering = (1.0 + times + 0.1 * np.sin(2 * np.pi * times / 8)).tolist()
    assert np.diff(beats_after(wavering)).mean() == pytest.approx(0.68, rel=0.03)
