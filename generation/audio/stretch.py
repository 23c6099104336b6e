"""Other tempo, other key, other beats: time stretch and transposition by Signalsmith Stretch (python-stretch, MIT)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio.join import best_cut, crossfade
from generation.clip import Clip, Samples

TONALITY_LIMIT_HZ = 8_000.0
"""Above it partials are not moved in proportion, which keeps cymbals and breath natural (Signalsmith's own advice)."""

MAX_PASS = 1.9
"""From twice the length on Signalsmith spreads phases at random, by a seed of its own: no replay would be the same.
More than this is done in two passes."""

UNHEARD_STRETCH = 0.0005
"""A change of length below 0.05 % is left away: over a minute it is 30 ms, and every stretch costs some clarity."""

STEADY_WITHIN_S = 0.012
"""Beats that lie this close to even spacing are stretched in one go; people hear nothing of 12 ms (Repp, 2005)."""

SEAM_S = 0.03
MEETING_S = 0.004
CONTEXT_S = 0.25
"""Pieces of a wavering clip are stretched with CONTEXT_S around them, since a stretch is weak at its ends, and faded
into each other in the SEAM_S before a beat, moved by up to MEETING_S so that the waves meet."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip and the time of its first sample on some clock, in seconds; may be negative."""

    clip: Clip
    start_s: float


def stretched(clip: Clip, factor: float, semitones: float = 0.0) -> Clip:
    """The clip `factor` times as long (0.25..3.6) and `semitones` higher (-24..24); round(frames * factor) frames.

    Raises:
        ValueError: a factor or transposition outside its range.
    """
    if not 0.25 <= factor <= MAX_PASS**2 or not -24 <= semitones <= 24:
        raise ValueError(f"can't stretch by {factor:g} and transpose by {semitones:g} semitones")
    num_frames = max(round(clip.num_frames * factor), 1)
    if abs(factor - 1) < UNHEARD_STRETCH and semitones == 0:
        return clip
    if factor > MAX_PASS:
        return stretched(stretched(clip, factor**0.5), num_frames / round(clip.num_frames * factor**0.5), semitones)
    import python_stretch

    engine = python_stretch.Signalsmith.Stretch()
    engine.preset(clip.num_channels, clip.sample_rate_hz)
    engine.setTimeFactor(1 / factor)
    engine.setTransposeSemitones(semitones, TONALITY_LIMIT_HZ / clip.sample_rate_hz)
    out = np.asarray(engine.process(clip.samples.copy()), np.float32)
    return Clip(_of_length(out, num_frames), clip.sample_rate_hz)


def warped(clip: Clip, from_s: Sequence[float], to_s: Sequence[float], semitones: float = 0.0) -> Placed:
    """The clip with each moment `from_s[i]` brought to `to_s[i]`, both rising, two or more; what lies outside them goes
    on at the same pace. Even beats are stretched in one go, wavering ones piece by piece between every fourth."""
    source, target = np.asarray(from_s, np.float64), np.asarray(to_s, np.float64)
    if source.size < 2 or source.size != target.size or (np.diff(source) <= 0).any() or (np.diff(target) <= 0).any():
        raise ValueError("a warp needs two or more rising times and as many rising targets")
    slope, offset_s = (float(value) for value in np.polyfit(source, target, 1))
    late_s = _smoothed(target - (source * slope + offset_s))
    if np.abs(late_s).max() <= STEADY_WITHIN_S:
        return Placed(stretched(clip, slope, semitones), offset_s)
    return _in_pieces(clip, (target - late_s - offset_s) / slope, target, semitones)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each five neighbours: tempo wavers slowly, what jumps from beat to beat is the ear's uncertainty."""
    if values.size < 5:
        return values
    return np.convolve(np.pad(values, 2, mode="edge"), np.ones(5) / 5, "valid")


def _in_pieces(clip: Clip, source: NDArray[np.float64], target: NDArray[np.float64], semitones: float) -> Placed:
    every = np.unique(np.append(np.arange(0, source.size, 4), source.size - 1))
    source, target = source[every], target[every]
    paces = np.diff(target) / np.diff(source)
    start_s = float(target[0] - source[0] * paces[0])
    end_s = float(target[-1] + (clip.duration_s - source[-1]) * paces[-1])
    cuts_from = np.concatenate(([0.0], source[1:-1], [clip.duration_s]))
    cuts_to = np.concatenate(([start_s], target[1:-1], [end_s]))
    rate_hz = clip.sample_rate_hz
    out = np.zeros((clip.num_channels, 0), np.float32)
    for piece in range(len(paces)):
        first_s, last_s = float(cuts_from[piece]), float(cuts_from[piece + 1])
        lead_s = min(CONTEXT_S, first_s)
        length = round((cuts_to[piece + 1] - start_s) * rate_hz) - round((cuts_to[piece] - start_s) * rate_hz)
        pace = length / rate_hz / (last_s - first_s)
        part = stretched(clip.cut(first_s - lead_s, last_s + CONTEXT_S), pace, semitones)
        out = _append(out, part.samples, round(lead_s * pace * rate_hz), length, rate_hz)
    return Placed(Clip(out, rate_hz), start_s)


def _append(out: Samples, part: Samples, lead: int, length: int, rate_hz: int) -> Samples:
    """`out` followed by `length` frames of `part` from about `lead` on, faded into each other before the seam."""
    reach = round(MEETING_S * rate_hz)
    fade = min(round(SEAM_S * rate_hz), lead - reach, out.shape[1])
    if fade <= 0:
        return np.concatenate((out, _of_length(part[:, lead:], length)), axis=1)
    tail = out[:, -fade:]
    lead += best_cut(tail, part[:, lead - fade - reach : lead + reach]) - reach
    seam, body = crossfade(tail, part[:, lead - fade : lead]), _of_length(part[:, lead:], length)
    return np.concatenate((out[:, :-fade], seam, body), axis=1)


def _of_length(samples: Samples, num_frames: int) -> Samples:
    missing = num_frames - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, missing))) if missing > 0 else np.ascontiguousarray(samples[:, :num_frames])
