"""A clip as a picture: its waveform as a PNG, and as the few bytes that a Discord voice message wants."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1200, 240
"""Pixels: five to one, so that it stands flat under a message."""

MARGIN = 16

BACKGROUND = (30, 31, 34)
"""Discord's dark theme; the colours on it keep their contrast on a light page too, because it fills the picture."""

PEAK_LEFT, PEAK_RIGHT = (88, 101, 242), (235, 69, 158)
RMS_LEFT, RMS_RIGHT = (170, 178, 255), (255, 160, 210)
UNPLAYED, UNPLAYED_RMS = (78, 80, 88), (112, 115, 124)
BEAT, DOWNBEAT, PLAYHEAD = (58, 60, 66), (96, 98, 106), (255, 255, 255)

MAX_VOICE_POINTS = 256
"""Discord's limit for the waveform of a voice message."""

VOICE_POINTS_PER_S = 10


def waveform_png(
    clip: Clip,
    *,
    beats_s: Sequence[float] = (),
    downbeats_s: Sequence[float] = (),
    progress: float | None = None,
) -> bytes:
    """The clip's peaks with its RMS inside them, as a PNG of WIDTH x HEIGHT, scaled to the loudest peak.

    Beats are marked by thin lines, downbeats by brighter ones. `progress` 0..1 colours that share and greys the rest.
    """
    from PIL import Image

    canvas = np.empty((HEIGHT, WIDTH, 3), np.float32)
    canvas[:] = BACKGROUND
    for times_s, colour in ((beats_s, BEAT), (downbeats_s, DOWNBEAT)):
        _draw_lines(canvas, times_s, clip.duration_s, colour)
    peaks, rms = envelope(clip, WIDTH - 2 * MARGIN)
    played = np.linspace(0, 1, len(peaks)) <= (1.0 if progress is None else progress)
    _draw_columns(canvas, peaks, _colours(PEAK_LEFT, PEAK_RIGHT, UNPLAYED, played))
    _draw_columns(canvas, rms, _colours(RMS_LEFT, RMS_RIGHT, UNPLAYED_RMS, played))
    if progress is not None:
        _draw_lines(canvas, [min(max(progress, 0.0), 1.0) * clip.duration_s], clip.duration_s, PLAYHEAD)
    out = io.BytesIO()
    Image.fromarray(canvas.astype(np.uint8)).save(out, "PNG", compress_level=3)
    return out.getvalue()


def voice_waveform(clip: Clip) -> bytes:
    """At most 256 bytes, each the loudness (0..255) of an equal share of the clip, for a Discord voice message."""
    num_points = int(np.clip(round(clip.duration_s * VOICE_POINTS_PER_S), 1, MAX_VOICE_POINTS))
    _, rms = envelope(clip, min(num_points, clip.num_frames))
    return bytes(np.rint(rms * 255).astype(np.uint8))


def envelope(clip: Clip, num_columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Peak and RMS over all channels in `num_columns` equal shares of the clip, float32 [columns], where the clip's
    highest peak is 1 (silence: all 0)."""
    edges = np.linspace(0, clip.num_frames, num_columns + 1).astype(np.int64)[:-1]
    last = np.maximum(np.append(edges[1:], clip.num_frames), edges + 1)
    peaks = np.maximum.reduceat(np.abs(clip.samples).max(axis=0), edges)
    power = np.add.reduceat(np.square(clip.samples).mean(axis=0), edges) / (last - edges)
    loudest = float(peaks.max())
    scale = 1 / loudest if loudest > 0 else 0.0
    return np.asarray(peaks * scale, np.float32), np.asarray(np.sqrt(power) * scale, np.float32)


def _colours(left: Colour, right: Colour, unplayed: Colour, played: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A colour for each column [columns, 3]: a gradient where it was played, grey where not."""
    place = np.linspace(0, 1, len(played))[:, None]
    gradient = np.array(left) * (1 - place) + np.array(right) * place
    return np.where(played[:, None], gradient, unplayed).astype(np.float32)


def _draw_columns(canvas: NDArray[np.float32], heights: NDArray[np.float32], colours: NDArray[np.float32]) -> None:
    """One bar per pixel column, symmetric about the middle; `heights` 0..1. The ends of bars are blended in."""
    middle = HEIGHT / 2
    reach = np.maximum(heights * (middle - MARGIN), 1.0)  # silence still shows a line
    cover = np.clip(reach - np.abs(np.arange(HEIGHT)[:, None] + 0.5 - middle) + 0.5, 0, 1)[:, :, None]
    area = canvas[:, MARGIN : MARGIN + len(heights)]
    area += (colours - area) * cover.astype(np.float32)


def _draw_lines(canvas: NDArray[np.float32], times_s: Sequence[float], duration_s: float, colour: Colour) -> None:
    for time_s in times_s:
        if 0 <= time_s <= duration_s:
            x = MARGIN + int(time_s / duration_s * (WIDTH - 2 * MARGIN - 1))
            canvas[MARGIN // 2 : -MARGIN // 2, x] = colour
