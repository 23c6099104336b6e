"""A pulse from where the notes of a single line begin, for hummed and whistled tunes; and how evenly they begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.audio.analyse.beats import FRAMES_PER_S, Times, decode
from generation.hearing import Note

LOWEST_BPM, HIGHEST_BPM = 60.0, 180.0
MIN_NOTES = 8
SPREAD_FRAMES = 1.5
FULL_ACTIVATION = 0.95
EVENNESS_SHARE = 0.9
"""Hummed lines are even to 0.74 and more (speech to 0.4 and less), and should pass the gate on the beat."""


def line_pulse(line: Sequence[Note], num_frames: int) -> tuple[Times, float] | None:
    """Beats that the notes' beginnings fit best and the confidence 0..1; None for fewer than eight notes.

    Each beginning is a bump of 30 ms in an activation that is decoded like that of the beat nets.
    """
    if len(line) < MIN_NOTES:
        return None
    frames = np.arange(num_frames)
    starts = np.array([note.start_s for note in line]) * FRAMES_PER_S
    bumps = np.exp(-0.5 * ((frames[:, None] - starts[None, :]) / SPREAD_FRAMES) ** 2).max(axis=1)
    times_s = decode(FULL_ACTIVATION * bumps, LOWEST_BPM, HIGHEST_BPM)
    return times_s, EVENNESS_SHARE * evenness(line, times_s)


def evenness(line: Sequence[Note], times_s: Times) -> float:
    """How closely notes begin on halves or, where that is more, on thirds of beats: 1 all on them, 0 anywhere.

    This is the mean resultant length of their phases in that part of a beat (Fisher, "Statistical Analysis of Circular
    Data", 1993).
    """
    starts_s = np.array([note.start_s for note in line])
    if times_s.size < 2 or starts_s.size == 0:
        return 0.0
    inside = starts_s[(starts_s >= times_s[0]) & (starts_s <= times_s[-1])]
    if inside.size == 0:
        return 0.0
    position = np.interp(inside, times_s, np.arange(times_s.size))
    return float(max(abs(np.exp(2j * np.pi * parts * position).mean()) for parts in (2, 3)))
