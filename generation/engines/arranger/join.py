"""Joining band and clip: going on from a clip on its beat, and a backing mixed under it."""

from __future__ import annotations

import numpy as np

from generation.clip import Clip, Samples

MIN_KEPT_RATE_HZ = 32_000
"""Clips of a lower rate are brought to the band's: the band would sound dull at theirs."""
BACKING_BELOW_CLIP_DB = 3.0
"""How much quieter than the clip the backing is, so that the clip stays on top and recognisable."""
QUIET_CLIP_RMS = 10 ** (-60 / 20)
BLOCK_S = 0.4
"""Length of the blocks over which loudness is compared (as in ITU-R BS.1770-4)."""
MAX_GAIN = 10 ** (18 / 20)


def extend(clip: Clip, new: Clip, join_s: float, lead_s: float) -> Clip:
    """The clip up to `join_s`, then the new part, whose first beat lies `lead_s` after its start.

    Both overlap for the lead before the join, with an equal-power crossfade; before it the clip's samples are the
    original ones (at the clip's own rate if that is 32 kHz or more). The new part is brought to the loudness of the
    clip's last seconds.
    """
    original = (clip if clip.sample_rate_hz >= MIN_KEPT_RATE_HZ else clip.resampled(new.sample_rate_hz)).to_stereo()
    rate = original.sample_rate_hz
    fresh = new.resampled(rate).to_stereo()
    start, fade = round((join_s - lead_s) * rate), round(lead_s * rate)
    start = min(max(start, 0), original.num_frames)
    fade = min(fade, original.num_frames - start, fresh.num_frames)
    level = _level_match(original.cut(max(0.0, join_s - 8.0), max(join_s, 0.1)).samples, fresh.samples, rate)
    out = np.concatenate([original.samples[:, :start], fresh.samples * np.float32(level)], axis=1)
    if fade > 0:
        angle = (np.arange(fade, dtype=np.float32) + 0.5) / fade * np.float32(np.pi / 2)
        out[:, start : start + fade] *= np.sin(angle)
        out[:, start : start + fade] += original.samples[:, start : start + fade] * np.cos(angle)
    return Clip(np.ascontiguousarray(out, dtype=np.float32), rate)


def accompany(clip: Clip, backing: Clip) -> tuple[Clip, Clip]:
    """(the clip with the backing under it, the backing alone as it is in the mix), both at the backing's rate."""
    top = clip.resampled(backing.sample_rate_hz).to_stereo()
    frames = backing.num_frames
    front = np.zeros((2, frames), dtype=np.float32)
    used = min(frames, top.num_frames)
    front[:, :used] = top.samples[:, :used]
    level = _level_match(front, backing.samples, backing.sample_rate_hz) * 10 ** (-BACKING_BELOW_CLIP_DB / 20)
    under = backing.samples * np.float32(level)
    mixed = front + under
    peak = float(np.abs(mixed).max())
    scale = np.float32(min(1.0, 0.98 / peak)) if peak > 0 else np.float32(1.0)
    return Clip(mixed * scale, backing.sample_rate_hz), Clip(under * scale, backing.sample_rate_hz)


def _level_match(reference: Samples, samples: Samples, sample_rate_hz: int) -> float:
    """The gain that brings `samples` to the loudness of `reference`; 1 when the reference is silent."""
    wanted, have = _loud_rms(reference, sample_rate_hz), _loud_rms(samples, sample_rate_hz)
    if wanted < QUIET_CLIP_RMS or have < QUIET_CLIP_RMS:
        return 1.0
    peak = float(np.abs(samples).max())
    return min(wanted / have, MAX_GAIN, max(1.0 / peak, 0.05))


def _loud_rms(samples: Samples, sample_rate_hz: int) -> float:
    """The root mean square over the louder half of the blocks: pauses do not count."""
    block = max(1, min(round(BLOCK_S * sample_rate_hz), samples.shape[1]))
    count = max(1, samples.shape[1] // block)
    power = np.square(samples[:, : count * block], dtype=np.float64).mean(axis=0)
    blocks = np.sort(power[: count * block].reshape(count, -1).mean(axis=1))
    return float(np.sqrt(blocks[len(blocks) // 2 :].mean()))
