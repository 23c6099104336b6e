"""Mixdown: gain, pan, mute and fades do what a mixer's do, at one loudness."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.levels import measure
from generation.audio.mixdown import Layer, mixdown
from generation.clip import Clip
from generation.errors import RequestRefused

RATE = 44_100


def tone(hz: float, duration_s: float = 2.0, rate: int = RATE) -> Clip:
    time_s = np.arange(round(duration_s * rate)) / rate
    return Clip((0.2 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)[None], rate)


def level(clip: Clip, hz: float, channel: int, start_s: float = 0.5, end_s: float = 1.5) -> float:
    """The amplitude of a tone in one channel."""
    part = clip.cut(start_s, end_s).samples[channel].astype(np.float64)
    time_s = np.arange(part.size) / clip.sample_rate_hz
    return 2 * float(np.abs(np.mean(part * np.exp(2j * np.pi * hz * time_s))))


def test_gain_and_pan() -> None:
    mix = mixdown([Layer(tone(300), gain_db=-6.02), Layer(tone(500), pan=-1.0), Layer(tone(700), pan=0.5)], None)
    assert level(mix, 300, 0) == pytest.approx(0.1, rel=0.01) == level(mix, 300, 1)
    assert level(mix, 500, 1) < 0.001 < 0.25 < level(mix, 500, 0)
    assert level(mix, 700, 1) > 1.5 * level(mix, 700, 0) > 0
    powers = level(mix, 700, 0) ** 2 + level(mix, 700, 1) ** 2
    assert powers == pytest.approx(2 * 0.2**2, rel=0.02)  # panning keeps the power


def test_mutes_starts_fades_and_rates() -> None:
    layers = [
        Layer(tone(300, rate=48_000), start_s=1.0, fade_in_s=1.0),
        Layer(tone(500, 4.0), muted=True),
        Layer(tone(700, 1.0), fade_out_s=0.5),
    ]
    mix = mixdown(layers, None)
    assert (mix.sample_rate_hz, mix.num_channels, mix.duration_s) == (48_000, 2, 4.0)  # a muted layer counts
    assert level(mix, 500, 0) < 0.001
    assert level(mix, 300, 0, 0.2, 0.9) < 0.001
    assert level(mix, 300, 0, 1.1, 1.2) < 0.4 * level(mix, 300, 0, 2.2, 2.7)
    assert level(mix, 700, 0, 0.9, 0.99) < 0.5 * level(mix, 700, 0, 0.1, 0.4)
    assert np.abs(np.diff(mix.samples)).max() < 0.05  # no click where a layer comes or goes


def test_one_loudness_and_no_clipping_however_many_layers() -> None:
    rng = np.random.default_rng(0)
    noise = Clip(rng.normal(0, 0.3, (2, 3 * RATE)).clip(-1, 1).astype(np.float32), RATE)
    levels = measure(mixdown([Layer(noise, gain_db=12)] * 6))
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=0.5)
    assert levels.num_clipped == 0 and (levels.true_peak_dbfs or 0) <= -0.95


def test_what_can_not_be_mixed_is_one_sentence() -> None:
    with pytest.raises(RequestRefused, match="add a layer"):
        mixdown([])
    with pytest.raises(RequestRefused, match="at least one be heard"):
        mixdown([Layer(tone(300), muted=True)])
    with pytest.raises(RequestRefused, match="min long"):
        mixdown([Layer(tone(300), start_s=2000)])
    for wrong in ({"gain_db": 30.0}, {"pan": 1.5}, {"fade_in_s": -1.0}, {"gain_db": float("nan")}):
        with pytest.raises(RequestRefused):
            Layer(tone(300), **wrong)
