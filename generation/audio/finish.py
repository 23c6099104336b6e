"""Finishing: every take leaves without DC and rumble, at one loudness and under a true-peak ceiling, never clipping."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.audio.levels import Levels, block_loudness, gated_loudness, loudness, measure
from generation.audio.limiter import RELEASE_DB_PER_S, Limiter
from generation.audio.rumble import dc_offsets, without_rumble
from generation.audio.side_by_side import helpers
from generation.clip import Clip, Samples

__all__ = ["Levels", "finish", "measure"]

TARGET_LUFS = -14.0
"""What the large streaming services play at."""

CEILING_DBFS = -1.0
"""Room for the overshoot of lossy codecs (EBU R 128 s2)."""

MAX_GAIN_DB = 40.0
"""More than that would make music of a recording's noise."""

TOLERANCE_LU = 0.1
MAX_ROUNDS = 5
OVERCORRECTION = 1.3
"""The limiter takes away loudness, so the gain is predicted, tried and corrected; music needs one or two rounds.
Where the limiter works hard, a step arrives weakened: hence OVERCORRECTION."""

RELEASES_DB_PER_S = (RELEASE_DB_PER_S, 90.0, 240.0)
SHORT_LU = 0.3
"""Dry drums die away faster than the limiter's gain comes back, so no gain makes them loud: where a take stays more
than SHORT_LU too soft, the gain comes back faster. (Two loops of drums: -15.4 and -18.0 LUFS with the first.)"""


def finish(
    clip: Clip,
    target_lufs: float = TARGET_LUFS,
    ceiling_dbfs: float = CEILING_DBFS,
    *,
    keeps_rumble: bool = False,
) -> Clip:
    """The clip without DC, at `target_lufs` (within 0.3 LU) and with a true peak of at most `ceiling_dbfs`.

    Rumble below 20 Hz that would cost headroom is taken out, unless it `keeps_rumble`: then the clip may stay softer.
    Digital silence stays as it is. No clip is raised by more than MAX_GAIN_DB: near-silence, lone clicks stay softer.
    """
    samples, rate_hz = clip.samples - dc_offsets(clip.samples), clip.sample_rate_hz
    if not keeps_rumble:
        samples = without_rumble(samples, rate_hz)
    measuring = helpers().submit(block_loudness, samples, rate_hz)
    limiter = Limiter(samples, rate_hz, 10 ** (ceiling_dbfs / 20))
    blocks_lufs = measuring.result()
    if gated_loudness(blocks_lufs) is None:
        return Clip(limiter.apply(0.0), rate_hz)  # nothing that could be brought to a loudness
    out = samples
    for release_db_per_s in RELEASES_DB_PER_S:
        limiter.release_db_per_s = release_db_per_s
        out, missing_lu = _brought_to(limiter, blocks_lufs, target_lufs, rate_hz)
        if missing_lu <= SHORT_LU or not limiter.acts(MAX_GAIN_DB):
            break
    return Clip(limiter.settle(out), rate_hz)


def _brought_to(
    limiter: Limiter, blocks_lufs: NDArray[np.float64], target_lufs: float, rate_hz: int
) -> tuple[Samples, float]:
    """The limited samples at the target or as near as they come, and by how many LU they are too soft."""
    aim_lufs = target_lufs
    for _ in range(MAX_ROUNDS):
        gain_db = _find_gain_db(limiter, blocks_lufs, aim_lufs)
        out = limiter.apply(gain_db)
        if not limiter.acts(gain_db):
            return out, target_lufs - (gated_loudness(blocks_lufs + gain_db) or target_lufs)
        missing_lu = target_lufs - (loudness(out, rate_hz) or target_lufs)
        if abs(missing_lu) <= TOLERANCE_LU:
            break
        aim_lufs += missing_lu * OVERCORRECTION
    return out, missing_lu


def _find_gain_db(limiter: Limiter, blocks_lufs: NDArray[np.float64], aim_lufs: float) -> float:
    """The gain at which the limited clip is predicted to have the loudness `aim_lufs`, by bisection."""
    plain_db = aim_lufs - (gated_loudness(blocks_lufs) or aim_lufs)
    if plain_db >= MAX_GAIN_DB or not limiter.acts(plain_db):
        return min(plain_db, MAX_GAIN_DB)
    low_db, high_db = plain_db, MAX_GAIN_DB
    while high_db - low_db > TOLERANCE_LU / 4:
        middle_db = (low_db + high_db) / 2
        heard_lufs = gated_loudness(blocks_lufs + middle_db - limiter.block_reduction_db(middle_db, len(blocks_lufs)))
        if heard_lufs is not None and heard_lufs < aim_lufs:
            low_db = middle_db
        else:
            high_db = middle_db
    return (low_db + high_db) / 2
