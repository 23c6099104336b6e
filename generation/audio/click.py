"""What is heard of a cut: the steps and level jumps at a moment, and those that the music around it has anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip, Samples

LEVEL_WINDOW_S = 0.01
FLOOR = 10 ** (-60 / 20)
"""Levels below -60 dBFS count as equal: a fade into silence is no jump."""

HOP_S = 0.001
"""Levels of 10 ms are compared at every millisecond, so that no attack escapes between two windows."""

NEAR_S = 0.01
AROUND_S = 1.0
_LEAST_STEP = 1e-9


@dataclass(frozen=True, slots=True)
class Roughness:
    """`step`: the largest difference of neighbouring samples (full scale is 1); `jump_db`: the largest difference of
    level between 10 ms and the next 10 ms."""

    step: float
    jump_db: float

    def or_more(self, other: Roughness) -> Roughness:
        """The greater of each."""
        return Roughness(max(self.step, other.step), max(self.jump_db, other.jump_db))

    def exceeds(self, usual: Roughness, step_factor: float = 1.0, margin_db: float = 0.0) -> bool:
        """Whether this stands out from what is usual, by more than a factor of the step or some dB of the jump."""
        return self.step > usual.step * step_factor or self.jump_db > usual.jump_db + margin_db

    def over_db(self, usual: Roughness) -> float:
        """By how many dB this stands out from what is usual, by its step or its jump; 0 or less: it does not."""
        steps_db = 20 * np.log10(max(self.step, _LEAST_STEP) / max(usual.step, _LEAST_STEP))
        return float(max(self.jump_db - usual.jump_db, steps_db))


def at(clip: Clip, time_s: float, until_s: float | None = None) -> Roughness:
    """How rough the clip is within 10 ms of a moment, or of a stretch of time."""
    until_s = time_s if until_s is None else until_s
    reach_s = NEAR_S + LEVEL_WINDOW_S
    return roughness(_part(clip, time_s - reach_s, until_s + reach_s), clip.sample_rate_hz)


def around(clip: Clip, time_s: float, until_s: float | None = None, reach_s: float = AROUND_S) -> Roughness:
    """How rough the clip is within a second of a moment (or a stretch), the 10 ms next to it left out."""
    until_s = time_s if until_s is None else until_s
    before = _part(clip, time_s - reach_s, time_s - NEAR_S)
    after = _part(clip, until_s + NEAR_S, until_s + reach_s)
    return roughness(before, clip.sample_rate_hz).or_more(roughness(after, clip.sample_rate_hz))


def deepest_fall_db(clip: Clip, time_s: float, until_s: float) -> float:
    """By how many dB the level falls at most from 10 ms to the next within a stretch of time; 0: it never does."""
    reach_s = NEAR_S + LEVEL_WINDOW_S
    part = _part(clip, time_s - reach_s, until_s + reach_s)
    return float(-level_jumps_db(part, *_grid(clip.sample_rate_hz)).min(initial=0.0))


def at_seam(loop: Clip) -> Roughness:
    """How rough the moment is at which a loop begins again."""
    return at(twice(loop), loop.duration_s)


def twice(loop: Clip) -> Clip:
    """A loop as it is heard: its last and its first two seconds (or all of it), end before beginning."""
    reach = min(2 * loop.sample_rate_hz, loop.num_frames)
    if reach < loop.num_frames:
        return Clip(np.concatenate((loop.samples, loop.samples[:, :reach]), axis=1), loop.sample_rate_hz)
    return Clip(np.concatenate((loop.samples, loop.samples), axis=1), loop.sample_rate_hz)


def roughness(samples: Samples, sample_rate_hz: int) -> Roughness:
    """The roughness of float32 [channels, frames]."""
    if samples.shape[1] < 2:
        return Roughness(0.0, 0.0)
    step = float(np.abs(np.diff(samples, axis=1)).max())
    return Roughness(step, float(np.abs(level_jumps_db(samples, *_grid(sample_rate_hz))).max(initial=0.0)))


def level_jumps_db(samples: Samples, window: int, hop: int) -> NDArray[np.float64]:
    """The change of level from each `window` frames to the next, at every `hop` frames; float32 [channels, frames]."""
    sums = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64).mean(axis=0))))
    starts = np.arange(0, sums.size - 2 * window, hop)
    middle = sums[starts + window]
    power = np.maximum(np.stack((middle - sums[starts], sums[starts + 2 * window] - middle)) / window, FLOOR**2)
    return np.asarray(10 * np.log10(power[1] / power[0]))


def _grid(sample_rate_hz: int) -> tuple[int, int]:
    """LEVEL_WINDOW_S and HOP_S in frames."""
    return max(round(LEVEL_WINDOW_S * sample_rate_hz), 1), max(round(HOP_S * sample_rate_hz), 1)


def _part(clip: Clip, start_s: float, end_s: float) -> Samples:
    rate_hz = clip.sample_rate_hz
    return clip.samples[:, max(round(start_s * rate_hz), 0) : max(round(end_s * rate_hz), 0)]
