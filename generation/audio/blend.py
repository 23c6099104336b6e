"""Blending: two clips at one tempo, in one key, on one beat grid, mixed by weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.audio.duck import ducked
from generation.audio.levels import STEM_PEAK, loudness
from generation.audio.mixdown import faded
from generation.audio.stretch import Placed, stretched, warped
from generation.audio.together import Meeting, meet, meeting_sentences
from generation.clip import Clip, Samples
from generation.errors import RequestRefused
from generation.hearing import Hearing, Key

LEAST_RATE_HZ = 32_000
"""Clips of lower rates are brought to it: stretching needs room above the highest partials."""

LEVEL_LUFS = -18.0
"""Both are brought to it before they are weighted, with room for their sum."""

EDGE_S = 0.01
MAX_GAIN_DB = 30.0


@dataclass(frozen=True, slots=True)
class Blend:
    """The mix, each clip as it is in it (`parts`, equally long), what was done to them, and sentences for the user."""

    clip: Clip
    parts: tuple[Clip, Clip]
    meeting: Meeting
    downbeats_s: tuple[float, ...]
    remarks: tuple[str, ...]


def blend(
    clips: Sequence[Clip],
    hearings: Sequence[Hearing],
    weights: Sequence[float] = (),
    *,
    tempo_bpm: float | None = None,
    key: Key | None = None,
    keep_keys: bool = False,
) -> Blend:
    """Two clips as one, as long as the longer after the stretch. A clip without a beat is laid over unstretched.

    Raises:
        RequestRefused: not two clips, or weights that are negative, all zero or not two.
    """
    if len(clips) != 2 or len(hearings) != 2:
        raise RequestRefused("Blend needs two clips: attach a second audio file.")
    gains = _gains(weights)
    meeting = meet(hearings[0], hearings[1], tempo_bpm, key, keep_keys)
    rate_hz = max(LEAST_RATE_HZ, *(clip.sample_rate_hz for clip in clips))
    placed = [_placed(clip.resampled(rate_hz).to_stereo(), hearings[i], meeting, i) for i, clip in enumerate(clips)]
    origin_s = min(part.start_s for part in placed)
    parts = _side_by_side(placed, gains, origin_s, rate_hz)
    front = int(gains[1] > gains[0])
    parts[1 - front] = ducked(parts[1 - front], parts[front], rate_hz)
    parts = _within_scale(parts)
    mix = Clip(parts[0] + parts[1], rate_hz)
    remarks = (*_missing_beats(hearings), *meeting_sentences(meeting), *_metres(hearings, meeting))
    downbeats_s = _downbeats(hearings[0], meeting, origin_s, mix.duration_s)
    return Blend(mix, (Clip(parts[0], rate_hz), Clip(parts[1], rate_hz)), meeting, downbeats_s, remarks)


def _gains(weights: Sequence[float]) -> tuple[float, float]:
    """Linear gains, the greater one 1."""
    if not weights:
        return 1.0, 1.0
    if len(weights) != 2 or min(weights) < 0 or max(weights) <= 0 or not np.isfinite(weights).all():
        raise RequestRefused("The weights of a blend are two numbers, such as 0.7 and 0.3, and not both 0.")
    return weights[0] / max(weights), weights[1] / max(weights)


def _placed(clip: Clip, hearing: Hearing, meeting: Meeting, index: int) -> Placed:
    """The clip on the common clock, whose zero is the first downbeat."""
    semitones, beat_s = meeting.semitones[index], meeting.beat_s[index]
    if meeting.tempo_bpm is None:
        return Placed(stretched(clip, 1.0, semitones), 0.0)
    beats_s = hearing.beats_s
    first_downbeat_s = hearing.downbeats_s[0] if hearing.downbeats_s else beats_s[0]
    first = min(range(len(beats_s)), key=lambda beat: abs(beats_s[beat] - first_downbeat_s))
    return warped(clip, beats_s, [(beat - first) * beat_s for beat in range(len(beats_s))], semitones)


def _within_scale(parts: list[Samples]) -> list[Samples]:
    """Both turned down by one gain where one of them passes full scale; the take is brought to its level later."""
    highest = max(float(np.abs(part).max()) for part in parts)
    return [part * np.float32(STEM_PEAK / highest) for part in parts] if highest > STEM_PEAK else parts


def _side_by_side(placed: Sequence[Placed], gains: tuple[float, float], origin_s: float, rate_hz: int) -> list[Samples]:
    """Both as float32 [2, frames] of equal length, at one loudness times their gains."""
    firsts = [round((part.start_s - origin_s) * rate_hz) for part in placed]
    num_frames = max(first + part.clip.num_frames for first, part in zip(firsts, placed, strict=True))
    out = []
    for first, part, gain in zip(firsts, placed, gains, strict=True):
        samples = faded(part.clip.samples, rate_hz, EDGE_S, EDGE_S)
        heard_lufs = loudness(samples, rate_hz)
        level_db = 0.0 if heard_lufs is None else min(LEVEL_LUFS - heard_lufs, MAX_GAIN_DB)
        room = ((0, 0), (first, num_frames - first - samples.shape[1]))
        out.append(np.pad(samples * np.float32(gain * 10 ** (level_db / 20)), room))
    return out


def _downbeats(hearing: Hearing, meeting: Meeting, origin_s: float, duration_s: float) -> tuple[float, ...]:
    """The bar lines of the blend, as the first clip counts them."""
    if meeting.tempo_bpm is None:
        return ()
    bar_s = meeting.beat_s[0] * hearing.beats_per_bar
    first_s = -round(origin_s, 6) % bar_s  # rounded: a hair's breadth before 0 is 0, not the bar after
    return tuple(np.arange(first_s, duration_s, bar_s).tolist())


def _missing_beats(hearings: Sequence[Hearing]) -> tuple[str, ...]:
    missing = [name for name, heard in zip(("first", "second"), hearings, strict=True) if not heard.has_beat]
    if not missing:
        return ()
    if len(missing) == 2:
        return ("I hear no steady beat in either clip, so I laid them over each other as they are.",)
    return (f"I hear no steady beat in the {missing[0]} clip, so I laid it over the other as it is.",)


def _metres(hearings: Sequence[Hearing], meeting: Meeting) -> tuple[str, ...]:
    bars = [heard.beats_per_bar for heard in hearings]
    if meeting.tempo_bpm is None or bars[0] == bars[1]:
        return ()
    return (f"The clips have {bars[0]} and {bars[1]} beats a bar: their beats meet, their bars only now and then.",)
