"""No join is heard after finishing, however the clip ends and whatever goes on from it: in the take and in its MP3."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from generation.audio import click
from generation.audio.decode import decode
from generation.audio.encode import encode
from generation.audio.finish_take import finish_take
from generation.audio.levels import measure
from generation.audio.soften import softened
from generation.audio.splice import Splice
from generation.clip import Clip
from generation.request import AudioFormat
from tests.support import hard_joins
from tests.support.hard_joins import Ending, played_on, taken_over

ENDINGS, SEQUELS = cache(hard_joins.endings), cache(hard_joins.sequels)
NAMES = ("as it comes", "silence", "mid-note", "on a hit", "very soft", "very loud", "fading", "tone", "noise")
FADE_DB = 2.0
Join = Callable[[Ending, Clip], Splice]


def finished(joined: Splice) -> Clip:
    return finish_take(joined.clip, kept_s=joined.kept_s, joined_s=joined.until_s).clip


def what_stands_out(take: Clip, joined: Splice) -> tuple[float, float]:
    """The level jump of the join over that of the second around it in dB, and the ratio of steps. Around held sounds
    nothing moves at all: a change by FADE_DB in 10 ms is a fade there."""
    usual = click.around(take, joined.kept_s, joined.until_s)
    heard = click.at(take, joined.kept_s, joined.until_s)
    return heard.jump_db - max(usual.jump_db, FADE_DB), heard.step / usual.step


def test_the_endings_are_those_that_are_named() -> None:
    assert tuple(ENDINGS()) == NAMES


@pytest.mark.parametrize("join", [played_on, taken_over])
@pytest.mark.parametrize("name", NAMES)
def test_no_join_is_heard_in_the_finished_take(name: str, join: Join) -> None:
    for sequel, new in SEQUELS().items():
        joined = join(ENDINGS()[name], new)
        take = finished(joined)
        jump_db, step_ratio = what_stands_out(take, joined)
        assert jump_db <= 0 and step_ratio <= 1, (sequel, jump_db, step_ratio)
        levels = measure(take)
        assert levels.loudness_lufs == pytest.approx(-14, abs=1) and (levels.true_peak_dbfs or 0) <= -0.95, sequel


@pytest.mark.parametrize("name", NAMES)
async def test_no_join_is_heard_in_the_mp3_that_is_posted(name: str) -> None:
    for join, sequel in ((played_on, "band"), (taken_over, "pad")):
        joined = join(ENDINGS()[name], SEQUELS()[sequel])
        posted = await decode(await encode(finished(joined), AudioFormat.MP3))
        jump_db, step_ratio = what_stands_out(posted.clip, joined)
        assert jump_db <= 0 and step_ratio <= 1, (sequel, jump_db, step_ratio)


def test_what_stands_out_is_turned_down_and_nothing_else() -> None:
    song = ENDINGS()["as it comes"].clip
    at = round(2.005 * song.sample_rate_hz)
    loud = song.samples.copy()
    loud[:, at : at + 8_000] *= np.geomspace(9, 1, 8_000, dtype=np.float32)
    made = softened(Clip(loud, song.sample_rate_hz), 2.0, 2.05)
    kept = round(2.0 * song.sample_rate_hz)
    np.testing.assert_array_equal(made.samples[:, :kept], song.samples[:, :kept])
    late = at + song.sample_rate_hz // 2
    np.testing.assert_array_equal(made.samples[:, late:], song.samples[:, late:])
    assert np.abs(made.samples).max() < 0.75 * np.abs(loud).max()
    assert not click.at(made, 2.0, 2.05).exceeds(click.around(made, 2.0, 2.05))


def test_music_that_goes_through_unbroken_stays_as_it_is() -> None:
    song = ENDINGS()["as it comes"].clip
    unbroken = softened(song, 2.0, 2.03)
    assert np.abs(unbroken.samples - song.samples).max() <= 0.15 * np.abs(song.samples).max()
    tone = ENDINGS()["tone"].clip
    assert softened(tone, 2.0, 2.1) is tone


@pytest.mark.parametrize(("kept_s", "until_s"), [(0.0, 0.0), (0.0, 0.4), (0.4, 0.4), (9.0, 9.0), (0.2, 0.1)])
def test_any_moments_of_short_and_silent_clips(kept_s: float, until_s: float) -> None:
    short = ENDINGS()["as it comes"].clip.cut(1.0, 1.4)
    silent = Clip(np.zeros((2, 17_640), np.float32), 44_100)
    for clip in (short, silent, short.cut(0, 0.005)):
        made = softened(clip, kept_s, until_s)
        assert made.num_frames == clip.num_frames and np.isfinite(made.samples).all()
    assert not softened(silent, kept_s, until_s).samples.any()
