"""A join in a take: what stands out there is turned down until it is no rougher than the music around it.

level   ___________|‾‾‾‾‾‾      a jump at the join, larger than any within a second of it
gain    ‾‾‾‾‾‾‾‾‾‾‾|__/‾‾‾      turned down from there on by what it is too much, and back no faster than is usual
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio.click import AROUND_S, FLOOR, LEVEL_WINDOW_S, NEAR_S
from generation.clip import Clip, Samples

PHASES = 4
"""Levels are compared four times a millisecond. Whoever measures once a millisecond does so on one of four grids: so a
jump counts as the worst of them shows it, and what is usual around it as all of them do."""

CODEC_MARGIN_DB = 1.0
"""How far a take stays below what is usual, since lossy formats move jumps and steps a little."""

LEAST_JUMP_DB = 1.0
"""Where nothing around moves at all (a held tone), a rise by 1 dB every 10 ms is a fade and no jump."""

RELEASE_SHARE = 0.7
"""The gain comes back by this share of the usual jump every 10 ms: the music has rises of its own on top."""

ONSET_S = 0.0005
MAX_DIP_DB = 60.0
ROUNDS = 40
EXACT_DB = 0.05

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The moments of a join in frames of an excerpt: up to `kept` it can't be changed, from `until` on all is new."""

    kept: int
    until: int
    rate_hz: int
    margin_db: float

    @property
    def near(self) -> int:
        return round(NEAR_S * self.rate_hz)

    @property
    def window(self) -> int:
        return round(LEVEL_WINDOW_S * self.rate_hz)

    @property
    def hop(self) -> int:
        return max(round(0.001 * self.rate_hz / PHASES), 1)

    def sides(self, samples: Samples) -> tuple[Samples, Samples]:
        """The second before and the second after the join."""
        around = round(AROUND_S * self.rate_hz)
        before = samples[:, max(self.kept - around, 0) : max(self.kept - self.near, 0)]
        return before, samples[:, self.until + self.near : self.until + around]


@dataclass(frozen=True, slots=True)
class _Excess:
    """The worst moment: `db` above what is usual (<= 0: nothing stands out), at frame `at`."""

    db: float
    at: int


def softened(clip: Clip, kept_s: float, until_s: float, margin_db: float = 0.0) -> Clip:
    """The clip without rises and steps between two moments that stand out from the second before and after them.

    Up to `kept_s` the samples stay as they are; after `until_s` they change only while the gain still comes back.
    `margin_db`: so much less than what is usual has to be reached.
    """
    rate_hz = clip.sample_rate_hz
    kept, until = (min(max(round(time_s * rate_hz), 0), clip.num_frames) for time_s in (kept_s, until_s))
    if kept >= clip.num_frames:
        return clip
    around = round(AROUND_S * rate_hz)
    first = max(kept - around, 0)
    excerpt = clip.samples[:, first : until + 2 * around]
    stretch = _Stretch(kept - first, max(until, kept) - first, rate_hz, margin_db)
    dip_db: Curve = np.zeros(excerpt.shape[1] - stretch.kept)
    made = excerpt
    for _ in range(ROUNDS):
        usual_db = _usual_jump_db(made, stretch)
        worst = max(_worst_rise(made, stretch, usual_db), _worst_step(made, stretch), key=lambda found: found.db)
        if worst.db <= EXACT_DB:
            break
        _deepen(dip_db, worst.at - stretch.kept, worst.db, usual_db, rate_hz)
        made = np.concatenate((excerpt[:, : stretch.kept], excerpt[:, stretch.kept :] * _gain(dip_db)), axis=1)
    if made is excerpt:
        return clip
    return Clip(
        np.concatenate((clip.samples[:, :first], made, clip.samples[:, first + made.shape[1] :]), axis=1), rate_hz
    )


def _usual_jump_db(samples: Samples, stretch: _Stretch) -> float:
    """The largest rise or fall around the join that every one of the four grids shows, less the margin."""
    sides = [np.abs(_jumps_db(side, stretch)) for side in stretch.sides(samples)]
    common = max(min(float(side[phase::PHASES].max(initial=0.0)) for phase in range(PHASES)) for side in sides)
    return max(common - stretch.margin_db, LEAST_JUMP_DB)


def _worst_rise(samples: Samples, stretch: _Stretch, usual_db: float) -> _Excess:
    """Of the rises that the new part has a share in: what the clip does alone just before it is not ours to change."""
    first = max(stretch.kept - stretch.near - stretch.window, 0)
    part = samples[:, first : stretch.until + stretch.near + stretch.window]
    rises_db = _jumps_db(part, stretch)
    if not rises_db.size:
        return _Excess(-np.inf, stretch.kept)
    alone = part.copy()
    alone[:, stretch.kept - first :] = 0.0
    rises_db[_jumps_db(alone, stretch) >= usual_db] = -np.inf
    worst = int(rises_db.argmax())
    return _Excess(float(rises_db[worst]) - usual_db, first + stretch.window + worst * stretch.hop)


def _worst_step(samples: Samples, stretch: _Stretch) -> _Excess:
    usual = max(_steps(side).max(initial=0.0) for side in stretch.sides(samples))
    first = max(stretch.kept - 1, 0)
    steps = _steps(samples[:, first : stretch.until + stretch.near])
    if not steps.size or usual <= 0:
        return _Excess(-np.inf, stretch.kept)
    worst = int(steps.argmax())
    over_db = 20 * float(np.log10(max(float(steps[worst]), 1e-9) / max(usual, FLOOR / 10)))
    return _Excess(over_db + stretch.margin_db, first + worst)


def _steps(samples: Samples) -> NDArray[np.float32]:
    return np.abs(np.diff(samples, axis=1)).max(axis=0, initial=0.0)


def _jumps_db(samples: Samples, stretch: _Stretch) -> Curve:
    """The change of level from 10 ms to the next 10 ms, from the first frame on four times a millisecond."""
    window = stretch.window
    sums = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64).mean(axis=0))))
    starts = np.arange(0, sums.size - 2 * window, stretch.hop)
    if not starts.size:
        return np.empty(0)
    middle = sums[starts + window]
    power = np.maximum(np.stack((middle - sums[starts], sums[starts + 2 * window] - middle)) / window, FLOOR**2)
    return np.asarray(10 * np.log10(power[1] / power[0]))


def _deepen(dip_db: Curve, at: int, deeper_db: float, usual_db: float, rate_hz: int) -> None:
    """Deepen the curve (dB by which each frame is turned down) from frame `at` on: held for 10 ms, then back."""
    at = min(max(at, 0), dip_db.size - 1)
    depth_db = min(float(dip_db[at]) + deeper_db, MAX_DIP_DB)
    per_frame_db = max(RELEASE_SHARE * usual_db, LEAST_JUMP_DB) / (LEVEL_WINDOW_S * rate_hz)
    begin = max(at - round(ONSET_S * rate_hz), 0)
    onset = np.linspace(0, depth_db, round(ONSET_S * rate_hz), endpoint=False)
    held = np.full(round(LEVEL_WINDOW_S * rate_hz), depth_db)
    back = np.arange(depth_db, 0, -per_frame_db)
    shape = np.concatenate((onset, held, back))[: dip_db.size - begin]
    part = dip_db[begin : begin + shape.size]
    np.maximum(part, shape, out=part)


def _gain(dip_db: Curve) -> Samples:
    return np.asarray(10 ** (-dip_db / 20), np.float32)
