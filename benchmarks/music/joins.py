"""Joins and loops, measured on the take and on what its files give back: clicks, holes, gaps, lengths in bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.music import sound
from benchmarks.music.clips import written
from benchmarks.music.drive import Outcome, round_trip
from generation.request import AudioFormat

if TYPE_CHECKING:
    from benchmarks.music.figures import Figures

HOLE_MS = 20.0
LENGTH_WITHIN = 0.02
START_WITHIN_S = 0.07
LEAST_JOIN_S = 0.03
GAPLESS = (AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG)


def measure_join(outcome: Outcome, figures: Figures) -> None:
    """What stands out from the first sample that is not the clip's own to the moment at which the clip would end: in
    the take, and in the MP3 that is posted."""
    clip = outcome.clips[0]
    kept_s = _kept_s(outcome)
    figures.numbers |= {"kept s": kept_s, "not kept s": clip.duration_s - kept_s}
    until_s = max(clip.duration_s, kept_s + LEAST_JOIN_S)
    for name, where, take in (
        ("", "", outcome.take),
        ("mp3 ", "in mp3 ", round_trip(outcome.take, AudioFormat.MP3)[0]),
    ):
        seam = sound.seam(take, kept_s, until_s)
        figures.numbers |= {f"{name}step ratio": seam.step_ratio, f"{name}jump excess dB": seam.jump_excess_db}
        figures.expect(
            not seam.is_heard,
            f"join {where}at {kept_s:.2f} s: step {seam.step_ratio:.2f}, level jump {seam.jump_excess_db:+.1f} dB",
        )


def _kept_s(outcome: Outcome) -> float:
    """How long the samples are the clip's own, less a constant offset."""
    clip, raw = outcome.clips[0], outcome.raw
    own = clip if clip.sample_rate_hz == raw.sample_rate_hz else clip.resampled(raw.sample_rate_hz)
    own = own.to_stereo() if raw.num_channels == 2 else own.to_mono()
    size = min(own.num_frames, raw.num_frames)
    apart = own.samples[:, :size] - raw.samples[:, :size]
    apart = apart - apart[:, : max(min(raw.sample_rate_hz // 2, size // 4), 1)].mean(axis=1, keepdims=True)
    differs = np.flatnonzero(np.abs(apart).max(axis=0) > 1e-5)
    return (int(differs[0]) if differs.size else size) / raw.sample_rate_hz


def measure_loop(outcome: Outcome, figures: Figures) -> None:
    """The seam and the hole; the same and the gap after a real encode and decode; the length in written bars."""
    take = outcome.take
    seam = sound.repeated_seam(take, outcome.clips[0])
    figures.numbers |= {"step ratio": seam.step_ratio, "jump excess dB": seam.jump_excess_db}
    figures.expect(not seam.is_heard, f"seam: step {seam.step_ratio:.2f}, level jump {seam.jump_excess_db:+.1f} dB")
    hole_ms, usual_ms = sound.hole_ms(take)
    figures.numbers["hole ms"] = hole_ms
    figures.expect(hole_ms <= max(usual_ms, HOLE_MS), f"a hole of {hole_ms:.0f} ms at the seam")
    for audio_format in (*GAPLESS, AudioFormat.MP3):
        _through(outcome, figures, audio_format)
    if not outcome.case.may_refuse:
        _bars(outcome, figures)


def _through(outcome: Outcome, figures: Figures, audio_format: AudioFormat) -> None:
    """What a file of the format gives back."""
    name, take = audio_format.value, outcome.take
    back, _ = round_trip(take, audio_format)
    at_rate = take.resampled(back.sample_rate_hz)
    gap, shift = back.num_frames - at_rate.num_frames, sound.shift_frames(at_rate, back)
    figures.numbers |= {f"gap {name}": float(gap), f"shift {name}": float(shift)}
    if audio_format not in GAPLESS:
        return
    seam = sound.repeated_seam(back, outcome.clips[0])
    figures.numbers[f"jump excess {name} dB"] = seam.jump_excess_db
    figures.expect(gap == 0, f"gap of {gap} samples in {name}")
    figures.expect(shift == 0, f"moved by {shift} samples in {name}")
    figures.expect(
        not seam.is_heard, f"seam: in {name} step {seam.step_ratio:.2f}, level jump {seam.jump_excess_db:+.1f} dB"
    )


def _bars(outcome: Outcome, figures: Figures) -> None:
    """Where the loop begins and how long it is, against the written bars."""
    truth, bars, take = written(outcome.case.clips[0]), outcome.case.wishes.get("bars"), outcome.take
    if not bars or not truth.has_beat:
        return
    beats, start_s = np.array(truth.song.beats_s), outcome.made.details["start_s"]
    first = int(np.abs(beats - start_s).argmin())
    wanted_s = float(beats[min(first + bars * truth.song.beats_per_bar, beats.size - 1)] - beats[first])
    off = take.duration_s / wanted_s - 1
    figures.numbers["bars off %"] = 100 * abs(off)
    figures.expect(abs(off) <= LENGTH_WITHIN, f"{bars} bars are {take.duration_s:.3f} s, not {wanted_s:.3f} s")
    if truth.has_bars:
        late_s = float(np.abs(np.array(truth.song.downbeats_s) - start_s).min())
        figures.numbers["start off ms"] = 1000 * late_s
        figures.expect(late_s <= START_WITHIN_S, f"begins {1000 * late_s:.0f} ms from a bar line")
