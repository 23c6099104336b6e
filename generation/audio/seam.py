"""The seam of a loop: the end is led into the beginning, by what comes before it, after it, or by its own mirror."""

from __future__ import annotations

import numpy as np

from generation.audio import click
from generation.audio.join import crossfade
from generation.clip import Clip, Samples

FADE_S = 0.03
"""Shorter than the gap between two notes, longer than a period of the lowest bass."""

FADES_S = (FADE_S, 0.015, 0.06, 0.008)
"""What is tried, in this order, until the seam is no rougher than the clip itself around the two cuts."""

HOLE_DB = 12.0
"""The end is not led into something so much softer: sustained music would have a hole there."""

HEAD_FADE_S = 0.003
RING_S = 3.0
RING_WINDOW_S = 0.05
RING_RISE_DB = 2.0
RING_BELOW_DB = 3.0
"""What follows the end is its ring (of strings, cymbals, a room) when it is RING_BELOW_DB softer than the loop and no
window of it rises by more than RING_RISE_DB; it is heard up to RING_S into the repetition."""


def smoothest(clip: Clip, start: int, end: int) -> tuple[Clip, str]:
    """`closed` with the fade that leaves the smoothest seam."""
    usual = _usual(clip, start).or_more(_usual(clip, end))
    found: list[tuple[float, tuple[Clip, str]]] = []
    for fade_s in FADES_S:
        tried = closed(clip, start, end, fade_s)
        found.append((click.at_seam(tried[0]).over_db(usual), tried))
        if found[-1][0] <= 0:
            break
    return min(found, key=lambda item: item[0])[1]


def _usual(clip: Clip, frame: int) -> click.Roughness:
    time_s = frame / clip.sample_rate_hz
    return click.at(clip, time_s).or_more(click.around(clip, time_s))


def closed(clip: Clip, start: int, end: int, fade_s: float = FADE_S) -> tuple[Clip, str]:
    """The frames from `start` to `end` so that they can be repeated, and a word for how: exactly end - start frames.

    ring    the clip dies away after the end:        head + what rings, from the first sample on
    before  the last moments go over into what comes before the start, so that the start follows as in the clip
    after   the first moments come out of what comes after the end
    mirror  there is nothing around the loop, or silence: its end is led on by its mirror image, under the head's attack
    """
    rate_hz = clip.sample_rate_hz
    fade = min(round(fade_s * rate_hz), (end - start) // 4)
    source = clip.samples if end <= clip.num_frames else _led_on(clip.samples, end)
    body, after = source[:, start:end].copy(), clip.samples[:, end : end + round(RING_S * rate_hz)]
    if is_ring(body, after, rate_hz):
        return Clip(_with_ring(body, after, rate_hz), rate_hz), "ring"
    if start >= fade and _level_db(source[:, start - fade : start]) > _level_db(body[:, -fade:]) - HOLE_DB:
        body[:, -fade:] = crossfade(body[:, -fade:], source[:, start - fade : start])
        return Clip(body, rate_hz), "before"
    if after.shape[1] >= fade:
        body[:, :fade] = crossfade(after[:, :fade], body[:, :fade])
        return Clip(body, rate_hz), "after"
    mirror = body[:, : -fade - 1 : -1].copy()
    return Clip(_with_ring(body, mirror, rate_hz), rate_hz), "mirror"


def _level_db(samples: Samples) -> float:
    return 10 * float(np.log10(np.square(samples, dtype=np.float64).mean() + 1e-9))


def is_ring(body: Samples, after: Samples, rate_hz: int) -> bool:
    """Whether `after` (float32 [channels, frames]) is the dying away of `body` and nothing new."""
    window = round(RING_WINDOW_S * rate_hz)
    num_windows = after.shape[1] // window
    if num_windows < 2:
        return False
    cells = after[:, : num_windows * window].reshape(after.shape[0], num_windows, window)
    level_db = 10 * np.log10(np.square(cells, dtype=np.float64).mean(axis=(0, 2)) + 1e-8)
    body_db = 10 * np.log10(np.square(body, dtype=np.float64).mean() + 1e-8)
    return bool(level_db[0] < body_db - RING_BELOW_DB and np.diff(level_db).max() <= RING_RISE_DB)


def _with_ring(body: Samples, after: Samples, rate_hz: int) -> Samples:
    length = min(after.shape[1], body.shape[1])
    ring = after[:, :length] * np.cos(np.linspace(0, np.pi / 2, length, dtype=np.float32))
    head = min(round(HEAD_FADE_S * rate_hz), length)
    body[:, :head] *= np.sin(np.linspace(0, np.pi / 2, head, dtype=np.float32))
    body[:, :length] += ring
    return body


def _led_on(samples: Samples, end: int) -> Samples:
    """The samples led on to frame `end` by their mirror image, dying away: a clip that was stopped a moment early."""
    missing = end - samples.shape[1]
    mirror = samples[:, : -missing - 1 : -1] * np.cos(np.linspace(0, np.pi / 2, missing, dtype=np.float32))
    return np.concatenate((samples, mirror), axis=1)
