"""Accompanying: a backing, played on the clip's own beats, is mixed under it and kept as a stem."""

from __future__ import annotations

import numpy as np

from generation.audio.levels import block_loudness
from generation.audio.mixdown import faded
from generation.audio.splice import MAX_LEVEL_DB
from generation.clip import Clip, Samples

BELOW_CLIP_DB = 3.0
"""How much softer than the clip the backing is, so that the clip stays on top and recognisable."""

AUDIBLE_LUFS = -60.0
EDGE_S = 0.01


def lay_under(clip: Clip, backing: Clip, duration_s: float | None = None) -> tuple[Clip, Clip]:
    """(the clip with the backing under it, the backing alone as it is in the mix), both stereo at the backing's rate
    and in -1..1: where the sum would pass full scale, both are turned down by one gain.

    `duration_s`: how long both are; None: as long as the longer.
    """
    rate_hz = backing.sample_rate_hz
    top, under = clip.resampled(rate_hz).to_stereo().samples, backing.to_stereo().samples
    num_frames = max(top.shape[1], under.shape[1]) if duration_s is None else max(round(duration_s * rate_hz), 1)
    top, under = _of_length(top, num_frames, rate_hz), _of_length(under, num_frames, rate_hz)
    wanted, there = _loud_moments_lufs(top, rate_hz), _loud_moments_lufs(under, rate_hz)
    if wanted is not None and there is not None:
        gain_db = float(np.clip(wanted - BELOW_CLIP_DB - there, -MAX_LEVEL_DB, MAX_LEVEL_DB))
        under = under * np.float32(10 ** (gain_db / 20))
    mix = top + under
    highest = max(float(np.abs(mix).max()), float(np.abs(under).max()))
    if highest > 1.0:
        mix, under = mix / np.float32(highest), under / np.float32(highest)
    return Clip(mix, rate_hz), Clip(under, rate_hz)


def _of_length(samples: Samples, num_frames: int, rate_hz: int) -> Samples:
    if samples.shape[1] >= num_frames:
        cut = samples[:, :num_frames]
        return faded(cut, rate_hz, 0.0, EDGE_S) if samples.shape[1] > num_frames else cut
    return np.pad(samples, ((0, 0), (0, num_frames - samples.shape[1])))


def _loud_moments_lufs(samples: Samples, rate_hz: int) -> float | None:
    """The mean loudness of the louder half of the 0.4 s blocks, so that pauses don't count; None when all is silent."""
    blocks = np.sort(block_loudness(samples, rate_hz))
    loud = blocks[len(blocks) // 2 :]
    heard = loud[loud >= AUDIBLE_LUFS]
    return float(10 * np.log10(np.mean(10 ** (heard / 10)))) if heard.size else None
