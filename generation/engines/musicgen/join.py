"""Joining new music to the clip that it continues, without a click, a dip or a bump."""

from __future__ import annotations

import numpy as np

from generation.clip import Clip, Samples

CROSSFADE_S = 0.06


def splice(front: Clip, rest: Clip, overlap_s: float) -> Clip:
    """Put `rest` behind `front`, fading over the end of `front`.

    Args:
        front: what was there; its rate (at least the rest's, at most 48 kHz) and the more channels of both are kept.
        rest: begins `overlap_s` before `front` ends, with its own form of the same music.
        overlap_s: seconds that both have; at most `CROSSFADE_S` of them, the last, are faded.
    """
    rate = min(max(front.sample_rate_hz, rest.sample_rate_hz), 48_000)
    front, rest = front.resampled(rate), rest.resampled(rate)
    if 2 in (front.num_channels, rest.num_channels):
        front, rest = front.to_stereo(), rest.to_stereo()
    overlap = min(round(overlap_s * rate), front.num_frames, rest.num_frames)
    fade = min(round(CROSSFADE_S * rate), overlap)
    new = rest.samples[:, overlap - fade :]
    joined = crossfade(front.samples[:, front.num_frames - fade :], new[:, :fade])
    return Clip(np.concatenate([front.samples[:, : front.num_frames - fade], joined, new[:, fade:]], axis=1), rate)


def crossfade(old: Samples, new: Samples) -> Samples:
    """Fade from one to the other (float32 [channels, samples] each) so that the level holds.

    Weights a and b of two signals of equal level with correlation r give the level sqrt(a² + b² + 2rab); dividing by
    it holds the level from equal signals (r = 1, a linear fade) to unrelated ones (r = 0, equal power).
    """
    if old.shape[1] == 0:
        return old
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, old.shape[1], dtype=np.float32))
    power = float(np.sqrt((old**2).sum() * (new**2).sum()))
    correlation = max(float((old * new).sum()) / power, 0.0) if power > 0 else 1.0
    level = np.sqrt(ramp**2 + (1 - ramp) ** 2 + 2 * correlation * ramp * (1 - ramp))
    faded: Samples = (((1 - ramp) * old + ramp * new) / level).astype(np.float32)
    return faded
