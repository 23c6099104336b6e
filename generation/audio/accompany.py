"""Accompanying: a backing brought to the clip's own beats, mixed under it, and kept as a stem."""

from __future__ import annotations

import math

import numpy as np

from generation.audio.levels import block_loudness
from generation.audio.mixdown import faded
from generation.audio.splice import MAX_LEVEL_DB
from generation.audio.stretch import warped
from generation.clip import Clip, Samples
from generation.hearing import Hearing

BELOW_CLIP_DB = 3.0
"""How much softer than the clip the backing is, so that the clip stays on top and recognisable."""

AUDIBLE_LUFS = -60.0
EDGE_S = 0.01


def lay_under(clip: Clip, backing: Clip, duration_s: float | None = None) -> tuple[Clip, Clip]:
    """(the clip with the backing under it, the backing alone as it is in the mix), both stereo at the backing's rate.

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
    return Clip(top + under, rate_hz), Clip(under, rate_hz)


def aligned(backing: Clip, backing_heard: Hearing, heard: Hearing) -> Clip:
    """A backing with beats of its own (a take) on the clip's, wavering ones too: first downbeat on first downbeat. As
    it is, when either has no beat."""
    if not (backing_heard.has_beat and heard.has_beat and backing_heard.tempo_bpm and heard.tempo_bpm):
        return backing
    octaves = round(math.log2(backing_heard.tempo_bpm / heard.tempo_bpm))
    there, ours = _from_downbeat(backing_heard), _from_downbeat(heard)
    positions = np.arange(len(there)) / 2.0**octaves  # where the backing's beats lie, counted in the clip's
    inside = positions <= len(ours) - 1
    if inside.sum() < 2:
        return backing
    targets_s = np.interp(positions[inside], np.arange(len(ours)), ours)
    placed = warped(backing, np.asarray(there)[inside].tolist(), targets_s.tolist())
    shift = round(placed.start_s * backing.sample_rate_hz)
    samples = placed.clip.samples
    samples = np.pad(samples, ((0, 0), (shift, 0))) if shift >= 0 else samples[:, min(-shift, samples.shape[1] - 1) :]
    return Clip(np.ascontiguousarray(samples), backing.sample_rate_hz)


def _from_downbeat(heard: Hearing) -> tuple[float, ...]:
    """The beats from the first downbeat on, in seconds."""
    first_s = heard.downbeats_s[0] if heard.downbeats_s else heard.beats_s[0]
    return tuple(beat for beat in heard.beats_s if beat >= first_s - 1e-6)


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
