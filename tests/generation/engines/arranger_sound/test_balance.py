"""The balance of the spectrum: no style is muffled, shrill or all bass, none has a hole where its body should be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from generation.engines.arranger.play import Player
from generation.engines.arranger.style import all_styles
from generation.hearing import Note
from generation.request import Operation
from tests.generation.engines.arranger_sound.playing import level_db, part, rendered, score
from tests.support.scores import composed

WINDOW = 8192
OCTAVES_HZ = (125, 250, 500, 1000, 2000, 4000)
"""The lower edges of those that a record's spectrum falls over."""
RECORDS_DB = -2.0
"""An octave against the one below it, on records of popular music: 5 dB less in every hertz and twice as many of them
(P. D. Pestana et al., Spectral characteristics of popular commercial recordings 1950-2010, AES Convention 135, 2013,
paper 8960)."""
BRIGHTER_DB, DARKER_DB = 1.0, 2.6
TAPES = {"lofi"}
"""Styles whose sound is a worn tape's."""
SOFT_LOW_ENDS = {"piano", "classical", "ambient"}
"""Without drums, or without a bass in some takes."""
CLUB = ("house", "techno", "trance", "dnb", "trap", "hiphop")


def _share_db(samples: np.ndarray, rate_hz: int, low_hz: float, high_hz: float) -> float:
    """The energy between two frequencies, in dB under that of the whole."""
    mono = samples.mean(axis=0)
    frames = mono[: len(mono) // WINDOW * WINDOW].reshape(-1, WINDOW) * np.hanning(WINDOW)
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(WINDOW, 1 / rate_hz)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()))


@cache
def _mixes(player: Player, style: str) -> tuple[tuple[np.ndarray, int], ...]:
    clips = [
        rendered(player, composed(Operation.COMPOSE, style, seed, duration_s=20).score, seed).mix for seed in (0, 1)
    ]
    return tuple((clip.samples.astype(np.float64), clip.sample_rate_hz) for clip in clips)


def _level_db(player: Player, style: str, low_hz: float, high_hz: float) -> float:
    """The mean over two takes."""
    return float(np.mean([_share_db(samples, rate, low_hz, high_hz) for samples, rate in _mixes(player, style)]))


@pytest.mark.parametrize(
    ("style", "low_hz", "high_hz", "least_db"),
    [("bossa", 5000, 16_000, -30.0), ("ambient", 5000, 16_000, -38.0), ("trap", 125, 500, -8.5)],
)
def test_a_style_has_the_range_that_it_lives_of(
    player: Player, style: str, low_hz: float, high_hz: float, least_db: float
) -> None:
    assert _level_db(player, style, low_hz, high_hz) > least_db


@pytest.mark.parametrize("style", sorted(set(all_styles()) - TAPES))
def test_a_mix_falls_towards_the_treble_about_as_records_do(player: Player, style: str) -> None:
    levels = [_level_db(player, style, low_hz, 2 * low_hz) for low_hz in OCTAVES_HZ]
    fall_db = float(np.polyfit(range(len(levels)), levels, 1)[0])
    assert RECORDS_DB - DARKER_DB < fall_db < RECORDS_DB + BRIGHTER_DB, levels


@pytest.mark.parametrize("style", sorted(all_styles()))
def test_the_low_end_carries_a_mix_and_does_not_cover_it(player: Player, style: str) -> None:
    low_db = _level_db(player, style, 20, 120)
    assert low_db < -2.0, "more than 63 % of the energy is bass"
    assert low_db > (-13.0 if style in SOFT_LOW_ENDS else -7.0)
    assert all(20 * np.log10(np.abs(x).max() / np.sqrt(np.mean(x**2))) > 10 for x, _ in _mixes(player, style))


def test_styles_of_a_club_have_the_same_low_end(player: Player) -> None:
    levels = {style: _level_db(player, style, 20, 120) for style in CLUB}
    assert max(levels.values()) - min(levels.values()) < 2.0, levels


@pytest.mark.parametrize("instrument", ["synth:sub", "synth:bass808", "synth:sawbass", "gm:32"])
def test_a_bass_of_mere_fundamental_holds_no_more_energy_than_a_guitar(player: Player, instrument: str) -> None:
    notes = [Note(beat / 2, beat / 2 + 0.4, 31 + 5 * (beat // 4 % 2), 0.8) for beat in range(8)]
    guitar, other = (
        level_db(rendered(player, score(part("bass", name, *notes))).stems["bass"].samples)
        for name in ("gm:33", instrument)
    )
    assert other < guitar + 1.0
