"""A constant offset and rumble below 20 Hz go out; whatever is heard as a note stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.finish import finish
from generation.audio.finish_take import finish_take
from generation.audio.levels import measure
from generation.audio.rumble import dc_offsets, rumble_share, without_rumble
from generation.clip import Clip, Samples
from tests.support import clips

RATE_HZ = 44_100


def rumble(num_frames: int, level: float = 0.4) -> Samples:
    """Wind and footsteps: 9 and 13 Hz, out of step in the two channels."""
    t = np.arange(num_frames) / RATE_HZ
    left, right = np.sin(2 * np.pi * 13 * t) + np.sin(2 * np.pi * 9 * t), np.sin(2 * np.pi * 13 * t + 1)
    return np.asarray(level * np.stack((left, right)), np.float32)


def rumbling() -> tuple[Clip, Clip]:
    """A song, and the same in a gale."""
    song = clips.little_song(120, 0, "major", 6, channels=2)
    song = Clip(song.samples * np.float32(0.3), RATE_HZ)
    return song, Clip(song.samples + rumble(song.num_frames), RATE_HZ)


def test_a_song_in_rumble_is_as_loud_as_any() -> None:
    _, windy = rumbling()
    levels = measure(finish(windy))
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=0.3)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.99
    kept = measure(finish(windy, keeps_rumble=True))  # what it was before, and still is where samples must stay
    assert kept.loudness_lufs is not None and kept.loudness_lufs < -15


def test_only_the_rumble_goes() -> None:
    song, windy = rumbling()
    left_db = 20 * np.log10((without_rumble(windy.samples, RATE_HZ) - song.samples).std() / windy.samples.std())
    assert left_db < -25  # of the gale, at 13 Hz and below, next to nothing; of the song nothing is missing


@pytest.mark.parametrize("hz", [30.0, 41.2, 55.0])
def test_the_lowest_notes_are_no_rumble(hz: float) -> None:
    note = clips.tone(3.0, hz).samples
    assert without_rumble(note, RATE_HZ) is note


@pytest.mark.parametrize("num_frames", [1, 50, 400, 5_000])
def test_moments_too_short_for_a_wave_pass(num_frames: int) -> None:
    moment = np.linspace(-0.5, 0.5, num_frames, dtype=np.float32)[None]
    clear = without_rumble(moment, RATE_HZ)
    assert clear.shape == moment.shape and np.isfinite(clear).all()
    assert 0 <= rumble_share(moment, RATE_HZ) <= 1


def test_silence_has_no_rumble_and_no_offset() -> None:
    silent = np.zeros((2, RATE_HZ), np.float32)
    assert without_rumble(silent, RATE_HZ) is silent and not dc_offsets(silent).any()


def test_an_offset_goes_from_the_channel_that_has_it() -> None:
    song = clips.little_song(120, 0, "major", 4, channels=2).samples * np.float32(0.5)
    clear = song - dc_offsets(song)
    moved = clear + np.array([[0.2], [0.0]], np.float32)
    offsets = dc_offsets(moved)
    assert offsets[0, 0] == pytest.approx(0.2, abs=1e-4) and offsets[1, 0] == 0


def test_a_loop_in_rumble_still_meets_itself() -> None:
    _, windy = rumbling()
    loop = Clip(windy.cut(2.0, 6.0).samples.copy(), RATE_HZ)
    finished = finish_take(loop, repeats=True).clip
    twice = finish_take(Clip(np.tile(loop.samples, 2), RATE_HZ), repeats=True).clip
    assert measure(finished).loudness_lufs == pytest.approx(-14.0, abs=0.5)
    half = loop.num_frames
    apart = np.abs(twice.samples[:, :half] - twice.samples[:, half:]).max()
    assert apart < 0.02  # the slow wave is taken out alike in every repetition


def test_the_original_s_rumble_stays_while_there_is_room() -> None:
    song, _ = rumbling()
    dense = finish(song, -10.0).samples * np.float32(0.6)  # no high peaks are left in it
    breeze = Clip(dense + rumble(song.num_frames, 0.05), RATE_HZ)
    assert without_rumble(breeze.samples, RATE_HZ) is not breeze.samples
    finished = finish_take(breeze, kept_s=5.0)
    gain = 10 ** (finished.details["original_gain_db"] / 20)
    kept = 5 * RATE_HZ
    np.testing.assert_allclose(finished.clip.samples[:, :kept], breeze.samples[:, :kept] * gain, atol=2e-5)
    assert finished.remarks == ()


def test_an_original_that_rumble_would_leave_too_soft_is_cleared_and_it_is_said() -> None:
    _, windy = rumbling()
    finished = finish_take(windy, kept_s=5.0)
    levels = measure(finished.clip)
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=1.0)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.95
    assert "rumble below 20 Hz" in finished.remarks[0]
    assert finished.details["original_cleared_below_hz"] == 20
