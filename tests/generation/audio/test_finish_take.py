"""Finishing leaves a clip's own part its own samples, at one loudness, under the ceiling."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.finish import finish
from generation.audio.finish_take import finish_take
from generation.audio.levels import measure
from generation.audio.splice import go_on
from generation.clip import Clip
from tests.support.heard_songs import song_clip


def extended(level: float = 1.0) -> tuple[Clip, float]:
    """A clip that was finished once (as songs and takes are), softer or not, with a band that goes on."""
    raw, heard = song_clip(drums="none", tempo_bpm=92.0)
    clip = Clip(finish(raw).samples * np.float32(level), raw.sample_rate_hz)
    band, _ = song_clip(tempo_bpm=92.0, lead_in_s=0.03, seed=4)
    joined = go_on(clip, band, heard.beats_s[-1] - 0.03, heard.beats_s[-1])
    return joined.clip, joined.kept_s


@pytest.mark.parametrize("level", [1.0, 0.1, 0.01])
def test_the_original_part_is_changed_by_one_gain_which_is_stated(level: float) -> None:
    take, kept_s = extended(level)
    finished = finish_take(take, kept_s=kept_s)
    kept = round(kept_s * take.sample_rate_hz)
    gain = 10 ** (finished.details["original_gain_db"] / 20)
    np.testing.assert_allclose(finished.clip.samples[:, :kept], take.samples[:, :kept] * gain, atol=2e-5)
    levels = measure(finished.clip)
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=1.0)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.95
    assert finished.remarks == ()


def test_peaks_that_leave_no_way_are_held_back_and_it_is_said() -> None:
    take, kept_s = extended()
    peaky = take.samples * np.float32(0.05)
    peaky[:, ::22_050] = 0.9
    finished = finish_take(Clip(peaky, take.sample_rate_hz), kept_s=kept_s)
    levels = measure(finished.clip)
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=1.0)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.95
    assert finished.details["original_peaks_held_back_db"] > 3
    assert "held them back" in finished.remarks[0]


def test_silence_stays_silent() -> None:
    silent = Clip(np.zeros((2, 44_100), np.float32), 44_100)
    for options in ({"kept_s": 0.5}, {"repeats": True}, {}):
        assert not finish_take(silent, **options).clip.samples.any()  # type: ignore[arg-type]


def test_short_loops_are_finished_too() -> None:
    tick = np.zeros((1, 12_000), np.float32)
    tick[0, :9_000] = np.sin(np.arange(9_000) / 10) * np.linspace(1, 0.2, 9_000)
    finished = finish_take(Clip(tick, 48_000), repeats=True).clip
    assert finished.num_frames == 12_000
    assert measure(finished).loudness_lufs == pytest.approx(-14.0, abs=1.0)
