"""Finishing by what a take is: a loop as it repeats, an extended clip without touching what was the clip's own.

The rule for an extended clip: its original part is changed by one constant gain, which the recipe states. The limiter
works on the new part alone; since the join may stand out after it, it is softened last. Only where the clip's own
peaks leave no way to within KEPT_TOLERANCE_LU of the target (a raw recording with high peaks), the limiter holds back
these peaks too, and nothing else of the clip: then the recipe says by how much at most, and a sentence tells the user.
Where not even that makes it as loud, because of rumble that nobody hears, the rumble goes, and a sentence says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from generation.audio.finish import CEILING_DBFS, TARGET_LUFS, finish
from generation.audio.levels import loudness, true_peak
from generation.audio.limiter import CELL_FRAMES, LOOK_AHEAD_S, Limiter
from generation.audio.rumble import LOWEST_HZ, without_rumble
from generation.audio.soften import CODEC_MARGIN, softened
from generation.clip import Clip, Samples

KEPT_TOLERANCE_LU = 0.9
"""What a take with an untouched original part may miss the target by; within the 1 LU that every take keeps."""

MAX_GAIN_DB = 40.0
ROUNDS = 4
CLOSE_LU = 0.1

RUMBLE = "Your clip has rumble below 20 Hz: I took it out, so that it plays as loud as others."

LOOP_CONTEXT_S = 1.0
"""The limiter's gain comes back by 30 dB a second: what was more than this before does not matter any more."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished take, what was done to it for the recipe, and sentences for the user."""

    clip: Clip
    details: dict[str, float]
    remarks: tuple[str, ...] = ()


def finish_take(
    clip: Clip,
    target_lufs: float = TARGET_LUFS,
    ceiling_dbfs: float = CEILING_DBFS,
    *,
    kept_s: float = 0.0,
    joined_s: float = 0.0,
    repeats: bool = False,
) -> Finished:
    """See `generation.audio.finish.finish`; `kept_s` and `repeats` as in `generation.engines.base.Done`, `joined_s`
    the last of its `joins_s`: between the two nothing stands out."""
    if repeats:
        return Finished(finish_loop(clip, target_lufs, ceiling_dbfs), {})
    kept = round(kept_s * clip.sample_rate_hz)
    if kept <= 0:
        return Finished(finish(clip, target_lufs, ceiling_dbfs), {})
    finished = _finish_kept(clip, min(kept, clip.num_frames), target_lufs, ceiling_dbfs)
    return replace(finished, clip=softened(finished.clip, kept_s, max(joined_s, kept_s), CODEC_MARGIN))


def finish_loop(clip: Clip, target_lufs: float, ceiling_dbfs: float) -> Clip:
    """The loop finished as it is heard, after and before itself, so that the limiter's gain meets at the seam too."""
    context = round(LOOP_CONTEXT_S * clip.sample_rate_hz)
    num_copies = -(-context // clip.num_frames)
    lead = np.tile(clip.samples, num_copies)[:, -context:]
    tail = np.tile(clip.samples, num_copies)[:, :context]
    around = Clip(np.concatenate((lead, clip.samples, tail), axis=1), clip.sample_rate_hz)
    whole = finish(around, target_lufs, ceiling_dbfs).samples[:, context : context + clip.num_frames].copy()
    peak = true_peak(whole, clip.sample_rate_hz)
    ceiling = 10 ** (ceiling_dbfs / 20)
    return Clip(whole * np.float32(ceiling / peak) if peak > ceiling else whole, clip.sample_rate_hz)


def _finish_kept(clip: Clip, kept: int, target_lufs: float, ceiling_dbfs: float, *, is_clear: bool = False) -> Finished:
    """`is_clear`: its rumble was taken out already."""
    rate_hz, ceiling = clip.sample_rate_hz, 10 ** (ceiling_dbfs / 20)
    heard_lufs = loudness(clip.samples, rate_hz)
    if heard_lufs is None:
        return Finished(finish(clip, target_lufs, ceiling_dbfs, keeps_rumble=True), {})
    peak = true_peak(clip.samples[:, :kept], rate_hz)
    room_db = min(20 * np.log10(ceiling / peak) if peak > 0 else MAX_GAIN_DB, MAX_GAIN_DB)
    if target_lufs - (heard_lufs + room_db) > KEPT_TOLERANCE_LU:
        return _held_back(clip, kept, target_lufs, ceiling_dbfs, is_clear)
    limiter, out = Limiter(clip.samples, rate_hz, ceiling), clip.samples
    gain_db, out_lufs = min(target_lufs - heard_lufs, room_db), heard_lufs
    for _ in range(ROUNDS):
        out = _limited_after(limiter, clip.samples, kept, gain_db, rate_hz)
        out_lufs = loudness(out, rate_hz) or target_lufs
        missing_lu = target_lufs - out_lufs
        if abs(missing_lu) <= CLOSE_LU or (missing_lu > 0 and gain_db >= room_db):
            break
        gain_db = min(gain_db + missing_lu, room_db)
    settled = limiter.settle(out)
    settled_db = 20 * float(np.log10(np.abs(settled).max() / np.abs(out).max()))
    if target_lufs - (out_lufs + settled_db) > KEPT_TOLERANCE_LU:
        return _held_back(clip, kept, target_lufs, ceiling_dbfs, is_clear)
    gain = float(settled[:, :kept].ravel()[np.abs(clip.samples[:, :kept]).argmax()]) / _loudest(clip.samples[:, :kept])
    return Finished(Clip(settled, rate_hz), {"original_gain_db": round(20 * float(np.log10(gain)), 4)})


def _limited_after(limiter: Limiter, samples: Samples, kept: int, gain_db: float, rate_hz: int) -> Samples:
    """The samples at a gain, limited from frame `kept` on; the limiter's curve begins at 0 dB there."""
    gain = np.float32(10 ** (gain_db / 20))
    if not limiter.acts(gain_db):
        return samples * gain
    cells = limiter.reduction_db(gain_db)
    centres = np.arange(cells.size) * CELL_FRAMES + (CELL_FRAMES - 1) / 2
    frames = np.arange(kept, samples.shape[1])
    begin = np.clip((frames - kept) / (LOOK_AHEAD_S * rate_hz), 0, 1)
    curve = np.ones(samples.shape[1], np.float32)
    curve[kept:] = 10 ** (-np.interp(frames, centres, cells) * begin / 20)
    return samples * (gain * curve)


def _held_back(clip: Clip, kept: int, target_lufs: float, ceiling_dbfs: float, is_clear: bool) -> Finished:
    """The plain finishing, and what it did to the original part, in words and numbers; the rumble of a clip that would
    stay too soft goes out first."""
    finished = finish(clip, target_lufs, ceiling_dbfs, keeps_rumble=True)
    heard_lufs = loudness(finished.samples, clip.sample_rate_hz)
    if not is_clear and heard_lufs is not None and target_lufs - heard_lufs > KEPT_TOLERANCE_LU:
        clear = Clip(without_rumble(clip.samples, clip.sample_rate_hz), clip.sample_rate_hz)
        if clear.samples is not clip.samples:
            louder = _finish_kept(clear, kept, target_lufs, ceiling_dbfs, is_clear=True)
            details = {**louder.details, "original_cleared_below_hz": LOWEST_HZ}
            return Finished(louder.clip, details, (RUMBLE, *louder.remarks))
    before, after = clip.samples[:, :kept], finished.samples[:, :kept]
    loud = np.abs(before) > 0.01 * np.abs(before).max()
    gains_db = 20 * np.log10(np.maximum(np.abs(after[loud]), 1e-9) / np.abs(before[loud]))
    gain_db, most_db = float(gains_db.max()), float(gains_db.max() - gains_db.min())
    details = {"original_gain_db": round(gain_db, 4), "original_peaks_held_back_db": round(most_db, 2)}
    remark = (
        f"Your clip has high peaks: I held them back by up to {most_db:.0f} dB, so that it plays as loud as others."
    )
    return Finished(finished, details, (remark,))


def _loudest(samples: Samples) -> float:
    return float(samples.ravel()[np.abs(samples).argmax()]) or 1.0
