"""Joins that can't be heard: where to cut, how to fade, and a measure of the click that is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip, Samples

SEARCH_S = 0.01
"""How far the second clip may be shifted for the waves to meet: too little to be heard as a beat out of time."""

MAX_MATCH_DB = 6.0
"""The second clip is brought to the first one's level by at most this; more is a change of dynamics that was meant."""

MATCH_S = 1.0
"""The levels before and after the join are compared over so much time."""

LEVEL_WINDOW_S = 0.01
AROUND_S = 1.0
NEAR_S = 0.005
"""A click is looked for within NEAR_S of the join and compared with what the clip does AROUND_S to both sides."""

FLOOR = 10 ** (-60 / 20)
"""Levels below -60 dBFS count as equal: a fade into silence is no jump."""


@dataclass(frozen=True, slots=True)
class ClickLevel:
    """How a moment of a clip compares with the second to both sides of it.

    `step` is the largest difference of neighbouring samples (full scale is 1), `jump_db` the largest change of level
    from one 10 ms window to the next; the `usual` ones are the largest of the surroundings.
    """

    step: float
    usual_step: float
    jump_db: float
    usual_jump_db: float

    @property
    def audible(self) -> bool:
        """Whether the moment stands out from its surroundings."""
        return self.step > self.usual_step or self.jump_db > self.usual_jump_db


def crossfade_join(first: Clip, second: Clip, overlap_s: float, search_s: float = SEARCH_S) -> Clip:
    """`first` going over into `second` within `overlap_s` seconds; it has the first clip's rate and channels.

    Up to the overlap the samples are the first clip's own. The second is brought to the first's level at the join
    (by at most MAX_MATCH_DB) and starts where within its first `search_s` its wave fits the first's end best.

    first   ████████████▓▓▒▒░░
    second          o ░░▒▒▓▓████████     o: what the search left out
    """
    second = _like(second, first)
    rate_hz = first.sample_rate_hz
    overlap = min(max(round(overlap_s * rate_hz), 1), first.num_frames, second.num_frames)
    reach = min(round(search_s * rate_hz), second.num_frames - overlap)
    tail = first.samples[:, first.num_frames - overlap :]
    cut = best_cut(tail, second.samples[:, : overlap + reach])
    rest = second.samples[:, cut:] * np.float32(_match_gain(first, second))
    middle = crossfade(tail, rest[:, :overlap])
    return Clip(np.concatenate((first.samples[:, :-overlap], middle, rest[:, overlap:]), axis=1), rate_hz)


def best_cut(tail: Samples, candidates: Samples) -> int:
    """The frame of `candidates` from which on it is most like `tail`: the highest normalised cross-correlation.

    Both float32 [channels, frames]; the result is 0 .. (frames of candidates - frames of tail).
    """
    from scipy.signal import fftconvolve

    length = tail.shape[1]
    if candidates.shape[1] <= length:
        return 0
    product = fftconvolve(candidates.astype(np.float64), tail[:, ::-1].astype(np.float64), "valid", axes=1).sum(axis=0)
    energy = np.cumsum(np.pad(np.square(candidates.astype(np.float64)).sum(axis=0), (1, 0)))
    energy = np.maximum(energy[length:] - energy[:-length], 1e-12)
    return int(np.argmax(product / np.sqrt(energy)))


def crossfade(tail: Samples, head: Samples) -> Samples:
    """`tail` fading into `head`, both float32 [channels, frames] of equal shape, at constant power.

    cos and sin keep the power of sounds that have nothing in common; where the two are alike (correlation r) they would
    add up to more, so the sum is divided by sqrt(1 + 2 r cos sin), its power.
    """
    angle = (np.arange(tail.shape[1]) + 0.5) / tail.shape[1] * np.pi / 2
    fade_out, fade_in = np.cos(angle), np.sin(angle)
    power = np.sqrt(1 + 2 * max(_correlation(tail, head), 0.0) * fade_out * fade_in)
    return np.asarray((tail * fade_out + head * fade_in) / power, np.float32)


def click_level(clip: Clip, at_s: float) -> ClickLevel:
    """What is heard of a join at `at_s` seconds, against the second before and after it."""
    rate_hz = clip.sample_rate_hz
    middle = round(at_s * rate_hz)
    steps = np.abs(np.diff(clip.samples, axis=1)).max(axis=0, initial=0.0)
    near, around = _near_and_around(steps, middle, round(NEAR_S * rate_hz), round(AROUND_S * rate_hz))
    window = max(round(LEVEL_WINDOW_S * rate_hz), 1)
    first = middle % window  # so that one window ends at the join
    jumps = np.abs(np.diff(_levels_db(clip.samples[:, first:], window)))
    near_jump, around_jump = _near_and_around(jumps, (middle - first) // window, 1, round(AROUND_S / LEVEL_WINDOW_S))
    return ClickLevel(near, around, near_jump, around_jump)


def loop_click_level(clip: Clip) -> ClickLevel:
    """What is heard of the seam when the clip repeats."""
    twice = Clip(np.concatenate((clip.samples, clip.samples), axis=1), clip.sample_rate_hz)
    return click_level(twice, clip.duration_s)


def _like(clip: Clip, model: Clip) -> Clip:
    clip = clip.resampled(model.sample_rate_hz)
    return clip.to_mono() if model.num_channels == 1 else clip.to_stereo()


def _match_gain(first: Clip, second: Clip) -> float:
    before = _rms(first.cut(first.duration_s - MATCH_S).samples)
    after = _rms(second.cut(0, MATCH_S).samples)
    if min(before, after) < FLOOR:
        return 1.0  # next to silence there is no level to match
    limit = 10 ** (MAX_MATCH_DB / 20)
    return float(np.clip(before / after, 1 / limit, limit))


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


def _correlation(one: Samples, other: Samples) -> float:
    energy = np.sqrt(np.square(one, dtype=np.float64).sum() * np.square(other, dtype=np.float64).sum())
    return float((one.astype(np.float64) * other).sum() / energy) if energy > 0 else 0.0


def _levels_db(samples: Samples, window: int) -> NDArray[np.float64]:
    num_windows = samples.shape[1] // window
    cells = samples[:, : num_windows * window].reshape(samples.shape[0], num_windows, window)
    power = np.square(cells, dtype=np.float64).mean(axis=(0, 2))
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR**2)))


def _near_and_around(values: NDArray[np.floating], middle: int, near: int, around: int) -> tuple[float, float]:
    """The largest value within `near` of `middle`, and the largest of the others within `around`."""
    low, high = max(middle - near, 0), middle + near
    surroundings = np.concatenate((values[max(middle - around, 0) : low], values[high : middle + around]))
    return float(values[low:high].max(initial=0.0)), float(surroundings.max(initial=0.0))
