"""Joins: the original stays, the level and the wave go on, and a click is measured where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.join import best_cut, click_level, crossfade, crossfade_join, loop_click_level
from generation.clip import Clip
from tests.support import clips


def hard_join(first: Clip, second: Clip) -> Clip:
    return Clip(np.concatenate((first.samples, second.samples), axis=1), first.sample_rate_hz)


def test_the_original_stays_and_the_length_is_the_sum_less_the_overlap() -> None:
    first, second = clips.little_song(num_bars=2), clips.hum()
    joined = crossfade_join(first, second, 0.1, search_s=0.0)
    untouched = first.num_frames - 4_410
    np.testing.assert_array_equal(joined.samples[:, :untouched], first.samples[:, :untouched])
    assert joined.num_frames == first.num_frames + second.num_frames - 4_410


def test_a_tone_goes_on_without_a_bump() -> None:
    first = clips.tone(2, 441.3, channels=1)
    second = clips.tone(2, 441.3, channels=1)
    joined = crossfade_join(first, second, 0.05)
    level = click_level(joined, first.duration_s - 0.05)
    assert not level.audible or level.jump_db < 0.3
    windows = joined.samples[0, 44_100 : 44_100 * 3].reshape(-1, 4_410)
    rms = np.sqrt((windows**2).mean(axis=1))
    assert rms.max() / rms.min() < 1.03


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


def test_a_softer_second_clip_is_brought_to_the_first_ones_level() -> None:
    first = clips.noise(3, level=0.2, seed=1)
    second = Clip(clips.noise(3, level=0.12, seed=2).samples.copy(), 44_100)
    joined = crossfade_join(first, second, 0.05)
    before, after = joined.cut(1, 2.5).samples.std(), joined.cut(3.5, 5).samples.std()
    assert after == pytest.approx(before, rel=0.03)


def test_another_rate_and_other_channels_are_brought_along() -> None:
    joined = crossfade_join(clips.tone(1, channels=2), clips.tone(1, rate_hz=32_000, channels=1), 0.05, 0.0)
    assert joined.num_channels == 2 and joined.sample_rate_hz == 44_100
    assert joined.duration_s == pytest.approx(1.95, abs=0.001)


@pytest.mark.parametrize("overlap_s", [0.0, 0.001, 5.0])
def test_any_overlap_gives_a_clip(overlap_s: float) -> None:
    joined = crossfade_join(clips.tone(0.3), clips.tone(0.2), overlap_s)
    assert np.isfinite(joined.samples).all() and 0.3 <= joined.duration_s <= 0.5


def test_silence_is_no_level_to_match() -> None:
    joined = crossfade_join(clips.silence(1), clips.tone(1, level=0.3), 0.05)
    assert np.abs(joined.samples).max() == pytest.approx(0.3, abs=0.01)


def test_a_click_is_heard_and_a_crossfade_is_not() -> None:
    first = clips.tone(2, 220, channels=1, level=0.5)
    second = Clip(-clips.tone(2, 220, channels=1, level=0.5).samples[:, 50:].copy(), 44_100)
    click = click_level(hard_join(first, second), 2.0)
    assert click.audible and click.step > 5 * click.usual_step
    faded = click_level(crossfade_join(first, second, 0.1), 1.95)
    assert faded.step <= faded.usual_step * 1.05


def test_a_jump_of_level_is_heard() -> None:
    loud, soft = clips.noise(2, level=0.2, seed=1), clips.noise(2, level=0.02, seed=2)
    level = click_level(hard_join(loud, soft), 2.0)
    assert level.audible and level.jump_db == pytest.approx(20, abs=2) and level.usual_jump_db < 3


def test_drums_do_not_count_as_clicks() -> None:
    song = clips.little_song(120, num_bars=4)
    assert not click_level(song, 4.25).audible


def test_a_loop_that_closes_and_one_that_does_not() -> None:
    closing = clips.tone(1.0, 220, channels=1)  # whole periods
    assert not loop_click_level(closing).step > 1.01 * loop_click_level(closing).usual_step
    open_loop = clips.tone(1.0, 220.5, channels=1)
    cut = Clip(open_loop.samples[:, : 44_100 - 50].copy(), 44_100)
    assert loop_click_level(cut).audible
