"""Tone: one sounding voice, ready to be laid into a buffer; what the sampler and the synthesisers have in common."""

from __future__ import annotations

import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_kept import PIECE_FRAMES, KeptWave

Wave = NDArray[np.float32]

SAMPLE_RATE_HZ = 44_100
"""The rate of the carried font's samples (289 of 467; only 66 are lower than 30 kHz) and of mp3: nothing is resampled
twice, and the hearing's 22,050 Hz is exactly half."""
SILENT_DB = -72.0
"""Where a decaying sound is cut off: a mix has 12 to 40 dB of other sound between this and the noise floor of its
16-bit file, so nobody hears the end."""
CUT_S = 0.012
"""Fade of a voice that another one of its exclusive class cuts off: short, without a click."""


CURVE_STEP_DB = 6.0
"""Releases of tones that have died away by themselves are shortened in steps of this, to be few."""


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """The first `num_frames` of a wave, mono or stereo (then `pan` is not used), with its attack and decay in it.

    Laid down with `hold` frames, it sounds as it is for that long and then fades by `release_s` (seconds from full
    to -100 dB, linear in dB). A `one_shot` sounds to its own end, however short the note is. `gain` is linear.
    """

    kept: KeptWave
    num_frames: int
    gain: float
    pan: float = 0.0
    release_s: float = 0.05
    one_shot: bool = False

    @property
    def wave(self) -> Wave:
        """float32 [sides, num_frames], before gain and release."""
        return np.stack([self.kept.frames(side, 0, self.num_frames) for side in range(self.kept.num_sides)])


def lay(out: Wave, tone: Tone, start: int, hold: int, level: float, cut: int | None = None) -> None:
    """Adds a tone to `out` (float32 [1 or 2, frames]) from frame `start`, held for `hold` frames, times `level`.

    `cut` is the frame where a voice of the same exclusive class starts and this one ends. A release ends where the tone
    has come down by `SILENT_DB`, by itself and by its release together.
    """
    release_s, fallen_db = tone.release_s, 0.0
    if tone.one_shot:
        hold = tone.num_frames
    if cut is not None and cut - start < hold:
        hold, release_s = cut - start, CUT_S * 100 / -SILENT_DB
    elif hold < tone.num_frames:
        fallen_db = max(tone.kept.fallen_db(hold) // -CURVE_STEP_DB * -CURVE_STEP_DB, SILENT_DB + CURVE_STEP_DB)
    room = min(tone.num_frames, out.shape[1] - start)
    hold = min(max(hold, 1), room)
    fade = release_curve(release_s, SILENT_DB - fallen_db)[: room - hold]
    for first in range(0, hold + len(fade), PIECE_FRAMES):
        last = min(first + PIECE_FRAMES, hold + len(fade))
        for side, rows in enumerate(_shares(tone.kept.num_sides, len(out), tone.pan)):
            piece = tone.kept.frames(side, first, last, tone.gain * level * rows[0][1])
            if last > hold:
                piece[max(hold - first, 0) :] *= fade[max(first - hold, 0) : last - hold]
            for number, (row, share) in enumerate(rows):
                if number and share != rows[0][1]:
                    piece *= np.float32(share / rows[0][1])
                target = out[row, start + first : start + last]
                target += piece


@lru_cache(maxsize=256)
def _shares(num_sides: int, num_rows: int, pan: float) -> tuple[tuple[tuple[int, float], ...], ...]:
    """(row of the buffer, share of it) for each side of a wave."""
    if num_rows == 1:
        return (((0, 1 / num_sides),),) * num_sides
    if num_sides == 2:
        return ((0, 1.0),), ((1, 1.0),)
    return (tuple(enumerate(pan_gains(pan) if pan else (1.0, 1.0))),)


@lru_cache(maxsize=256)
def pan_gains(pan: float) -> tuple[float, float]:
    """Equal-power panning: gains of left and right for `pan` -1..1, each 1 in the middle (so mono stays at its level
    when both sides are equal) and up to +3 dB at a side."""
    angle = (min(max(pan, -1.0), 1.0) + 1) * np.pi / 4
    return float(np.cos(angle) * np.sqrt(2)), float(np.sin(angle) * np.sqrt(2))


@lru_cache(maxsize=96)
def release_curve(release_s: float, end_db: float = SILENT_DB) -> Wave:
    """From 1 to `end_db`, linear in dB: 100 dB in `release_s` seconds (SoundFont 2.04, 8.1.2, generator 38)."""
    num_frames = max(round(release_s * SAMPLE_RATE_HZ * end_db / -100), 2)
    curve = np.power(10, np.linspace(0, end_db / 20, num_frames)).astype(np.float32)
    tail = min(64, num_frames)
    curve[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    curve.flags.writeable = False
    return curve


def longer_bucket(num_frames: int) -> int:
    """The next of a few fixed lengths (steps of about 1.4) that is at least `num_frames`: notes of nearly the same
    length share one rendering, and what a note sounds like does not depend on which came first."""
    return _BUCKETS[bisect_left(_BUCKETS, num_frames)]


def _buckets() -> tuple[int, ...]:
    lengths = [SAMPLE_RATE_HZ // 4]
    while lengths[-1] < sys.maxsize:
        lengths.append(lengths[-1] + lengths[-1] * 2 // 5)
    return tuple(lengths)


_BUCKETS = _buckets()
