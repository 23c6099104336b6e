"""Bringing a clip to a room's frame (tempo, key, bars), or refusing it with the reason where that would spoil it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from generation.audio.join import crossfade
from generation.audio.stretch import Placed, stretched, warped
from generation.clip import Clip, Samples
from generation.errors import RequestRefused
from generation.hearing import Hearing, Key
from generation.jam.frame import METRES, MIN_KEY_CONFIDENCE, Frame

ROOM_RATE_HZ = 44_100
"""All layers of a room have it, so that they have the same number of frames."""
MAX_STRETCH = 1.3
"""How much faster or slower a clip may become: beyond it drums smear and voices turn into others. Half and double
time are free, so that no steady clip needs more than 1.41."""
MIN_BEATS = 4
SEAM_S = 0.008
EDGE_S = 0.003
NEARLY_A_BAR = 0.12
"""A last bar that lacks at most this share of itself counts as whole."""
NUM_STRIP = 96


@dataclass(frozen=True, slots=True)
class Fitted:
    """A clip in a room's frame (stereo, ROOM_RATE_HZ, exactly the frame's bars), and what was done to it."""

    clip: Clip
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """What is known of a clip that was made on the frame's own beats: it starts on a downbeat; its key, if any."""

    key: Key | None = None


def fit(clip: Clip, hearing: Hearing, frame: Frame, known: Grid | None = None) -> Fitted:
    """The clip in the frame. `known`: it was made on the frame's beats, so only its key may differ.

    Raises:
        RequestRefused: its tempo is too far from the room's.
    """
    remarks: list[str] = []
    clip = clip.resampled(ROOM_RATE_HZ).to_stereo()
    semitones = _semitones(hearing, frame, known, remarks)
    if known is not None or not hearing.has_beat or len(hearing.beats_s) < MIN_BEATS:
        placed = Placed(stretched(clip, 1.0, semitones), 0.0)
        if known is None:
            remarks.append("I hear no steady beat in it, so it keeps its own pace.")
    else:
        placed = _in_time(clip, hearing, frame, semitones, remarks)
    return Fitted(_cut_to_bars(_from_downbeat(placed, frame), frame, remarks), tuple(remarks))


def strip_of(clip: Clip) -> tuple[int, ...]:
    """The outline of a clip for the card: NUM_STRIP peaks of 0..255, the highest 255."""
    from generation.audio.picture import envelope

    peaks, _ = envelope(clip, NUM_STRIP)
    return tuple(int(value) for value in np.rint(peaks * 255))


def _semitones(hearing: Hearing, frame: Frame, known: Grid | None, remarks: list[str]) -> float:
    """How far to transpose: the shortest way into the room's key or its relative (A minor and C major)."""
    sure = known is not None or hearing.key_confidence >= MIN_KEY_CONFIDENCE
    key = known.key if known is not None else hearing.key
    if frame.key is None or key is None or not sure:
        return 0.0
    steps = (_relative_major(frame.key) - _relative_major(key) + 6) % 12 - 6
    if steps:
        remarks.append(f"Transposed by {steps:+d} semitones, from {key}.")
    return float(steps) - (0.0 if known is not None else hearing.tuning_cents / 100)


def _relative_major(key: Key) -> int:
    return (key.tonic + (3 if key.mode == "minor" else 0)) % 12


def _in_time(clip: Clip, hearing: Hearing, frame: Frame, semitones: float, remarks: list[str]) -> Placed:
    """The clip with its beats on the room's, a downbeat at time 0."""
    beats_s = np.asarray(hearing.beats_s)
    spacing_s = float(np.median(np.diff(beats_s)))
    target_s = frame.beat_s * _rate(spacing_s, hearing, frame)
    factor = target_s / spacing_s
    if max(factor, 1 / factor) > MAX_STRETCH:
        raise RequestRefused(_too_far(factor, 60 / spacing_s, frame))
    if abs(factor - 1) > 0.01:
        remarks.append(f"Stretched from {60 / spacing_s:.0f} BPM to the room's {frame.tempo_bpm:g}.")
    if hearing.beats_per_bar != frame.beats_per_bar and hearing.metre_confidence > 0.5:
        heard, wanted = METRES[hearing.beats_per_bar], METRES[frame.beats_per_bar]
        remarks.append(f"It sounds like {heard} and the room is in {wanted}: its accents wander.")
    first = _first_downbeat(hearing)
    return warped(clip, hearing.beats_s, [(index - first) * target_s for index in range(len(beats_s))], semitones)


def _rate(spacing_s: float, hearing: Hearing, frame: Frame) -> float:
    """How many of the room's beats one beat of the clip becomes: half and double time are free.

    Where one of the two counts eighths in threes, so are three beats to one.
    """
    in_threes = 6 in (hearing.beats_per_bar, frame.beats_per_bar)
    rates = (1.0, 2.0, 0.5, 3.0, 1 / 3) if in_threes else (1.0, 2.0, 0.5)
    return min(rates, key=lambda rate: abs(math.log2(spacing_s / (frame.beat_s * rate))))


def _first_downbeat(hearing: Hearing) -> int:
    """The index of the beat that is the first downbeat, 0 when none was heard."""
    if not hearing.downbeats_s:
        return 0
    return int(np.argmin(np.abs(np.asarray(hearing.beats_s) - hearing.downbeats_s[0])))


def _too_far(factor: float, heard_bpm: float, frame: Frame) -> str:
    way = f"{(1 / factor - 1) * 100:.0f} % faster" if factor < 1 else f"{(factor - 1) * 100:.0f} % longer"
    return (
        f"It plays at {heard_bpm:.0f} BPM and the room at {frame.tempo_bpm:g}: it would have to be {way},"
        f" and more than {(MAX_STRETCH - 1) * 100:.0f} % spoils it. A room at its tempo, or another clip, would do."
    )


def _from_downbeat(placed: Placed, frame: Frame) -> Clip:
    """The clip from its first whole bar on: a downbeat lies at time 0, and music before it is a pickup that goes."""
    bars_before = math.floor(-placed.start_s / frame.bar_s + NEARLY_A_BAR)
    start_s = -bars_before * frame.bar_s - placed.start_s
    rate_hz = placed.clip.sample_rate_hz
    if start_s >= 0:
        return placed.clip.cut(min(start_s, placed.clip.duration_s))
    return Clip(np.pad(placed.clip.samples, ((0, 0), (round(-start_s * rate_hz), 0))), rate_hz)


def _cut_to_bars(clip: Clip, frame: Frame, remarks: list[str]) -> Clip:
    """Exactly the frame's bars: cut when it is longer, its whole bars again and again when it is shorter."""
    rate_hz = clip.sample_rate_hz
    num_frames = round(frame.duration_s * rate_hz)
    bars = max(math.floor(clip.duration_s / frame.bar_s + NEARLY_A_BAR), 1)
    if bars >= frame.bars:
        if clip.duration_s > frame.duration_s * (1 + NEARLY_A_BAR):
            remarks.append(f"Its first {frame.bars} bars are used.")
        return Clip(_faded(_of_length(clip.samples, num_frames), rate_hz), rate_hz)
    remarks.append(f"It has {bars} bar{'s' if bars > 1 else ''}, so it is repeated.")
    samples = np.zeros((2, num_frames), np.float32)
    for start_bar in range(0, frame.bars, bars):
        first, last = (round(bar * frame.bar_s * rate_hz) for bar in (start_bar, min(start_bar + bars, frame.bars)))
        samples[:, first:last] = _of_length(clip.samples, last - first)
        if first:
            _smooth_seam(samples, clip.samples, first, round(bars * frame.bar_s * rate_hz), rate_hz)
    return Clip(_faded(samples, rate_hz), rate_hz)


def _smooth_seam(samples: Samples, source: Samples, first: int, length: int, rate_hz: int) -> None:
    """Fade what follows the repeated bars in the source into their beginning, at frame `first` of the loop."""
    fade = min(round(SEAM_S * rate_hz), samples.shape[1] - first)
    if fade:
        tail = _of_length(source[:, length : length + fade], fade)
        samples[:, first : first + fade] = crossfade(tail, samples[:, first : first + fade])


def _faded(samples: Samples, rate_hz: int) -> Samples:
    """With the ends faded over EDGE_S, so that neither the mix nor its repetition clicks."""
    from generation.audio.mixdown import faded

    return faded(samples, rate_hz, EDGE_S, EDGE_S)


def _of_length(samples: Samples, num_frames: int) -> Samples:
    missing = num_frames - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, missing))) if missing > 0 else samples[:, :num_frames].copy()
