"""What is kept of a wave: as good as 16 bits at every level, and no matter how long the wave was made."""

from __future__ import annotations

import numpy as np

from generation.engines.arranger.sampler_kept import BLOCK_FRAMES, KeptWave
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, SILENT_DB, Tone, lay


def _dying(num_frames: int, loudness: float) -> np.ndarray:
    """Noise that comes down by 60 dB a second."""
    noise = np.random.default_rng(3).standard_normal(num_frames).astype(np.float32)
    return noise * (loudness * 10 ** (-3 * np.arange(num_frames) / SAMPLE_RATE_HZ)).astype(np.float32)


def test_rounding_stays_80_db_under_what_sounds_loud_or_soft() -> None:
    for loudness in (1e-4, 0.03, 0.5, 20.0):
        wave = _dying(SAMPLE_RATE_HZ, loudness)
        error = KeptWave.of(wave).frames(0, 0, len(wave)) - wave
        for first in range(0, len(wave) - BLOCK_FRAMES, BLOCK_FRAMES):
            block = slice(first, first + BLOCK_FRAMES)
            assert np.sum(np.square(error[block])) < 1e-7 * np.sum(np.square(wave[block])), (loudness, first)


def test_a_longer_wave_is_kept_with_the_same_bits() -> None:
    wave = np.stack([_dying(10 * BLOCK_FRAMES, 0.4), _dying(10 * BLOCK_FRAMES, 0.02)])
    whole, part = KeptWave.of(wave), KeptWave.of(wave[:, : 4 * BLOCK_FRAMES])
    for side in (0, 1):
        assert np.array_equal(whole.frames(side, 100, 8000, 0.7), part.frames(side, 100, 8000, 0.7))


def test_nothing_wraps_round_at_full_scale() -> None:
    for peak in (1.0, np.nextafter(np.float32(4.0), np.float32(0)), 4.0, 0.25, 1e-12, 300.0):
        wave = np.full(BLOCK_FRAMES, peak, dtype=np.float32)
        assert np.allclose(KeptWave.of(wave).frames(0, 0, BLOCK_FRAMES), wave, rtol=1e-3, atol=1e-12)


def test_silence_stays_silence() -> None:
    kept = KeptWave.of(np.zeros(5000, dtype=np.float32))
    assert not np.any(kept.frames(0, 0, 5000))
    assert kept.until(SILENT_DB).num_frames == 5000


def test_a_drum_is_kept_until_nobody_hears_it() -> None:
    wave = _dying(4 * SAMPLE_RATE_HZ, 0.5)
    kept = KeptWave.of(wave).until(SILENT_DB)
    assert 1.1 * SAMPLE_RATE_HZ < kept.num_frames < 1.6 * SAMPLE_RATE_HZ
    assert np.abs(wave[kept.num_frames :]).max() < 10 ** (SILENT_DB / 20) * np.abs(wave).max()


def test_a_note_that_has_died_away_is_released_sooner() -> None:
    """What is left out lies under -72 dB of the note."""
    hold = SAMPLE_RATE_HZ // 2
    for wave, least_s, most_s in ((_dying(3 * SAMPLE_RATE_HZ, 0.5), 0.35, 0.6), (np.ones(90_000), 0.71, 0.73)):
        out = np.zeros((1, 3 * SAMPLE_RATE_HZ), dtype=np.float32)
        lay(out, Tone(KeptWave.of(wave.astype(np.float32)), 90_000, 1.0, release_s=1.0), 0, hold, 1.0)
        after = np.flatnonzero(out[0])[-1] - hold
        assert least_s * SAMPLE_RATE_HZ < after < most_s * SAMPLE_RATE_HZ
        released = wave[hold : 2 * hold] * 10 ** (-5 * np.arange(hold) / SAMPLE_RATE_HZ)
        assert (
            np.abs(released - out[0, hold : 2 * hold])[64:].max() < 10 ** ((SILENT_DB + 12) / 20) * np.abs(wave).max()
        )
