"""Fixed filters as matrix products: what a recursion in double precision gives, wherever the wave is cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from generation.engines.arranger.sampler_blocks import BLOCK_FRAMES, PIECE_FRAMES, Biquad, through_fixed
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ


def filter_of(kind: str, cutoff_hz: float) -> Biquad:
    (b0, b1, b2), (_, a1, a2) = butter(2, cutoff_hz, kind, fs=SAMPLE_RATE_HZ)
    return float(b0), float(b1), float(b2), float(a1), float(a2)


@pytest.mark.parametrize("kind", ["lowpass", "highpass"])
@pytest.mark.parametrize("cutoff_hz", [30.0, 200.0, 5_000.0, 20_000.0])
def test_it_is_the_recursion(kind: str, cutoff_hz: float) -> None:
    wave = np.random.default_rng(1).uniform(-1, 1, PIECE_FRAMES + 5_001).astype(np.float32)
    chosen = filter_of(kind, cutoff_hz)
    found, _ = through_fixed(wave, chosen)
    wanted = lfilter(chosen[:3], (1.0, *chosen[3:]), wave.astype(np.float64))
    off_db = 10 * np.log10(np.mean(np.square(found - wanted)) / np.mean(np.square(wanted)))
    assert off_db < -110, off_db


def test_a_wave_in_two_parts_has_no_seam() -> None:
    wave = np.random.default_rng(2).uniform(-1, 1, 20_000).astype(np.float32)
    chosen = filter_of("lowpass", 700.0)
    whole, _ = through_fixed(wave, chosen)
    first, state = through_fixed(wave[: 100 * BLOCK_FRAMES], chosen)
    second, _ = through_fixed(wave[100 * BLOCK_FRAMES :], chosen, state)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, atol=1e-6)


@pytest.mark.parametrize("num_frames", [1, 31, 4_096, 5_000, PIECE_FRAMES, PIECE_FRAMES + 1])
def test_a_shorter_wave_is_the_beginning_of_a_longer_one(num_frames: int) -> None:
    wave = np.random.default_rng(3).uniform(-1, 1, 2 * PIECE_FRAMES).astype(np.float32)
    chosen = filter_of("lowpass", 900.0)
    assert np.array_equal(through_fixed(wave[:num_frames], chosen)[0], through_fixed(wave, chosen)[0][:num_frames])


def test_a_filter_that_does_not_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="real poles"):
        through_fixed(np.ones(10, dtype=np.float32), (1.0, 0.0, 0.0, -1.0, 0.2))
