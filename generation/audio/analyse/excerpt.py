"""The part of a long clip that is listened to."""

from __future__ import annotations

import numpy as np

from generation.clip import Clip

LONGEST_S = 90.0
PART_S = 60.0
STEP_S = 0.5
QUIET_DB = 12.0


def best_part(clip: Clip) -> tuple[float, float]:
    """Start and end in seconds of what is analysed: the clip up to 90 s, or else its fullest 60 s.

    Fullest: the part with the least time more than 12 dB below the clip's loud moments (95th percentile), and of equal
    ones the loudest.
    """
    if clip.duration_s <= LONGEST_S:
        return 0.0, clip.duration_s
    step = round(STEP_S * clip.sample_rate_hz)
    num_steps = clip.num_frames // step
    power = np.zeros(num_steps)
    for channel in clip.samples:
        power += np.square(channel[: num_steps * step]).reshape(num_steps, step).mean(axis=1, dtype=np.float64)
    level_db = 10 * np.log10(power + 1e-12)
    floor_db = np.percentile(level_db, 95) - QUIET_DB
    worth = (level_db > floor_db) + 0.01 * np.clip((level_db - floor_db) / QUIET_DB, 0, 2)
    length = round(PART_S / STEP_S)
    sums = np.convolve(worth, np.ones(length), mode="valid")
    start_s = float(sums.argmax()) * STEP_S
    return start_s, start_s + PART_S
