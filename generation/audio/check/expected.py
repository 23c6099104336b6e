"""What a take should be: the tempo and key that were asked for, or the clip's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generation.audio.analyse.beats import between
from generation.audio.check.listen import MIN_BEATS
from generation.hearing import PITCH_NAMES, Hearing, Key
from generation.keys import key_asked
from generation.request import Operation, Request

MIN_KEY_CONFIDENCE = 0.6
"""A key that was heard with less certainty is no measure for a take."""

_FROM_CLIP = frozenset({Operation.EXTEND, Operation.ACCOMPANY, Operation.RESTYLE, Operation.VARY, Operation.LOOP})


@dataclass(frozen=True, slots=True)
class Expected:
    """`tempo_bpm` and `key`, None when there is nothing to hold the take against; whose they are in words ("asked for",
    "the clip's"); whether the tempo should hold from beginning to end; `beats_s`: the clip's beats where the take has
    to keep to them one by one."""

    tempo_bpm: float | None = None
    key: Key | None = None
    tempo_of: str = ""
    key_of: str = ""
    is_steady: bool = False
    beats_s: tuple[float, ...] = ()


def expected_of(request: Request, hearings: Sequence[Hearing], details: dict[str, Any]) -> Expected:
    """`details`: what the engine decided; where it names a tempo or key of its own for a composition or a blend (from
    the prompt, from two clips), the take is held against that."""
    clip = hearings[0] if hearings else Hearing(0.0)
    own_bpm, own_key = details.get("tempo_bpm"), _key_of(details.get("key"))
    tempo_bpm, tempo_of = (request.tempo_bpm, "asked for") if request.tempo_bpm else (None, "")
    key, key_of = key_asked(request.key), "asked for"
    if request.operation in _FROM_CLIP and clip.has_beat and tempo_bpm is None:
        moved = isinstance(own_bpm, float) and request.operation in (Operation.RESTYLE, Operation.VARY)
        tempo_bpm, tempo_of = (own_bpm, "meant") if moved else (clip.tempo_bpm, "the clip's")
    elif tempo_bpm is None and isinstance(own_bpm, (int, float)):
        tempo_bpm, tempo_of = float(own_bpm), "meant"
    if key is None and own_key is not None:
        key, key_of = own_key, "meant"
    is_sure = clip.key is not None and clip.key_confidence >= MIN_KEY_CONFIDENCE
    if key is None and request.operation in _FROM_CLIP and is_sure:
        key, key_of = clip.key, "the clip's"
    is_steady = _is_steady(clip) if request.operation in _FROM_CLIP else True
    keeps_to_beats = request.operation is Operation.ACCOMPANY and clip.has_beat and len(clip.beats_s) >= MIN_BEATS
    on_one = int(details.get("backing_beats_on_one", 1))  # a backing that counts twice as fast may be heard on any
    beats_s = tuple(between(np.asarray(clip.beats_s), on_one).tolist()) if keeps_to_beats else ()
    return Expected(tempo_bpm, key, tempo_of, key_of, is_steady, beats_s)


def _is_steady(clip: Hearing) -> bool:
    """Whether the clip keeps its tempo: the halves of its beats agree within 2 %."""
    beats = clip.beats_s
    if not clip.has_beat or len(beats) < 8:
        return False
    half = len(beats) // 2
    first, second = (beats[half] - beats[0]) / half, (beats[-1] - beats[half]) / (len(beats) - 1 - half)
    return abs(first / second - 1) < 0.02


def _key_of(text: Any) -> Key | None:
    """A key as engines write it in their details ("E♭ minor")."""
    name, _, mode = str(text or "").partition(" ")
    return Key(PITCH_NAMES.index(name), mode) if name in PITCH_NAMES and mode in ("major", "minor") else None
