"""A clip that repeats packet by packet: its period, its lead, and that its ends meet."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.endless import LEAD_PACKETS, MAX_CHANGE, OPUS_RATE_HZ, PACKET_FRAMES, endless
from generation.clip import Clip

LEAD = LEAD_PACKETS * PACKET_FRAMES


def sweep(duration_s: float, rate_hz: int, channels: int = 1) -> Clip:
    """A tone that rises from 200 to 800 Hz: every place sounds unlike every other."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    samples = 0.5 * np.sin(2 * np.pi * (200 * time_s + 300 * time_s**2 / duration_s))
    return Clip(np.repeat(samples[None].astype(np.float32), channels, axis=0), rate_hz)


@pytest.mark.parametrize("duration_s", [0.05, 0.3, 1.234, 8.0, 31.007])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_whole_packets_whose_change_of_speed_nobody_hears(duration_s: float, rate_hz: int) -> None:
    clip = sweep(duration_s, rate_hz, channels=2)
    found = endless(clip)
    num_passes = round(found.num_packets / found.packets_per_pass)
    assert found.clip.sample_rate_hz == OPUS_RATE_HZ and found.clip.num_channels == 2
    assert found.clip.num_frames == LEAD + found.num_packets * PACKET_FRAMES
    played_s = found.num_packets * PACKET_FRAMES / OPUS_RATE_HZ
    one_frame = num_passes / (rate_hz * played_s)  # resampling keeps a clip's length to one frame
    assert abs(played_s / (num_passes * clip.duration_s) - 1) <= MAX_CHANGE + one_frame


@pytest.mark.parametrize("duration_s", [0.3, 1.234, 8.0])
def test_its_ends_meet_and_every_pass_is_the_clip(duration_s: float) -> None:
    clip = sweep(duration_s, OPUS_RATE_HZ)
    found = endless(clip)
    samples = found.clip.samples[0]
    body = samples[LEAD:]
    np.testing.assert_allclose(samples[:LEAD], wrapped(body), atol=2e-3)
    step = found.packets_per_pass * PACKET_FRAMES
    for number in range(round(found.num_packets / found.packets_per_pass)):
        at = np.arange(round(number * step) + 200, min(round((number + 1) * step) - 200, len(body)))
        times = np.arange(clip.num_frames) * step / clip.num_frames
        expected = np.interp(at - number * step, times, clip.samples[0])
        np.testing.assert_allclose(body[at], expected, atol=0.03)  # what half a frame makes at 800 Hz


def wrapped(body: np.ndarray) -> np.ndarray:
    """The end of the stretch, as often as it takes to fill the lead."""
    return np.tile(body, LEAD // len(body) + 1)[-LEAD:]


def test_a_clip_of_whole_packets_is_left_as_it_is() -> None:
    clip = sweep(2.0, OPUS_RATE_HZ)
    found = endless(clip)
    assert (found.num_packets, found.packets_per_pass) == (100, 100.0)
    np.testing.assert_array_equal(found.clip.samples[:, LEAD:], clip.samples)
    np.testing.assert_array_equal(found.clip.samples[:, :LEAD], clip.samples[:, -LEAD:])
