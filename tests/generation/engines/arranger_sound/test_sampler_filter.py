"""The moving low-pass: what a filter with those coefficients gives block after block, however it is worked out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from generation.engines.arranger.sampler_filter import FILTER_BLOCK, swept_lowpass
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
