"""A relay's song: takes at different levels, rates and channels go on from each other as if played at once."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio import click
from generation.audio.chain import SEAM_S, chain
from generation.audio.levels import measure
from generation.clip import Clip
from tests.support import clips

BAR_S = 2.0
SONG = clips.little_song(120, num_bars=8).to_stereo()


def take(start_s: float, end_s: float, gain: float = 1.0) -> Clip:
    return Clip(SONG.cut(start_s, end_s).samples * np.float32(gain), SONG.sample_rate_hz)


def louder_by_db(one: Clip, other: Clip) -> list[float]:
    """By how much `one` is louder than `other`, bar by bar."""
    gaps = []
    for start_s in np.arange(0, min(one.duration_s, other.duration_s) - 0.1, BAR_S):
        here, there = (clip.cut(start_s, start_s + BAR_S).samples.std() for clip in (one, other))
        gaps.append(20 * float(np.log10(here / there)))
    return gaps


@pytest.mark.parametrize("gain", [0.3, 1.0, 1.8])
def test_a_take_at_another_level_is_brought_to_the_song_s(gain: float) -> None:
    song = chain([take(0, 8), take(4, 12, gain), take(8, 16)], 2 * BAR_S)
    assert song.duration_s == pytest.approx(16, abs=0.001)
    gaps_db = louder_by_db(song, SONG)
    assert max(gaps_db) - min(gaps_db) < 0.5  # one gain for the whole song, whatever the takes' levels
    for seam_s in (4.0, 8.0):
        assert not click.at(song, seam_s).exceeds(click.at(SONG, seam_s), step_factor=8.0, margin_db=0.2)


def test_the_song_has_the_product_s_loudness_and_peak() -> None:
    levels = measure(chain([take(0, 8, 0.2), take(4, 12)], 2 * BAR_S))
    assert levels.loudness_lufs == pytest.approx(-14, abs=0.5) and levels.true_peak_dbfs <= -1 + 0.05


def test_the_first_bars_alone_are_left_as_they_are() -> None:
    alone = take(0, 4)
    assert chain([alone], 2 * BAR_S) is alone


def test_another_rate_and_one_channel_are_brought_along() -> None:
    song = chain([take(0, 8), take(4, 12).resampled(32_000).to_mono()], 2 * BAR_S)
    assert (song.num_channels, song.sample_rate_hz) == (2, 44_100)
    assert song.duration_s == pytest.approx(12, abs=0.001)


def test_takes_shorter_than_what_is_handed_on_give_the_last_one() -> None:
    song = chain([take(0, 4), take(0, 8)], 4 * BAR_S)
    assert song.duration_s == pytest.approx(8, abs=0.001)


def test_silence_handed_on_has_no_level_to_match() -> None:
    song = chain([clips.silence(4), Clip(np.concatenate((clips.silence(4).samples, take(0, 4).samples), 1), 44_100)], 4)
    assert np.isfinite(song.samples).all() and song.duration_s == pytest.approx(8, abs=0.001)


def test_a_seam_that_stands_out_is_softened() -> None:
    """The later take has the handed-on bars as well, but begins them with a knock that is not in the music."""
    knocked = take(4, 12).samples.copy()
    knocked[:, :400] = 0.9 * np.sign(np.sin(np.arange(400)))
    song = chain([take(0, 8, 0.5), Clip(knocked, SONG.sample_rate_hz)], 2 * BAR_S)
    usual = click.around(song, 4.0, 4.0 + SEAM_S)
    assert click.at(song, 4.0, 4.0 + SEAM_S).over_db(usual.or_more(click.at(song, 2.0))) <= 0.5


def test_a_beat_on_the_seam_stays_as_strong_as_it_was() -> None:
    song = chain([take(0, 8), take(4, 12)], 2 * BAR_S)
    beat = [clip.cut(4.0, 4.1).samples.std() / clip.cut(2.0, 2.1).samples.std() for clip in (song, SONG)]
    assert beat[0] == pytest.approx(beat[1], rel=0.06)  # half a dB
