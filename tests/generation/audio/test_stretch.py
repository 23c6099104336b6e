"""Time stretch and transposition: exact lengths, beats where they should be, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.stretch import stretched, warped
from generation.clip import Clip

RATE = 44_100


def tone(hz: float = 441.0, duration_s: float = 6.0, channels: int = 1) -> Clip:
    time_s = np.arange(round(duration_s * RATE)) / RATE
    wave = (0.5 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)
    return Clip(np.repeat(wave[None], channels, axis=0), RATE)


def pitch_hz(clip: Clip) -> float:
    part = clip.cut(1, clip.duration_s - 1).samples[0]
    return float(np.abs(np.fft.rfft(part * np.hanning(part.size))).argmax() * RATE / part.size)


@pytest.mark.parametrize(("factor", "semitones"), [(0.85, 0), (1.19, 0), (1.0, 3), (1.1, -2.5), (2.0, 12)])
def test_length_and_pitch(factor: float, semitones: float) -> None:
    out = stretched(tone(channels=2), factor, semitones)
    assert out.num_frames == round(6 * RATE * factor) and out.num_channels == 2
    assert pitch_hz(out) == pytest.approx(441 * 2 ** (semitones / 12), rel=0.003)
    np.testing.assert_array_equal(out.samples, stretched(tone(channels=2), factor, semitones).samples)


def test_what_nobody_would_hear_is_not_done() -> None:
    clip = tone()
    assert stretched(clip, 1.0002) is clip
    with pytest.raises(ValueError, match="can't stretch"):
        stretched(clip, 5.0)


def ticks(times_s: np.ndarray, duration_s: float) -> Clip:
    samples = np.zeros(round(duration_s * RATE), np.float32)
    shape = (np.exp(-np.arange(3_000) / 300) * np.sin(np.arange(3_000) / 8)).astype(np.float32)
    for time_s in times_s:
        first = round(time_s * RATE)
        samples[first : first + 3_000] += shape[: samples.size - first]
    return Clip(samples[None], RATE)


@pytest.mark.parametrize("waver", [0.0, 0.04])
def test_beats_come_to_where_they_are_wanted(waver: float) -> None:
    beats = 0.3 + np.concatenate(([0.0], np.cumsum(0.5 * (1 + waver * np.sin(np.arange(22) / 3)))))
    wanted = 1.0 + 0.45 * np.arange(23)
    placed = warped(ticks(beats, 12.0), beats.tolist(), wanted.tolist())
    level = np.abs(placed.clip.samples[0])
    for time_s in wanted:
        first = round((time_s - placed.start_s - 0.1) * RATE)
        part = level[max(first, 0) : first + 8_820]
        found_s = (max(first, 0) + int((part > 0.4 * part.max()).argmax())) / RATE + placed.start_s
        assert found_s == pytest.approx(time_s, abs=0.02)


def test_a_held_tone_goes_through_the_seams_without_a_dip() -> None:
    beats = 0.3 + np.concatenate(([0.0], np.cumsum(0.5 * (1 + 0.04 * np.sin(np.arange(20) / 3)))))
    out = warped(tone(duration_s=11.0), beats.tolist(), (0.45 * np.arange(21)).tolist()).clip.samples[0]
    body = out[RATE // 2 : -RATE // 2]
    levels = np.sqrt(np.square(body[: body.size // 441 * 441]).reshape(-1, 441).mean(axis=1))
    assert levels.min() > 0.85 * levels.max()


def test_times_must_rise() -> None:
    with pytest.raises(ValueError, match="rising"):
        warped(tone(), [0.0, 1.0, 0.5], [0.0, 1.0, 2.0])
