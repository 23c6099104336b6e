"""A clip as a stretch that repeats packet by packet: what a voice channel plays without an end and without a seam.

    clip (one pass)    |---------------|            its end lies somewhere inside a packet
    four passes        |---------------|---------------|---------------|---------------|
    packets of 20 ms   | | | | | | | | | | | | | | | | | | | | | | | | | | | | | | | | | |  the ends nearly meet

So many passes are taken that their end is nearly the end of a packet; the rest is a change of speed that nobody hears.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np

from generation.clip import Clip, Samples

OPUS_RATE_HZ = 48_000
PACKET_FRAMES = 960
"""20 ms, as Discord wants its Opus packets (Discord, "Voice Connections")."""
LEAD_PACKETS = 4
"""Before the stretch comes so much of its own end: an encoder that has heard it codes the start as it will code it
again later (RFC 7845, 4.6, has a decoder converge within 80 ms)."""
MAX_CHANGE = 3e-4
"""The largest change of speed, half a cent: a change of frequency is first heard at 0.2 % (Fastl and Zwicker,
Psychoacoustics, 7.2)."""
FILTER_FRAMES = 2_400
"""So much more of the neighbouring passes on both sides, for the resampling filter."""


@dataclass(frozen=True, slots=True)
class Endless:
    """`clip`: LEAD_PACKETS packets of lead, then `num_packets` that can be repeated; 48 kHz. One pass of the music has
    `packets_per_pass` packets, not a whole number."""

    clip: Clip
    num_packets: int
    packets_per_pass: float


def endless(clip: Clip) -> Endless:
    """The stretch for a clip of any rate. Half a minute of a long clip is enough, a long clip is one pass."""
    one = clip.resampled(OPUS_RATE_HZ)
    num_passes = _num_passes(one.num_frames)
    num_frames = num_passes * one.num_frames
    whole = _whole(num_frames)
    stretch = _around(one, num_passes, num_frames, whole)
    num_packets = whole // PACKET_FRAMES
    return Endless(Clip(stretch, OPUS_RATE_HZ), num_packets, num_packets / num_passes)


def _num_passes(num_frames: int) -> int:
    """The fewest passes whose end is near enough to that of a packet; always found, as the change becomes ever smaller
    the more passes there are."""
    return next(n for n in count(1) if abs(_whole(n * num_frames) / (n * num_frames) - 1) <= MAX_CHANGE)


def _whole(num_frames: int) -> int:
    """The nearest length in whole packets."""
    return round(num_frames / PACKET_FRAMES) * PACKET_FRAMES


def _around(one: Clip, num_passes: int, before: int, after: int) -> Samples:
    """float32 [channels, frames]: the `before` frames of the repeated clip made `after` frames long, after the lead."""
    lead = LEAD_PACKETS * PACKET_FRAMES
    margin = lead + FILTER_FRAMES
    passes = np.pad(np.tile(one.samples, num_passes), ((0, 0), (margin, margin)), mode="wrap")
    if before != after:
        import soxr  # takes 20 ms to import

        passes = soxr.resample(passes.T, before, after).T
    start = round(margin * after / before) - lead
    return np.ascontiguousarray(passes[:, start : start + lead + after], dtype=np.float32)
