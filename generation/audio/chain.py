"""Takes that go on from each other's last bars, as one song."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.audio.finish import finish
from generation.audio.join import crossfade
from generation.clip import Clip

SEAM_S = 0.02
"""Both sides of a seam are the same music, so the change from one to the other may be short."""


def chain(takes: Sequence[Clip], handed_on_s: float) -> Clip:
    """One or more takes as one finished song at the first one's rate and with its channels.

    take 1  ████████████
    take 2          ░░░░████████     ░: the last `handed_on_s` seconds of the take before, which it goes on from

    Each take was brought to its own loudness, so what both have (░) is at two levels: the later take is brought to the
    level of the earlier one there, and the whole song to the product's loudness at the end.
    """
    song = takes[0]
    for take in takes[1:]:
        song = _led_into(song, take, handed_on_s)
    return finish(song) if len(takes) > 1 else song


def _led_into(song: Clip, take: Clip, handed_on_s: float) -> Clip:
    rate_hz = song.sample_rate_hz
    take = take.resampled(rate_hz)
    take = take.to_mono() if song.num_channels == 1 else take.to_stereo()
    shared = min(round(handed_on_s * rate_hz), song.num_frames, take.num_frames)
    seam = min(round(SEAM_S * rate_hz), shared)
    kept = song.num_frames - shared
    before, again = song.samples[:, kept:], take.samples[:, :shared]
    heard = float(np.square(again, dtype=np.float64).sum())
    gain = np.sqrt(float(np.square(before, dtype=np.float64).sum()) / heard) if heard > 0 else 1.0
    louder = take.samples * np.float32(gain)
    middle = crossfade(before[:, :seam], louder[:, :seam])
    return Clip(np.concatenate((song.samples[:, :kept], middle, louder[:, seam:]), axis=1), rate_hz)
