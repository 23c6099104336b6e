"""Takes leave at one loudness, under the ceiling, without DC and without clipping."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pyloudnorm
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.audio.ffmpeg import ffmpeg_path
from generation.audio.finish import finish, measure
from generation.audio.levels import cell_peaks, loudness, true_peak
from generation.audio.limiter import Limiter
from generation.clip import Clip
from tests.support import clips, music


def scaled(clip: Clip, factor: float) -> Clip:
    return Clip(np.clip(clip.samples * np.float32(factor), -1, 1), clip.sample_rate_hz)


MUSIC = {
    "song": lambda: clips.little_song(120, 0, "major", 6, channels=2),
    "slow minor song": lambda: clips.little_song(70, 9, "minor", 3),
    "no drums": lambda: clips.little_song(100, 5, "minor", 4, drums=False),
    "quiet song": lambda: scaled(clips.little_song(120, 0, "major", 4), 0.05),
    "clipped song": lambda: scaled(clips.little_song(120, 0, "major", 4), 6.0),
    "hum": clips.hum,
    "noise at 32 kHz": lambda: clips.noise(3, rate_hz=32_000),
    "at 8 kHz": lambda: clips.little_song(120, 0, "major", 2, rate_hz=8_000),
    "short": lambda: clips.tone(0.3),
}


@pytest.mark.parametrize("name", MUSIC)
def test_music_leaves_at_minus_14_lufs_under_minus_1_dbfs(name: str) -> None:
    clip = MUSIC[name]()
    levels = measure(finish(clip))
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=0.3)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.99
    assert levels.num_clipped == 0


def test_dry_drums_are_brought_up_too() -> None:
    drums = music.only(music.write(music.Plan(94, drums="breakbeat")), "drums")
    levels = measure(finish(music.render(drums)))
    assert levels.loudness_lufs == pytest.approx(-14.0, abs=0.3)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.99


def test_other_targets_are_met_too() -> None:
    levels = measure(finish(clips.little_song(120, 0, "major", 4), target_lufs=-23.0, ceiling_dbfs=-9.0))
    assert levels.loudness_lufs == pytest.approx(-23.0, abs=0.3)
    assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -8.99


@pytest.mark.parametrize("bits", [16, 24])
def test_measures_agree_with_ffmpegs_own_meter(bits: int) -> None:
    clip = clips.little_song(110, 2, "minor", 6, channels=2)
    command = [ffmpeg_path(), "-nostdin", "-i", "pipe:0", "-af", "ebur128=peak=true", "-f", "null", "-"]
    wav = clips.wav_bytes(clip, f"PCM_{bits}")
    said = subprocess.run(command, input=wav, capture_output=True, check=True).stderr.decode().rsplit("Summary", 1)[1]
    lufs, peak = (float(re.search(rf"{word}:\s+(-?[\d.]+)", said)[1]) for word in ("I", "Peak"))
    levels = measure(clip)
    assert levels.loudness_lufs == pytest.approx(lufs, abs=0.11)
    assert levels.true_peak_dbfs == pytest.approx(peak, abs=0.2)


def test_peaks_between_the_samples_are_found() -> None:
    # a quarter of the rate, an eighth of a period off: no sample comes above 0.707 (BS.1770-4, annex 2, figure 7)
    wave = np.sin(2 * np.pi * np.arange(4_410) / 4 + np.pi / 4)[None].astype(np.float32)
    wave *= np.hanning(4_410).astype(np.float32)
    assert np.abs(wave).max() < 0.71
    assert true_peak(wave, 44_100) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("num_frames", [1, 31, 32, 500, 65_536, 65_537, 200_003])
def test_peaks_of_cells_are_those_of_the_whole_wave(num_frames: int) -> None:
    wave = np.random.default_rng(num_frames).normal(0, 0.1, (2, num_frames)).astype(np.float32)
    fine = np.abs([soxr.resample(channel, 44_100, 176_400, quality="MQ") for channel in wave]).max(axis=0)
    plain = np.abs(wave).max(axis=0)
    wanted = [
        max(plain[first : first + 32].max(), fine[4 * first : 4 * min(first + 32, num_frames)].max(initial=0))
        for first in range(0, num_frames, 32)
    ]
    np.testing.assert_array_equal(cell_peaks(wave, 44_100, 32), wanted)
    assert true_peak(wave, 44_100) == max(wanted)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
@pytest.mark.parametrize("duration_s", [0.05, 0.4, 0.73, 5.28])
def test_loudness_is_that_of_the_library_of_the_standard(rate_hz: int, duration_s: float) -> None:
    samples = np.random.default_rng(rate_hz).normal(0, 0.1, (2, round(duration_s * rate_hz))).astype(np.float32)
    samples *= np.linspace(0, 1, samples.shape[1], dtype=np.float32)
    looped = np.tile(samples, 1 if duration_s > 0.4 else 9)
    meter = pyloudnorm.Meter(rate_hz, filter_class="DeMan")
    assert loudness(looped, rate_hz) == pytest.approx(meter.integrated_loudness(looped.T.astype(float)), abs=0.01)
    assert loudness(samples, rate_hz) == pytest.approx(loudness(looped, rate_hz), abs=1.5)


def test_dc_is_removed_and_silence_stays_silence() -> None:
    clip = clips.tone(2)
    lifted = Clip(clip.samples * 0.5 + np.float32(0.3), 44_100)
    assert abs(finish(lifted).samples.mean()) < 1e-3
    silent = finish(clips.silence(1))
    assert not silent.samples.any()


def test_no_clip_gives_a_number_that_is_none() -> None:
    for clip in (clips.silence(0.01), clips.tone(0.001), Clip(np.full((1, 1), 0.5, np.float32), 44_100)):
        assert np.isfinite(finish(clip).samples).all()
        measure(clip)


@settings(max_examples=40)
@given(
    num_frames=st.integers(1, 30_000),
    rate_hz=st.sampled_from((8_000, 32_000, 44_100, 48_000)),
    level=st.floats(1e-6, 1.0),
    burst=st.floats(0, 1),
    seed=st.integers(0, 100),
)
def test_nothing_ever_passes_the_ceiling(num_frames: int, rate_hz: int, level: float, burst: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    samples = random.normal(0, level, (2, num_frames))
    samples[:, int(burst * (num_frames - 1))] = 1.0
    out = finish(Clip(np.clip(samples, -1, 1).astype(np.float32), rate_hz))
    assert np.isfinite(out.samples).all() and out.num_frames == num_frames
    peak = measure(out).true_peak_dbfs
    assert peak is None or peak <= -0.99


def test_the_limiter_leaves_what_is_far_from_a_peak_alone() -> None:
    samples = clips.tone(4, 220, channels=1, level=0.1).samples.copy()
    samples[0, 2 * 44_100 : 2 * 44_100 + 500] *= 9
    out = Limiter(samples, 44_100, 0.5).apply(6.0)
    gain = 10 ** (6 / 20)
    np.testing.assert_allclose(out[:, : 44_100 * 2 - 1_000], samples[:, : 44_100 * 2 - 1_000] * gain, rtol=1e-5)
    np.testing.assert_allclose(out[:, 44_100 * 3 :], samples[:, 44_100 * 3 :] * gain, rtol=1e-5)
    assert np.abs(out).max() <= 0.51


def test_the_limiter_moves_smoothly() -> None:
    samples = clips.little_song(120, 0, "major", 4).samples
    limited = Limiter(samples, 44_100, 0.9).apply(9.0)
    places = np.flatnonzero(np.abs(samples[0]) > 0.05)
    gain_db = 20 * np.log10(limited[0, places] / samples[0, places])
    neighbours = np.diff(places) == 1
    assert gain_db.max() == pytest.approx(9.0, abs=0.01) and gain_db.min() < 3, "it has something to do here"
    assert np.abs(np.diff(gain_db)[neighbours]).max() < 0.1


def test_counts_clipped_samples_and_silence() -> None:
    samples = clips.tone(2, channels=1).samples.copy()
    samples[0, 100:103] = 1.0
    samples[0, 44_100:] = 0.0
    levels = measure(Clip(samples, 44_100))
    assert levels.num_clipped == 3
    assert levels.silence_share == pytest.approx(0.5, abs=0.01)
    assert measure(clips.silence(1)).loudness_lufs is None
    assert measure(clips.silence(1)).true_peak_dbfs is None


def test_a_mono_clip_on_both_sides_is_3_db_louder() -> None:
    clip = clips.hum()
    assert loudness(clip.to_stereo().samples, 44_100) == pytest.approx(loudness(clip.samples, 44_100) + 3.01, abs=0.02)
