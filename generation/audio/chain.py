"""Takes that go on from each other's last bars, as one song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.audio import click
from generation.audio.finish import finish
from generation.audio.join import crossfade
from generation.audio.soften import softened
from generation.clip import Clip

SEAM_S = 0.02
"""Both sides of a seam are the same music, so the change from one to the other may be short."""


def chain(takes: Sequence[Clip], handed_on_s: float) -> Clip:
    """One or more takes as one finished song at the first one's rate and with its channels.

    take 1  ████████████
    take 2          ░░░░████████     ░: the last `handed_on_s` seconds of the take before, which it goes on from

    Each take was brought to its own loudness, so what both have (░) is at two levels: the later take is brought to the
    level of the earlier one there, and the whole song to the product's loudness at the end. A seam that then stands out
    from its surroundings, more than that moment does in the take before, is softened as every join of a take is.
    """
    song, seams = takes[0], []
    for take in takes[1:]:
        song, seam = _led_into(song, take, handed_on_s)
        seams.append(seam)
    if not seams:
        return song
    song = finish(song)
    for seam in seams:
        song = _smooth_at(song, seam)
    return song


@dataclass(frozen=True, slots=True)
class _Seam:
    """Where a seam lies in the song, and how rough that moment is in the take before: the same music, not cut."""

    start_s: float
    end_s: float
    own: click.Roughness


def _smooth_at(song: Clip, seam: _Seam) -> Clip:
    usual = click.around(song, seam.start_s, seam.end_s).or_more(seam.own)
    if click.at(song, seam.start_s, seam.end_s).over_db(usual) <= 0:
        return song
    return softened(song, seam.start_s, seam.end_s)


def _led_into(song: Clip, take: Clip, handed_on_s: float) -> tuple[Clip, _Seam]:
    """The longer song, and the seam in it."""
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
    joined = Clip(np.concatenate((song.samples[:, :kept], middle, louder[:, seam:]), axis=1), rate_hz)
    start_s, end_s = kept / rate_hz, (kept + seam) / rate_hz
    return joined, _Seam(start_s, end_s, click.at(song, start_s, end_s))
