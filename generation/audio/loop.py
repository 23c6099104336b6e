"""Loops: exactly n bars of a clip that repeat without a click, a hole or a stumble."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generation.audio.bars import Times, bar_lines, before_attack, even_bar_lines
from generation.audio.seam import FADE_S, smoothest
from generation.audio.stretch import stretched
from generation.audio.timbre import band_levels_db, unlikeness_db
from generation.clip import Clip, Samples
from generation.errors import ClipRefused, RequestRefused
from generation.hearing import Hearing

LOOP_RATE_HZ = 48_000
"""Opus works at this rate, so a loop at it has the same length in every format, and is never resampled at its seam."""

NOT_GAPLESS = "MP3 can't repeat without a gap: take wav, flac or ogg for a loop that does."

NO_BAR = "The clip has no whole bar to loop: send a longer one."

USUAL_BARS = 8
"""Without a number of bars: the largest power of two that the clip has, up to this."""

WINDOW_S = 0.12
"""So much before and after a bar line is compared, when the start and end that fit best are sought."""

LATE_START_DB = 0.15
BARE_START_DB = 3.0
"""Every bar that the loop begins later must win LATE_START_DB of likeness: people expect their clip's beginning. One
with nothing before its start can't be led into it and must be better by BARE_START_DB."""

SAME_PACE = 1e-6
"""A clip whose pace would change by less stays as it is: not a sample's worth in a minute."""

MEETING_S = 0.02
MIN_LIKENESS = 0.5
FAR_COST = 0.2
"""The end is moved by up to MEETING_S to where the wave is most like the start's, if their correlation is as high as
MIN_LIKENESS. The farthest move must win FAR_COST of it: a held tone meets itself at every period."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop and where it comes from. `bars` is None when the clip has no beat and loops as a whole; `tempo_bpm` is
    the exact tempo of the repetition; `seam` says how it was closed; `remarks` are for the user."""

    clip: Clip
    bars: int | None
    tempo_bpm: float | None
    start_s: float
    end_s: float
    seam: str
    remarks: tuple[str, ...] = ()


def make_loop(clip: Clip, hearing: Hearing, bars: int | None = None, tempo_bpm: float | None = None) -> Loop:
    """`bars` bars of the clip, at 48 kHz, that can be repeated; at exactly `tempo_bpm` where that is given.

    Raises:
        RequestRefused: more bars than the clip has, or bars of a clip without a beat; the sentence says what goes.
        ClipRefused: the clip has a beat, but not one whole bar.
    """
    clip = clip.resampled(LOOP_RATE_HZ)
    if tempo_bpm is not None and hearing.has_beat and hearing.tempo_bpm:
        clip, hearing = _at_tempo(clip, hearing, tempo_bpm)
    lines = bar_lines(hearing)
    if lines.size == 0 and tempo_bpm is not None:
        lines = even_bar_lines(clip, tempo_bpm, hearing.beats_per_bar)
    if lines.size == 0 and hearing.has_beat:
        raise ClipRefused(NO_BAR)
    if lines.size == 0:
        return _whole_clip(clip, bars)
    exact_bpm = None if tempo_bpm is None else hearing.tempo_bpm or tempo_bpm
    return _of_bars(clip, hearing, lines, _num_bars(lines, hearing, bars), exact_bpm)


def _of_bars(clip: Clip, hearing: Hearing, lines: Times, bars: int, exact_bpm: float | None) -> Loop:
    """`exact_bpm`: how long the bars shall be; without it as long as in the clip."""
    first = min(range(lines.size - bars), key=lambda line: _unfitness(clip, lines, line, bars))
    start_s = before_attack(clip, float(lines[first]))
    if exact_bpm is None:
        end_s = _meeting_end(clip, start_s, float(lines[first + bars]) + start_s - float(lines[first]))
    else:
        end_s = start_s + bars * hearing.beats_per_bar * 60 / exact_bpm
    start, end = round(start_s * LOOP_RATE_HZ), round(end_s * LOOP_RATE_HZ)
    looped, seam = smoothest(clip, start, end)
    tempo_bpm = bars * hearing.beats_per_bar * 60 * LOOP_RATE_HZ / (end - start)
    return Loop(looped, bars, tempo_bpm, start_s, end_s, seam)


def _num_bars(lines: Times, hearing: Hearing, wanted: int | None) -> int:
    there = lines.size - 1
    if there < 1:
        raise ClipRefused(NO_BAR)
    if wanted is None:
        return int(2 ** np.floor(np.log2(min(there, USUAL_BARS))))
    if wanted > there:
        tempo = f" at {hearing.tempo_bpm:.0f} BPM" if hearing.tempo_bpm else ""
        have = "1 whole bar" if there == 1 else f"{there} whole bars"
        instead = "1 bar" if there == 1 else f"1 to {there} bars"
        raise RequestRefused(f"The clip has {have}{tempo}, too few for a loop of {wanted}: ask for {instead}.")
    return wanted


def _unfitness(clip: Clip, lines: Times, line: int, bars: int) -> float:
    """How differently the clip sounds around the two bar lines, which become one moment, in dB."""
    start_s, end_s = float(lines[line]), float(lines[line + bars])
    after = unlikeness_db(
        band_levels_db(clip, start_s, start_s + WINDOW_S), band_levels_db(clip, end_s, end_s + WINDOW_S)
    )
    before = unlikeness_db(
        band_levels_db(clip, start_s - WINDOW_S, start_s), band_levels_db(clip, end_s - WINDOW_S, end_s)
    )
    shares = [
        part for part, there in ((after, end_s + WINDOW_S <= clip.duration_s), (before, start_s >= WINDOW_S)) if there
    ]
    bare_db = 0.0 if start_s >= WINDOW_S else BARE_START_DB
    return (sum(shares) / len(shares) if shares else 0.0) + bare_db + LATE_START_DB * line


def _meeting_end(clip: Clip, start_s: float, end_s: float) -> float:
    """The end near `end_s` at which the wave goes on most as it does at the start."""
    reach, length = round(MEETING_S * LOOP_RATE_HZ), round(WINDOW_S * LOOP_RATE_HZ)
    start, end = round(start_s * LOOP_RATE_HZ), round(end_s * LOOP_RATE_HZ)
    model, around = clip.samples[:, start : start + length], clip.samples[:, end - reach : end + reach + length]
    if end < reach or around.shape[1] < length + 2 * reach:
        return end_s
    likeness = _likenesses(model, around)
    moves = np.abs(np.arange(likeness.size) - reach) / reach
    best = int((likeness - FAR_COST * moves).argmax())
    return (end - reach + best) / LOOP_RATE_HZ if likeness[best] >= MIN_LIKENESS else end_s


def _likenesses(model: Samples, around: Samples) -> NDArray[np.float64]:
    """The correlation (-1..1) of `model` with each equally long part of `around`, both float32 [channels, frames]."""
    from scipy.signal import fftconvolve

    product = fftconvolve(around.astype(np.float64), model[:, ::-1].astype(np.float64), "valid", axes=1).sum(axis=0)
    energy = np.concatenate(([0.0], np.cumsum(np.square(around.astype(np.float64)).sum(axis=0))))
    power = (energy[model.shape[1] :] - energy[: -model.shape[1]]) * float(np.square(model, dtype=np.float64).sum())
    return np.asarray(product / np.sqrt(np.maximum(power, 1e-18)))


def _at_tempo(clip: Clip, hearing: Hearing, tempo_bpm: float) -> tuple[Clip, Hearing]:
    """The clip and its bar lines at another tempo; at its half or double where that is nearer."""
    heard_bpm = hearing.tempo_bpm or tempo_bpm
    octaves = np.log2(tempo_bpm / heard_bpm)
    factor = float(2.0 ** -(octaves - round(octaves)))
    if abs(factor - 1) < SAME_PACE:
        return clip, replace(hearing, tempo_bpm=heard_bpm / factor)
    moved = tuple(time * factor for time in hearing.downbeats_s)
    return stretched(clip, factor), replace(
        hearing, downbeats_s=moved, duration_s=hearing.duration_s * factor, tempo_bpm=heard_bpm / factor
    )


def _whole_clip(clip: Clip, bars: int | None) -> Loop:
    """A clip without a beat, end to end, without the silence around it."""
    if bars is not None:
        raise RequestRefused(
            "I hear no steady beat in the clip, so I can't count its bars: say its tempo, or leave the bars away"
            " and I loop it as a whole."
        )
    level = np.abs(clip.samples).max(axis=0)
    loud = np.flatnonzero(level > 10 ** (-50 / 20) * level.max())
    if not loud.size:
        raise ClipRefused("The clip is silent: there is nothing to loop.")
    start, end = int(loud[0]), int(loud[-1]) + 1
    fold = min(round(4 * FADE_S * LOOP_RATE_HZ), (end - start) // 4)
    looped, seam = smoothest(Clip(clip.samples[:, start:end].copy(), LOOP_RATE_HZ), 0, end - start - fold)
    remark = "I hear no steady beat in the clip, so it loops as a whole."
    return Loop(looped, None, None, start / LOOP_RATE_HZ, (end - fold) / LOOP_RATE_HZ, seam, (remark,))
