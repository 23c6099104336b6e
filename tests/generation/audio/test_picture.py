"""The picture shows the clip: loud where it is loud, beats where they are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from generation.audio.picture import BACKGROUND, HEIGHT, MARGIN, WIDTH, envelope, voice_waveform, waveform_png
from generation.clip import Clip
from tests.support import clips


def pixels(png: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG" and image.size == (WIDTH, HEIGHT)
    return np.asarray(image.convert("RGB")).astype(int)


def heights(picture: np.ndarray) -> np.ndarray:
    """How many pixels of each column are not background."""
    return (np.abs(picture - np.array(BACKGROUND)).sum(axis=2) > 60).sum(axis=0)


def half_loud() -> Clip:
    samples = clips.tone(10, channels=2).samples.copy()
    samples[:, : samples.shape[1] // 2] *= 0.1
    return Clip(samples, 44_100)


def test_loud_parts_stand_higher() -> None:
    bars = heights(pixels(waveform_png(half_loud())))
    quiet, loud = bars[100:500].mean(), bars[700:1100].mean()
    assert loud == pytest.approx(HEIGHT - 2 * MARGIN, abs=3)
    assert quiet == pytest.approx(loud / 10, abs=3)
    assert bars[: MARGIN - 1].max() == 0 and bars[-MARGIN + 1 :].max() == 0


def test_silence_is_a_thin_line() -> None:
    bars = heights(pixels(waveform_png(clips.silence(1))))
    assert bars[MARGIN + 1 : -MARGIN - 1].min() >= 1 and bars.max() <= 3


def test_progress_greys_what_is_to_come() -> None:
    picture = pixels(waveform_png(clips.noise(5), progress=0.5))
    colourful = np.ptp(picture, axis=2).max(axis=0)
    assert colourful[100:550].min() > 60 and colourful[650:1100].max() < 30


def test_downbeats_are_where_they_were_heard() -> None:
    plain = pixels(waveform_png(clips.silence(10)))
    marked = pixels(waveform_png(clips.silence(10), downbeats_s=[2.5, 7.5, 99.0]))
    columns = np.flatnonzero((plain != marked).any(axis=(0, 2)))
    usable = WIDTH - 2 * MARGIN
    assert columns.tolist() == pytest.approx([MARGIN + usable / 4, MARGIN + usable * 3 / 4], abs=2)


@pytest.mark.parametrize("num_frames", [1, 2, 100, 1_168, 1_169])
def test_the_shortest_clips_have_a_picture_too(num_frames: int) -> None:
    clip = Clip(np.full((1, num_frames), 0.5, np.float32), 44_100)
    pixels(waveform_png(clip))
    assert len(voice_waveform(clip)) >= 1


def test_the_envelope_finds_a_single_click() -> None:
    samples = np.zeros((2, 100_000), np.float32)
    samples[1, 33_333] = -0.5
    peaks, rms = envelope(Clip(samples, 44_100), 100)
    assert np.flatnonzero(peaks).tolist() == [33] and peaks[33] == 1.0
    assert 0 < rms[33] < 0.1


def test_a_voice_message_has_at_most_256_points() -> None:
    points = voice_waveform(clips.noise(60, channels=1))
    assert len(points) == 256 and max(points) <= 255 and min(points) > 10
    assert len(voice_waveform(clips.noise(3, channels=1))) == 30
    assert set(voice_waveform(clips.silence(1))) == {0}
    shape = voice_waveform(half_loud())
    assert max(shape[:45]) < min(shape[55:]) / 5
