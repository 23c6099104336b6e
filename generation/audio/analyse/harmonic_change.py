"""When the harmony changes: the difference between what sounds just before and just after each moment."""

from __future__ import annotations

import numpy as np

from generation.audio.analyse.beats import FRAMES_PER_S
from generation.audio.analyse.chord_model import BASS_BELOW_PITCH, MAX_PRESENCE, Float
from generation.audio.analyse.notes import LOWEST_PITCH, NotePosteriors, pitch_class_rows

WINDOW_S = 0.5
FULL_CHANGE_PERCENTILE = 97
EPSILON = 1e-3


def harmonic_change(notes: NotePosteriors, num_frames: int) -> Float:
    """0 (the same notes) .. 1.2 (as different as the clip's greatest changes): float64 [frames], 50 frames a second.

    One minus the cosine between the mean pitch classes (all notes, and the bass on its own) of the half seconds before
    and after; moments next to silence count less.
    """
    low = notes.sounding.copy()
    low[:, BASS_BELOW_PITCH - LOWEST_PITCH :] = 0
    rows = np.hstack([np.minimum(pitch_class_rows(notes.sounding), MAX_PRESENCE), np.minimum(pitch_class_rows(low), 1)])
    sums = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    centre = np.arange(num_frames) / FRAMES_PER_S * notes.frames_per_s
    reach = WINDOW_S * notes.frames_per_s
    before, after = _mean(sums, centre - reach, centre), _mean(sums, centre, centre + reach)
    before_norm, after_norm = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    change = 1 - (before * after).sum(axis=1) / (before_norm * after_norm + EPSILON)
    usual = float(np.median(np.concatenate([before_norm, after_norm]))) + EPSILON
    change *= np.sqrt(np.clip(np.minimum(before_norm, after_norm) / usual, 0, 1))
    edge = round(WINDOW_S * FRAMES_PER_S / 2)
    change[:edge], change[-edge:] = 0, 0
    out: Float = np.clip(change / (np.percentile(change, FULL_CHANGE_PERCENTILE) + EPSILON), 0, 1.2)
    return out


def _mean(sums: Float, starts: Float, ends: Float) -> Float:
    """Means of rows between fractional frames, from their running sums."""
    first = np.clip(np.round(starts).astype(int), 0, len(sums) - 1)
    last = np.clip(np.round(ends).astype(int), 0, len(sums) - 1)
    out: Float = (sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None]
    return out
