"""The hand on the faders: breaks are held back and builds rise, so that what follows them is louder than before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

RIDE_DB: dict[str, tuple[float, float]] = {"break": (-3.0, -3.0), "build": (-5.0, -2.0)}
"""Level of all parts at the beginning and the end of a section by its kind, against the other sections. After the bus,
which evens out a third to two thirds of it, a drop is 1 to 3 dB above its build, as dance records are cut."""
EDGE_S = 0.03
"""A fader moves this fast from section to section: no click, and the drop's first stroke is already whole."""


def riding_gain(markers: Sequence[tuple[float, str]], num_frames: int) -> Wave | None:
    """Linear gains, float32 [num_frames], for a form's (seconds, kind); None where nothing is to be moved."""
    if not any(kind in RIDE_DB for _, kind in markers):
        return None
    points: list[tuple[float, float]] = []
    ends_s = [start_s for start_s, _ in markers[1:]] + [num_frames / SAMPLE_RATE_HZ]
    for (start_s, kind), end_s in zip(markers, ends_s, strict=True):
        if end_s - start_s > 2 * EDGE_S:
            first_db, last_db = RIDE_DB.get(kind, (0.0, 0.0))
            points += [(start_s, first_db), (end_s - EDGE_S, last_db)]
    return _curve(points, num_frames)


def _curve(points: Sequence[tuple[float, float]], num_frames: int) -> Wave:
    """The gains along (seconds, dB), worked out only where something moves: of five minutes mostly a small part."""
    times_s, levels_db = zip(*points, strict=True)
    gains = np.ones(num_frames, np.float32)
    edges = [0, *(min(math.ceil(time_s * SAMPLE_RATE_HZ), num_frames) for time_s in times_s), num_frames]
    held_db = [levels_db[0], *levels_db, levels_db[-1]]
    for (first, end), levels in zip(pairwise(edges), pairwise(held_db), strict=True):
        if any(levels):
            frames = np.arange(first, end, dtype=np.float32)
            gains[first:end] = 10 ** (np.interp(frames / SAMPLE_RATE_HZ, times_s, levels_db) / 20)
    return gains
