"""Bar lines of a clip: from what was heard, carried on to the clip's ends, and moved to just before the attacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.hearing import Hearing

END_REACH_S = 0.05
"""A bar line that lies at most so far behind the clip's end still counts: recordings are stopped on the beat."""

SEEK_BEFORE_S, SEEK_AFTER_S = 0.05, 0.06
"""Heard beats are this exact (50 frames a second, soft attacks late); the attack is looked for around them."""

BEFORE_ATTACK_S = 0.004
"""Cut so much before the steepest rise, so that the whole attack is in."""

RISE_S = 0.004
MIN_RISE_DB = 6.0

Times = NDArray[np.float64]


def bar_lines(hearing: Hearing) -> Times:
    """The downbeats in seconds, carried on by the median bar to both ends of the clip; empty without two downbeats."""
    lines = np.asarray(hearing.downbeats_s, np.float64)
    if not hearing.has_beat or lines.size < 2:
        return np.empty(0)
    bar_s = float(np.median(np.diff(lines)))
    before = np.arange(lines[0] - bar_s, -END_REACH_S, -bar_s)[::-1]
    after = np.arange(lines[-1] + bar_s, hearing.duration_s + END_REACH_S, bar_s)
    return np.asarray(np.maximum(np.concatenate((before, lines, after)), 0.0))


def even_bar_lines(clip: Clip, tempo_bpm: float, beats_per_bar: int) -> Times:
    """Bar lines at a given tempo, from the clip's first sound on."""
    level = np.abs(clip.samples).max(axis=0)
    loud = np.flatnonzero(level > 0.05 * level.max())
    first_s = float(loud[0]) / clip.sample_rate_hz if loud.size else 0.0
    bar_s = 60 / tempo_bpm * beats_per_bar
    return np.arange(first_s, clip.duration_s + END_REACH_S, bar_s)


def before_attack(clip: Clip, time_s: float) -> float:
    """The moment just before the attack that a heard beat means; `time_s` itself where nothing rises near it."""
    rate_hz = clip.sample_rate_hz
    window = max(round(RISE_S * rate_hz), 1)
    first = max(round((time_s - SEEK_BEFORE_S) * rate_hz), 0)
    part = clip.samples[:, first : round((time_s + SEEK_AFTER_S) * rate_hz)]
    num_windows = part.shape[1] // window
    if num_windows < 3:
        return time_s
    cells = part[:, : num_windows * window].reshape(part.shape[0], num_windows, window)
    level_db = 10 * np.log10(np.square(cells, dtype=np.float64).mean(axis=(0, 2)) + 1e-8)
    rises = np.diff(level_db)
    steepest = int(rises.argmax())
    if rises[steepest] < MIN_RISE_DB:
        return time_s
    return max((first + (steepest + 1) * window) / rate_hz - BEFORE_ATTACK_S, 0.0)
