"""Reading a sample at another speed: as true as a resampler of its kind, whatever the speed."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.sampler_resample import frames_heard, resampled

SPEEDS = [0.02, 0.25, 0.595, 0.7491535, 1.0594631, 48_000 / 44_100, 1.5, 2.0, 3.7, 9.0]


@pytest.mark.parametrize("step", SPEEDS)
def test_a_tone_comes_out_at_its_new_pitch_and_nothing_else(step: float) -> None:
    for cycles_per_frame in (0.05, 0.2, 0.44):
        if cycles_per_frame * step > 0.44:
            continue
        source = np.sin(2 * np.pi * cycles_per_frame * np.arange(int(20_000 * step) + 2000)).astype(np.float32)
        wave = resampled(source, step, 20_000)[1500:18_500]
        times = np.exp(-2j * np.pi * cycles_per_frame * step * np.arange(len(wave)) * [[1 - 3e-5], [1.0], [1 + 3e-5]])
        power = np.max(np.abs(times @ wave) ** 2) / len(wave) * 2
        assert power > 0.9 * np.sum(np.square(wave)), cycles_per_frame
        assert np.mean(np.square(wave)) == pytest.approx(0.5, rel=0.01), cycles_per_frame


@pytest.mark.parametrize("step", [1.5, 2.0, 3.7, 9.0])
def test_what_would_alias_is_left_out(step: float) -> None:
    source = np.sin(2 * np.pi * min(0.56 / step, 0.49) * np.arange(int(9000 * step))).astype(np.float32)
    wave = resampled(source, step, 8000)[1500:6500]
    assert np.sqrt(np.mean(np.square(wave))) < 10 ** (-75 / 20)


@pytest.mark.parametrize("step", SPEEDS)
def test_a_longer_source_begins_with_the_same_bits(step: float) -> None:
    source = np.random.default_rng(1).standard_normal(int(30_000 * step) + 1000).astype(np.float32)
    whole = resampled(source, step, 30_000)
    for num_frames in (1, 100, 4096, 20_001):
        part = resampled(source[: int(num_frames * step) + frames_heard(step) + 1], step, num_frames)
        assert np.array_equal(part, whole[:num_frames]), num_frames


def test_the_wave_ends_with_its_source() -> None:
    assert len(resampled(np.ones(1000, dtype=np.float32), 2.0, 4000)) == 500
    assert len(resampled(np.ones(1, dtype=np.float32), 2.0, 4000)) == 1
