"""The balance of the spectrum: no style is muffled, none has a hole where its body should be."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.play import Player
from generation.request import Operation
from tests.generation.engines.arranger_sound.playing import rendered
from tests.support.scores import composed

WINDOW = 8192


def _share_db(samples: np.ndarray, rate_hz: int, low_hz: float, high_hz: float) -> float:
    """The energy between two frequencies, in dB under that of the whole."""
    mono = samples.mean(axis=0)
    frames = mono[: len(mono) // WINDOW * WINDOW].reshape(-1, WINDOW) * np.hanning(WINDOW)
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(WINDOW, 1 / rate_hz)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()))


@pytest.mark.parametrize(
    ("style", "low_hz", "high_hz", "least_db"),
    [("bossa", 5000, 16_000, -30.0), ("ambient", 5000, 16_000, -38.0), ("trap", 125, 500, -9.5)],
)
def test_a_style_has_the_range_that_it_lives_of(
    player: Player, style: str, low_hz: float, high_hz: float, least_db: float
) -> None:
    shares = []
    for seed in (0, 1):
        clip = rendered(player, composed(Operation.COMPOSE, style, seed, duration_s=20).score, seed).mix
        shares.append(_share_db(clip.samples.astype(np.float64), clip.sample_rate_hz, low_hz, high_hz))
    assert np.mean(shares) > least_db, shares
