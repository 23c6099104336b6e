"""Clips that lie on a known grid: whole bars at the tempo that was asked for, as everything in a jam room does.

A tracker is some hundredths of a second off; where the bars are known, loops of them are exact and blends need no
stretching.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generation.clip import Clip
from generation.hearing import Hearing, Key
from generation.jam.frame import SLOW_SIX_BPM
from generation.request import Request

SAME_LENGTH_S = 0.003
"""A clip that is cut to whole bars is that exact but for a frame; by chance one in three hundred is."""
ON_THE_BEAT_S = 0.04
"""Heard beats lie so near to the grid's half beats, in the median; by chance they are half as far again away at 132."""


def placed(clip: Clip, hearing: Hearing, request: Request, key: Key | None) -> Hearing:
    """What was heard, with the grid's own beats, bars and `key` where the clip lies on the request's grid."""
    if request.tempo_bpm is None:
        return hearing
    beats_per_bar = request.beats_per_bar or hearing.beats_per_bar
    in_threes = beats_per_bar == 6 and request.tempo_bpm <= SLOW_SIX_BPM
    beat_s = 60 / request.tempo_bpm / (3 if in_threes else 1)
    bar_s = beats_per_bar * beat_s
    bars = round(clip.duration_s / bar_s)
    if bars < 1 or abs(clip.duration_s - bars * bar_s) > SAME_LENGTH_S or not _agrees(hearing, beat_s):
        return hearing
    return replace(
        hearing,
        tempo_bpm=60 / beat_s,
        beat_confidence=1.0,
        beats_s=tuple(beat * beat_s for beat in range(bars * beats_per_bar)),
        downbeats_s=tuple(bar * bar_s for bar in range(bars + 1)),
        beats_per_bar=beats_per_bar,
        key=key or hearing.key,
        key_confidence=1.0 if key else hearing.key_confidence,
        tuning_cents=0.0 if key else hearing.tuning_cents,
    )


def _agrees(hearing: Hearing, beat_s: float) -> bool:
    """Whether the heard beats lie on the grid; a clip without a beat says nothing against it."""
    if not hearing.has_beat or not hearing.beats_s:
        return True
    half_beats = np.asarray(hearing.beats_s) / (beat_s / 2)
    return float(np.median(np.abs(half_beats - np.rint(half_beats)))) * beat_s / 2 <= ON_THE_BEAT_S
