"""What a person says about a clip counts more than what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.analyse import Overrides, analyse
from generation.clip import Clip
from generation.errors import RequestRefused
from generation.hearing import Key
from tests.support import music
from tests.support.repertoire import PLANS


@pytest.fixture(scope="module")
def clip() -> Clip:
    return music.render(music.write(PLANS[0])).cut(0, 12)


def test_half_time_keeps_every_other_beat(clip: Clip) -> None:
    hearing = analyse(clip, Overrides(tempo_factor=0.5))
    assert hearing.tempo_bpm == pytest.approx(55, rel=0.01)


def test_double_time(clip: Clip) -> None:
    hearing = analyse(clip, Overrides(tempo_factor=2.0))
    assert hearing.tempo_bpm == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("tempo_bpm", [30.0, 300.0])
def test_extreme_tempos_are_found_when_they_are_given(tempo_bpm: float) -> None:
    song = music.write(music.Plan(tempo_bpm, duration_s=18))
    hearing = analyse(music.render(song), Overrides(tempo_bpm=tempo_bpm))
    assert hearing.tempo_bpm == pytest.approx(tempo_bpm, rel=0.02)
    assert hearing.has_beat


def test_a_given_tempo_holds_even_in_noise() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 22_050 * 6)).astype(np.float32) * 0.1
    hearing = analyse(Clip(noise, 22_050), Overrides(tempo_bpm=100))
    assert hearing.tempo_bpm == pytest.approx(100, rel=0.01)
    assert np.diff(hearing.beats_s) == pytest.approx(0.6, abs=0.01)


def test_given_key_and_metre(clip: Clip) -> None:
    hearing = analyse(clip, Overrides(key=Key(9, "minor"), beats_per_bar=3))
    assert hearing.key == Key(9, "minor")
    assert hearing.key_confidence == 1
    assert hearing.beats_per_bar == 3
    assert np.isin(hearing.downbeats_s, hearing.beats_s).all()
    assert len(hearing.downbeats_s) == pytest.approx(len(hearing.beats_s) / 3, abs=1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tempo_bpm": 20.0}, "between 30 and 300 BPM"),
        ({"tempo_bpm": float("nan")}, "between 30 and 300 BPM"),
        ({"beats_per_bar": 5}, "3/4, 4/4 or 6/8"),
        ({"tempo_factor": 3.0}, "halved"),
    ],
)
def test_values_out_of_range_are_refused_with_a_sentence(values: dict[str, float], words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        Overrides(**values)
