"""A join in a take: what stands out there is turned down until it is no rougher than the music around it.

level   ___________|‾‾‾‾‾‾      a jump at the join, larger than any within a second of it
gain    ‾‾‾‾‾‾‾‾‾‾‾|__/‾‾‾      turned down from there on by what it is too much, and back no faster than is usual
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio.click import AROUND_S, FLOOR, LEVEL_WINDOW_S, NEAR_S, level_jumps_db
from generation.clip import Clip, Samples

PHASES = 4
"""Levels are compared four times a millisecond. Whoever measures once a millisecond does so on one of four grids: so a
jump counts as the worst of them shows it, and what is usual around it as all of them do."""

LEAST_JUMP_DB, MOST_JUMP_DB = 1.0, 24.0
"""Where nothing around moves at all (a held tone), a rise by 1 dB every 10 ms is a fade and no jump. Jumps out of
silence are as large as the silence is deep, and lossy formats fill silence before an attack: no jump needs to be larger
than 24 dB."""

RELEASE_SHARE = 0.7
"""The gain comes back by this share of the usual jump every 10 ms: the music has rises of its own on top."""

UNSURE_S = 0.1
"""Where a join begins and ends is told in different ways (the last of the clip's own samples, its end, the first beat
of the new part): what is usual around it is what all of them would find."""

ONSET_S = 0.0005
MAX_DIP_DB, MAX_LIFT_DB = 60.0, 6.0
ROUNDS = 40
EXACT_DB = 0.05
"""What stands out by next to nothing is brought so far below what is usual."""
NOTHING_DB = EXACT_DB + 0.001

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Margin:
    """How far below what is usual around it the join has to stay, in dB: its jumps of level and its steps."""

    jump_db: float = 0.0
    step_db: float = 0.0


CODEC_MARGIN = Margin(1.0, 2.0)
"""MP3 at 192 kbit/s moves jumps against those around them by up to 0.5 dB and steps by up to 1.4 dB in music, a burst
of white noise over held chords by 5 dB (measured on the joins of tests/support/hard_joins.py): such a burst alone may
stand out in the MP3."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The moments of a join in frames of an excerpt: up to `kept` it can't be changed, from `until` on all is new."""

    kept: int
    until: int
    rate_hz: int
    margin: Margin

    @property
    def near(self) -> int:
        return round(NEAR_S * self.rate_hz)

    @property
    def window(self) -> int:
        return round(LEVEL_WINDOW_S * self.rate_hz)

    @property
    def hop(self) -> int:
        return max(round(0.001 * self.rate_hz / PHASES), 1)

    def jumps_db(self, samples: Samples) -> Curve:
        """The change of level from 10 ms to the next 10 ms, from the first frame on four times a millisecond."""
        return level_jumps_db(samples, self.window, self.hop)

    def sides(self, samples: Samples) -> tuple[Samples, Samples]:
        """What surely lies within the second before and the second after the join."""
        around = round((AROUND_S - UNSURE_S) * self.rate_hz)
        before = samples[:, max(self.kept - around, 0) : max(self.kept - self.near, 0)]
        return before, samples[:, self.until + self.near : self.until + around]


def softened(clip: Clip, kept_s: float, until_s: float, margin: Margin = Margin()) -> Clip:
    """The clip without rises, falls and steps between two moments that stand out from the second before and after.

    Up to `kept_s` the samples stay as they are; after `until_s` they change only while the gain still comes back. Falls
    are filled by MAX_LIFT_DB at most, and never above the peaks around them.
    """
    rate_hz, num_frames = clip.sample_rate_hz, clip.num_frames
    kept, until = (min(max(round(time_s * rate_hz), 0), num_frames) for time_s in (kept_s, until_s))
    around = round(AROUND_S * rate_hz)
    first = max(kept - around, 0)
    excerpt = clip.samples[:, first : until + 2 * around]
    stretch = _Stretch(kept - first, max(until, kept) - first, rate_hz, margin)
    made = _evened(excerpt, stretch) if kept < num_frames else excerpt
    if made is excerpt:
        return clip
    parts = (clip.samples[:, :first], made, clip.samples[:, first + made.shape[1] :])
    return Clip(np.concatenate(parts, axis=1), rate_hz)


def _evened(excerpt: Samples, stretch: _Stretch) -> Samples:
    """The excerpt, round by round with the worst of what stands out turned down or, a fall, up; itself if nothing."""
    gain_db: Curve = np.zeros(excerpt.shape[1] - stretch.kept)
    made = excerpt
    for _ in range(ROUNDS):
        change_db = _next_change_db(made, stretch)
        if change_db is None:
            break
        gain_db = np.clip(gain_db + change_db, -MAX_DIP_DB, MAX_LIFT_DB)
        louder = np.asarray(10 ** (gain_db / 20), np.float32)
        made = np.concatenate((excerpt[:, : stretch.kept], excerpt[:, stretch.kept :] * louder), axis=1)
    return made


def _next_change_db(made: Samples, stretch: _Stretch) -> Curve | None:
    """By how many dB each frame from `kept` on is to be turned up; None when nothing is left to be done."""
    usual_db = _usual_jump_db(made, stretch)
    release_db = max(RELEASE_SHARE * usual_db, LEAST_JUMP_DB) / stretch.window  # a frame
    steps_db = _steps_over_db(made, stretch)
    if steps_db.max(initial=0.0) > NOTHING_DB:
        return -_held_and_released(steps_db, release_db, stretch)
    jumps_db, first = _jumps_of_join(made, stretch, usual_db)
    if not jumps_db.size:
        return None
    for worst, sign in ((int(jumps_db.argmax()), 1), (int(jumps_db.argmin()), -1)):
        over_db = sign * float(jumps_db[worst]) - usual_db + EXACT_DB
        at = max(first + worst * stretch.hop - stretch.kept, 0)
        if over_db > NOTHING_DB and (sign > 0 or _can_be_lifted(made, stretch, at, over_db)):
            needed_db = np.zeros(made.shape[1] - stretch.kept)
            needed_db[at : at + stretch.window] = over_db
            return -sign * _held_and_released(needed_db, release_db, stretch)
    return None


def _held_and_released(needed_db: Curve, release_db: float, stretch: _Stretch) -> Curve:
    """A smooth curve that is nowhere below what is needed: within ONSET_S it is there, by `release_db` a frame it goes
    back. At the first frame it is 0, so that nothing breaks where the kept part ends."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    fall_db = np.arange(needed_db.size) * release_db
    released_db = np.maximum.accumulate(needed_db + fall_db) - fall_db
    onset = max(round(ONSET_S * stretch.rate_hz), 1)
    ahead_db = maximum_filter1d(np.maximum(released_db, 0.0), 2 * onset + 1, mode="nearest")
    smooth_db = uniform_filter1d(ahead_db, 2 * onset + 1, mode="nearest")
    begin = np.minimum(np.arange(needed_db.size) / (2 * onset), 1.0)
    return np.asarray(smooth_db * begin)


def _usual_jump_db(samples: Samples, stretch: _Stretch) -> float:
    """The largest rise or fall around the join that every one of the four grids shows, less the margin."""
    sides = [np.abs(stretch.jumps_db(side)) for side in stretch.sides(samples)]
    common = max(min(float(side[phase::PHASES].max(initial=0.0)) for phase in range(PHASES)) for side in sides)
    return min(max(common - stretch.margin.jump_db, LEAST_JUMP_DB), MOST_JUMP_DB)


def _jumps_of_join(samples: Samples, stretch: _Stretch, usual_db: float) -> tuple[Curve, int]:
    """The changes of level at the join, 0 where the kept part alone makes them, and the frame of the first."""
    first = max(stretch.kept - stretch.near - stretch.window, 0)
    part = samples[:, first : stretch.until + stretch.near + stretch.window]
    jumps_db = stretch.jumps_db(part)
    alone = part.copy()
    alone[:, stretch.kept - first :] = 0.0
    own = np.abs(stretch.jumps_db(alone)) >= usual_db
    before = first + stretch.window + np.arange(jumps_db.size) * stretch.hop < stretch.kept
    return np.where(own & before, 0.0, jumps_db), first + stretch.window


def _can_be_lifted(samples: Samples, stretch: _Stretch, at: int, over_db: float) -> bool:
    """Whether the 10 ms from `at` on (frames after `kept`) can be turned up: there is something, with room above it."""
    part = samples[:, stretch.kept + at : stretch.kept + at + 2 * stretch.window]
    peak = float(np.abs(part).max(initial=0.0))
    return peak > FLOOR and peak * 10 ** (over_db / 20) <= float(np.abs(samples).max())


def _steps_over_db(samples: Samples, stretch: _Stretch) -> Curve:
    """By how much each step from `kept` on is larger than is usual, 0 where it is not."""
    over_db = np.zeros(samples.shape[1] - stretch.kept)
    usual = max(float(_steps(side).max(initial=0.0)) for side in stretch.sides(samples))
    steps = _steps(samples[:, max(stretch.kept - 1, 0) : stretch.until + stretch.near])
    if usual > 0:
        allowed = max(usual, FLOOR / 10) * 10 ** (-(stretch.margin.step_db + EXACT_DB) / 20)
        over_db[: steps.size] = 20 * np.log10(np.maximum(steps / allowed, 1.0))
    return over_db


def _steps(samples: Samples) -> NDArray[np.float32]:
    return np.asarray(np.abs(np.diff(samples, axis=1)).max(axis=0, initial=0.0))
