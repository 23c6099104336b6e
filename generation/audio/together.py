"""How two clips come together: one tempo with the least stretch for both, one key with the smallest transposition."""

from __future__ import annotations

import math
from dataclasses import dataclass

from generation.hearing import PITCH_NAMES, Hearing, Key

MIN_KEY_CONFIDENCE = 0.3
"""A key that is less sure than this is no reason to move a clip."""

SHARED_FROM_SEMITONES = 3
"""One or two semitones are borne by one clip; from three on both move, because far transpositions sound unnatural."""

IN_TUNE_CENTS = 8.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is done to each of two clips: `factors` times as long, `semitones` higher; `tempo_bpm` is theirs then, as
    the first is counted (the second may run in its half or double). None: there is no common tempo or key."""

    factors: tuple[float, float] = (1.0, 1.0)
    semitones: tuple[float, float] = (0.0, 0.0)
    tempo_bpm: float | None = None
    beat_s: tuple[float, float] = (0.0, 0.0)
    key: Key | None = None


def meet(
    one: Hearing, other: Hearing, tempo_bpm: float | None = None, key: Key | None = None, keep_keys: bool = False
) -> Meeting:
    """The meeting of two clips; at `tempo_bpm` or in `key` where that is given, in their own keys with `keep_keys`."""
    semitones, common_key = ((0.0, 0.0), None) if keep_keys else _keys(one, other, key)
    if not (one.has_beat and other.has_beat and one.tempo_bpm and other.tempo_bpm):
        return Meeting(semitones=semitones, key=common_key)
    octaves = math.log2(other.tempo_bpm / one.tempo_bpm)
    counted = other.tempo_bpm / 2.0 ** round(octaves)  # the other, counted as near to the first as halves allow
    meeting_bpm = math.sqrt(one.tempo_bpm * counted)
    if tempo_bpm is not None:
        meeting_bpm = tempo_bpm / 2.0 ** round(math.log2(tempo_bpm / meeting_bpm))
    factors = (one.tempo_bpm / meeting_bpm, counted / meeting_bpm)
    beat_s = (60 / meeting_bpm, 60 / meeting_bpm / 2.0 ** round(octaves))
    return Meeting(factors, semitones, meeting_bpm, beat_s, common_key)


def _keys(one: Hearing, other: Hearing, wanted: Key | None) -> tuple[tuple[float, float], Key | None]:
    """Semitones for each clip and the common key. Relative keys (A minor, C major) share their notes: no move."""
    first, second = _sure_key(one), _sure_key(other)
    if first is None or second is None:
        moves = tuple(float(_up(key, wanted)) if key and wanted else 0.0 for key in (first, second))
        return (moves[0], moves[1]), wanted
    if wanted is not None:
        moves = (float(_up(first, wanted)), float(_up(second, wanted)))
        return (moves[0], _in_tune(moves[1], one, other)), wanted
    distance = _up(second, first)
    share = abs(distance) // 2 if abs(distance) >= SHARED_FROM_SEMITONES else 0
    moved = -int(math.copysign(share, distance))
    meeting_key = Key((first.tonic + moved) % 12, first.mode)
    return (float(moved), _in_tune(float(distance + moved), one, other)), meeting_key


def moved_to(one: Hearing, other: Hearing, wanted: Key | None = None) -> float:
    """By how many semitones `other` has to be moved to sound in the key of `one`, or the wanted one; 0 when a key is
    not sure enough."""
    first, second = wanted or _sure_key(one), _sure_key(other)
    if first is None or second is None:
        return 0.0
    return _in_tune(float(_up(second, first)), one, other)


def _sure_key(hearing: Hearing) -> Key | None:
    return hearing.key if hearing.key is not None and hearing.key_confidence >= MIN_KEY_CONFIDENCE else None


def _up(key: Key, to: Key) -> int:
    """Semitones (-6..5) from a key's notes to another's; a minor key has the notes of the major a third above."""
    return (_scale(to) - _scale(key) + 6) % 12 - 6


def _scale(key: Key) -> int:
    return (key.tonic + (3 if key.mode == "minor" else 0)) % 12


def _in_tune(semitones: float, one: Hearing, other: Hearing) -> float:
    """The second clip's move with its tuning brought to the first's."""
    apart_cents = one.tuning_cents - other.tuning_cents
    return semitones + (apart_cents / 100 if abs(apart_cents) > IN_TUNE_CENTS else 0.0)


def meeting_sentences(meeting: Meeting) -> tuple[str, ...]:
    """What was done, for the user; nothing when nothing had to be done."""
    sentences = []
    changes = [
        f"the {name} clip {abs(1 / factor - 1) * 100:.0f} % {'faster' if factor < 1 else 'slower'}"
        for name, factor in zip(("first", "second"), meeting.factors, strict=True)
        if abs(1 / factor - 1) >= 0.005
    ]
    if changes and meeting.tempo_bpm:
        sentences.append(f"I played {' and '.join(changes)}: they meet at {meeting.tempo_bpm:.0f} BPM.")
    moves = [
        f"the {name} clip {'up' if move > 0 else 'down'} by {semitones_in_words(abs(round(move)))}"
        for name, move in zip(("first", "second"), meeting.semitones, strict=True)
        if round(move)
    ]
    if moves:
        where = f", into {PITCH_NAMES[meeting.key.tonic]} {meeting.key.mode}" if meeting.key else ""
        sentences.append(f"I moved {' and '.join(moves)}{where}.")
    return tuple(sentences)


def semitones_in_words(number: int) -> str:
    """A number of semitones for people."""
    return "1 semitone" if number == 1 else f"{number} semitones"
