"""Going on from a clip: nothing jumps, nothing dips, nothing is lost, and the clip's own part stays its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.audio import click
from generation.audio.levels import loudness
from generation.audio.splice import Splice, go_on, take_over
from generation.clip import Clip
from tests.support.heard_songs import song_clip

RATE = 32_000
PLANS = [
    {},
    {"tempo_bpm": 92.0, "drums": "none"},
    {"beats_per_bar": 3, "drums": "none", "comping": "oompah"},
    {"tempo_bpm": 140.0, "bass": False},
    {"lead_in_s": 0.0, "duration_s": 17.45},
]


def music(duration_s: float, rate: int = RATE, phase: float = 0.0) -> NDArray[np.float32]:
    time_s = np.arange(round(duration_s * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 220 * time_s + phase) + 0.2 * np.sin(2 * np.pi * 331 * time_s)).astype(np.float32)


def roughness_over_usual_db(joined: Splice, original: Clip) -> float:
    """How much rougher the join is than the second to both sides of it and the clip's last second."""
    usual = click.around(joined.clip, joined.kept_s, joined.join_s).or_more(click.around(original, joined.kept_s))
    heard = click.at(joined.clip, joined.kept_s, joined.join_s)
    return max(heard.jump_db - usual.jump_db, 20 * np.log10(heard.step / usual.step))


def assert_own_samples(joined: Splice, original: Clip) -> None:
    """Up to kept_s the samples are the clip's own, less its constant offset."""
    kept = round(joined.kept_s * joined.clip.sample_rate_hz)
    offsets = np.array(joined.offsets, np.float32)[:, None]
    own = original.to_stereo().samples if joined.clip.num_channels == 2 else original.samples
    np.testing.assert_array_equal(joined.clip.samples[:, :kept], own[:, :kept] - offsets)


@pytest.mark.parametrize("plan", PLANS)
def test_a_band_that_comes_in_is_not_heard_as_a_cut(plan: dict[str, float]) -> None:
    clip, heard = song_clip(**plan)
    band, _ = song_clip(**{**plan, "drums": "rock", "seed": 4, "lead_in_s": 0.03})
    band = Clip(band.to_stereo().samples * np.float32(0.4), band.sample_rate_hz)
    join_s = heard.beats_s[-1]
    joined = go_on(clip, band, join_s - 0.03, join_s)
    assert roughness_over_usual_db(joined, clip) <= 0
    assert_own_samples(joined, clip)
    before = loudness(joined.clip.cut(join_s - 4, join_s).samples, clip.sample_rate_hz)
    after = loudness(joined.clip.cut(join_s, join_s + 4).samples, clip.sample_rate_hz)
    assert before is not None and after is not None
    assert abs(after - before) < 1.5


@pytest.mark.parametrize("plan", PLANS)
def test_a_codec_s_form_of_the_clip_takes_over_unheard(plan: dict[str, float]) -> None:
    clip, heard = song_clip(**plan)
    random = np.random.default_rng(1)
    own = clip.cut(0, 9.0)
    rest = clip.cut(7.0).samples
    rough = Clip((0.7 * rest + random.normal(0, 0.003, rest.shape)).astype(np.float32), clip.sample_rate_hz)
    joined = take_over(own, rough, 2.0, heard.beats_s)
    assert roughness_over_usual_db(joined, own) <= 0
    assert_own_samples(joined, own)
    assert 8.5 < joined.kept_s < joined.join_s <= 9.0
    assert joined.clip.num_frames == clip.num_frames


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_rate_and_channels(rate: int, channels: int) -> None:
    front = Clip(np.repeat(music(4, rate)[None], channels, axis=0), rate)
    joined = take_over(front, Clip(music(5)[None], RATE), overlap_s=2).clip
    assert joined.sample_rate_hz == min(max(rate, RATE), 48_000)
    assert joined.num_channels == channels
    assert joined.duration_s == pytest.approx(7, abs=0.001)


def test_the_same_music_goes_through_the_join_unchanged() -> None:
    whole = music(6)
    joined = take_over(Clip(whole[None, : 4 * RATE], RATE), Clip(whole[None, 2 * RATE :], RATE), overlap_s=2)
    np.testing.assert_allclose(joined.clip.samples[0], whole, atol=1e-5)


def test_nothing_jumps_when_both_sides_are_out_of_phase() -> None:
    front = Clip(music(4)[None], RATE)
    joined = take_over(front, Clip(music(5, phase=2.0)[None], RATE), overlap_s=2)
    steps = np.abs(np.diff(joined.clip.samples[0]))
    assert steps[3 * RATE : 5 * RATE].max() <= 1.1 * np.abs(np.diff(music(4))).max()


def test_a_constant_offset_of_the_clip_makes_no_step() -> None:
    clip, heard = song_clip()
    askew = Clip(clip.samples * np.float32(0.5) + np.float32(0.2), clip.sample_rate_hz)
    joined = go_on(askew, clip, heard.beats_s[-1] - 0.03, heard.beats_s[-1])
    assert joined.offsets[0] == pytest.approx(0.2, abs=0.01)
    assert abs(float(joined.clip.samples.mean())) < 0.01
    assert_own_samples(joined, askew)


@pytest.mark.parametrize("duration_s", [0.02, 0.1, 0.4])
def test_clips_shorter_than_any_fade(duration_s: float) -> None:
    tiny = Clip(music(duration_s)[None], RATE)
    assert take_over(tiny, Clip(music(1)[None], RATE), overlap_s=duration_s).clip.duration_s == pytest.approx(
        1, abs=0.001
    )
    started = go_on(tiny, Clip(music(1)[None], RATE), 0.0, 0.0)
    assert started.clip.duration_s == pytest.approx(1, abs=0.001)
    assert np.isfinite(started.clip.samples).all()


def test_silence_before_the_join_raises_nothing() -> None:
    silent = Clip(np.zeros((1, 2 * RATE), np.float32), RATE)
    joined = go_on(silent, Clip(music(3)[None], RATE), 1.97, 2.0)
    assert joined.gain_db == 0.0
    assert np.abs(joined.clip.samples).max() <= 0.5
