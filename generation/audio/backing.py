"""A backing that is there already, a take or a recording: brought to a clip's own beats and key, and laid under it.

clip     |    ·    ·    |    ·    ·   |   ·   ·    its own beats, wavering as they may, | its bar lines
backing       |  ·  ·  ·  |  ·  ·  ·  |            each beat moved onto one of the clip's, first bar line on first;
                                                   where it ends too early its whole bars are repeated
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio.accompany import EDGE_S, lay_under
from generation.audio.analyse.beats import between, extend
from generation.audio.mixdown import faded
from generation.audio.seam import smoothest
from generation.audio.stretch import Placed, stretched, warped
from generation.audio.together import moved_to, semitones_in_words
from generation.clip import Clip
from generation.hearing import Hearing, Key

LEAST_RATE_HZ = 32_000
"""Backings of lower rates are brought to it: stretching needs room above the highest partials."""

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Backing:
    """What goes under a clip. `drums` and `rest`, where they are known, are the same music in two parts of equal
    length: drums have no key, so only the rest is transposed."""

    clip: Clip
    hearing: Hearing
    drums: Clip | None = None
    rest: Clip | None = None


@dataclass(frozen=True, slots=True)
class Backed:
    """The clip with its backing, the backing alone as it is in the mix, and what was done to it: how many times as long
    it is on average, how many semitones higher, how often it is heard, and how many of its beats fall on one of the
    clip's; `remarks` are for the user."""

    clip: Clip
    backing: Clip
    factor: float
    semitones: float
    rounds: int
    beats_on_one: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Beats:
    """Beats in seconds, which of them is the first of a bar, and how many a bar has."""

    times_s: Times
    first: int
    per_bar: int

    def divided(self, parts: int) -> _Beats:
        return _Beats(between(self.times_s, parts), self.first * parts, self.per_bar * parts)


def back(clip: Clip, heard: Hearing, backing: Backing, key: Key | None = None) -> Backed:
    """The clip with a backing under it, as long as the clip; in `key`, or the clip's own.

    A clip or backing without a beat is not stretched: the backing lies under the clip as it is.
    """
    semitones = moved_to(heard, backing.hearing, key)
    parts = _parts(backing, semitones)
    of_clip, of_backing = _counted_alike(heard, backing.hearing)
    rounds, factor, beats_on_one = 1, 1.0, 1
    if of_clip is None or of_backing is None:
        placed = [Placed(stretched(part, 1.0, move), 0.0) for part, move in parts]
    else:
        beats_on_one = max(of_clip.per_bar // heard.beats_per_bar, 1)
        rounds = _rounds_needed(of_clip, of_backing)
        if rounds > 1:
            parts = [(_repeated(part, of_backing, rounds), move) for part, move in parts]
            of_backing = _repeated_beats(of_backing, rounds)
        source_s, target_s = _met(of_backing, of_clip)
        placed = [warped(part, source_s.tolist(), target_s.tolist(), move) for part, move in parts]
        factor = float((target_s[-1] - target_s[0]) / (source_s[-1] - source_s[0]))
    mix, alone = lay_under(clip, _on_the_clock(placed, clip.duration_s), clip.duration_s)
    told = _told(heard, backing.hearing, (factor, semitones), key or heard.key, of_clip is None)
    return Backed(mix, alone, factor, semitones, rounds, beats_on_one, tuple(told))


def _parts(backing: Backing, semitones: float) -> list[tuple[Clip, float]]:
    """The backing, or where it is to be transposed its drums and the rest; each with its transposition."""
    parts = [(backing.clip, semitones)]
    if semitones and backing.drums is not None and backing.rest is not None:
        parts = [(backing.drums, 0.0), (backing.rest, semitones)]
    rate_hz = max(LEAST_RATE_HZ, *(part.sample_rate_hz for part, _ in parts))
    return [(part.resampled(rate_hz).to_stereo(), move) for part, move in parts]


def _counted_alike(heard: Hearing, backing: Hearing) -> tuple[_Beats | None, _Beats | None]:
    """The beats of both, the slower counted in halves or quarters until they are nearest; None: no beat to meet on."""
    if not (heard.has_beat and backing.has_beat and heard.tempo_bpm and backing.tempo_bpm):
        return None, None
    one, other = _beats_of(heard), _beats_of(backing)
    octaves = round(math.log2(backing.tempo_bpm / heard.tempo_bpm))
    one, other = one.divided(2 ** max(octaves, 0)), other.divided(2 ** max(-octaves, 0))
    both = min(one.times_s.size - one.first, other.times_s.size - other.first)
    return (one, other) if both >= 2 else (None, None)


def _beats_of(hearing: Hearing) -> _Beats:
    times_s = extend(np.asarray(hearing.beats_s, np.float64), hearing.duration_s)
    first_s = hearing.downbeats_s[0] if hearing.downbeats_s else hearing.beats_s[0]
    return _Beats(times_s, int(np.abs(times_s - first_s).argmin()), hearing.beats_per_bar)


def _bars_there(beats: _Beats) -> int:
    """How many whole bars follow the first bar line."""
    return (beats.times_s.size - 1 - beats.first) // beats.per_bar


def _rounds_needed(of_clip: _Beats, of_backing: _Beats) -> int:
    """How often the backing's whole bars have to be heard to last as long as the clip's."""
    needed = of_clip.times_s.size - of_clip.first
    there = _bars_there(of_backing) * of_backing.per_bar
    if needed <= of_backing.times_s.size - of_backing.first or not there:
        return 1
    return -(-needed // there)


def _repeated(part: Clip, beats: _Beats, rounds: int) -> Clip:
    """The whole bars of a part, as a loop that goes over into itself, so many times."""
    start, end = (round(edge_s * part.sample_rate_hz) for edge_s in _bars_of(beats)[[0, -1]])
    body, _ = smoothest(part, start, min(end, part.num_frames))
    return Clip(np.tile(body.samples, rounds), part.sample_rate_hz)


def _repeated_beats(beats: _Beats, rounds: int) -> _Beats:
    inside = _bars_of(beats) - beats.times_s[beats.first]
    times_s = [inside[:-1] + turn * inside[-1] for turn in range(rounds)]
    return _Beats(np.concatenate([*times_s, [rounds * inside[-1]]]), 0, beats.per_bar)


def _bars_of(beats: _Beats) -> Times:
    """The beats of the whole bars, the end of the last one included."""
    return beats.times_s[beats.first : beats.first + _bars_there(beats) * beats.per_bar + 1]


def _met(source: _Beats, target: _Beats) -> tuple[Times, Times]:
    """Beats that become one moment: as many before and after the first bar line as both have."""
    before = min(source.first, target.first)
    after = min(source.times_s.size - source.first, target.times_s.size - target.first)
    return (
        source.times_s[source.first - before : source.first + after],
        target.times_s[target.first - before : target.first + after],
    )


def _on_the_clock(placed: Sequence[Placed], duration_s: float) -> Clip:
    """The parts as they lie from the clip's first sample to its end."""
    rate_hz = placed[0].clip.sample_rate_hz
    out = np.zeros((2, max(round(duration_s * rate_hz), 1)), np.float32)
    for part in placed:
        first = round(part.start_s * rate_hz)
        samples = faded(part.clip.samples[:, max(-first, 0) :], rate_hz, EDGE_S, EDGE_S)
        room = out[:, max(first, 0) :]
        length = min(room.shape[1], samples.shape[1])
        room[:, :length] += samples[:, :length]
    return Clip(out, rate_hz)


def _told(heard: Hearing, backing: Hearing, made: tuple[float, float], key: Key | None, is_free: bool) -> Iterator[str]:
    """What was done to the backing, in sentences; `made`: its factor and semitones."""
    factor, semitones = made
    percent, steps = round(abs(1 / factor - 1) * 100), abs(round(semitones))
    if is_free and heard.has_beat:
        yield "I hear no steady beat in the backing, so it lies under your clip as it is."
    elif is_free:
        yield "I hear no steady beat in your clip, so the backing lies under it as it is."
    elif heard.beats_per_bar != backing.beats_per_bar:
        bars, others = heard.beats_per_bar, backing.beats_per_bar
        yield f"Your clip has {bars} beats a bar, the backing {others}: their beats meet, their bars only now and then."
    if percent and factor < 1:
        yield f"I played the backing {percent} % faster, on your clip's beats."
    elif percent:
        yield f"I played the backing {percent} % slower, on your clip's beats."
    if steps:
        direction = "up" if semitones > 0 else "down"
        yield f"I moved the backing {direction} by {semitones_in_words(steps)}, into {key}."
