"""The moving low-pass: what a filter with those coefficients gives block after block, however it is worked out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from generation.engines.arranger.sampler_filter import CHUNK_FRAMES, FILTER_BLOCK, swept_lowpass
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ


def block_by_block(wave: np.ndarray, cents: np.ndarray, resonance_db: float) -> np.ndarray:
    """The cookbook's low-pass, a call of `lfilter` for each block."""
    out, state = np.empty(len(wave)), np.zeros(2)
    q = 10 ** ((resonance_db - 3.01) / 20)
    for block, cutoff_cents in enumerate(cents):
        omega = 2 * np.pi * min(8.176 * 2 ** (cutoff_cents / 1200), 0.46 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        alpha, cosine = np.sin(omega) / (2 * q), np.cos(omega)
        b = np.array([1 - cosine, 2 * (1 - cosine), 1 - cosine]) / 2 * 10 ** (-resonance_db / 40)
        span = slice(block * FILTER_BLOCK, (block + 1) * FILTER_BLOCK)
        out[span], state = lfilter(b, [1 + alpha, -2 * cosine, 1 - alpha], wave[span], zi=state)
    return out


@pytest.mark.parametrize("num_frames", [1, 129, 5_000, 16_384, 16_385, 50_001])
@pytest.mark.parametrize("resonance_db", [0.0, 15.0])
def test_a_moving_cutoff_leaves_no_seams(num_frames: int, resonance_db: float) -> None:
    wave = np.random.default_rng(num_frames).uniform(-1, 1, num_frames).astype(np.float32)
    blocks = np.arange(-(-num_frames // FILTER_BLOCK))
    for swing in (0.0, 300.0, 3_000.0):
        cents = np.round((8_000 + swing * np.sin(blocks / 9)) / 25) * 25
        found = swept_lowpass(wave, cents, resonance_db)
        np.testing.assert_allclose(found, block_by_block(wave, cents, resonance_db), atol=2e-6)


@pytest.mark.parametrize("cutoff_cents", [5_000.0, 9_000.0, 12_500.0])
def test_one_cutoff_for_the_whole_wave(cutoff_cents: float) -> None:
    wave = np.random.default_rng(3).uniform(-1, 1, 30_000).astype(np.float32)
    found = swept_lowpass(wave, np.array([cutoff_cents]), 0.0)
    expected = block_by_block(wave, np.full(-(-len(wave) // FILTER_BLOCK), cutoff_cents), 0.0)
    np.testing.assert_allclose(found, expected, atol=4e-6)


@pytest.mark.parametrize("swing", [300.0, 3_000.0])
def test_a_shorter_wave_is_the_beginning_of_a_longer_one(swing: float) -> None:
    wave = np.random.default_rng(4).uniform(-1, 1, 3 * CHUNK_FRAMES).astype(np.float32)
    cents = 9_000 + swing * np.sin(np.arange(len(wave) // FILTER_BLOCK) / 40)
    whole = swept_lowpass(wave, cents, 3.0)
    for num_frames in (100, CHUNK_FRAMES - 1, CHUNK_FRAMES + 1, 2 * CHUNK_FRAMES + 5_000):
        blocks = -(-num_frames // CHUNK_FRAMES) * (CHUNK_FRAMES // FILTER_BLOCK)
        assert np.array_equal(swept_lowpass(wave[:num_frames], cents[:blocks], 3.0), whole[:num_frames])
