"""Clicks: a cut in the wave and a jump of level are heard, drums and a seam that closes are not."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio import click
from generation.clip import Clip
from tests.support import clips


def hard_join(first: Clip, second: Clip) -> Clip:
    return Clip(np.concatenate((first.samples, second.samples), axis=1), first.sample_rate_hz)


def test_a_cut_in_the_wave_is_heard() -> None:
    first = clips.tone(2, 220, channels=1, level=0.5)
    second = Clip(-clips.tone(2, 220, channels=1, level=0.5).samples[:, 50:].copy(), 44_100)
    clip = hard_join(first, second)
    assert click.at(clip, 2.0).exceeds(click.around(clip, 2.0), step_factor=5.0, margin_db=60.0)


def test_a_jump_of_level_is_heard() -> None:
    loud, soft = clips.noise(2, level=0.2, seed=1), clips.noise(2, level=0.02, seed=2)
    clip = hard_join(loud, soft)
    assert click.at(clip, 2.0).jump_db == pytest.approx(20, abs=2) and click.around(clip, 2.0).jump_db < 5


def test_drums_do_not_count_as_clicks() -> None:
    song = clips.little_song(120, num_bars=4)
    assert not click.at(song, 4.25).exceeds(click.around(song, 4.25))


def test_a_loop_that_closes_and_one_that_does_not() -> None:
    closing = clips.tone(1.0, 220, channels=1)  # whole periods
    usual = click.around(closing, 0.5, reach_s=0.4)
    assert not click.at_seam(closing).exceeds(usual, step_factor=1.01, margin_db=0.1)
    cut = Clip(closing.samples[:, : 44_100 - 50].copy(), 44_100)
    assert click.at_seam(cut).exceeds(usual, step_factor=5.0, margin_db=60.0)
