"""The harmony of a clip: chords and key, found together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.audio.analyse.beats import Times
from generation.audio.analyse.chord_model import Float
from generation.audio.analyse.chords import chords_on_grid
from generation.audio.analyse.key import certain, key_weights, likeliest
from generation.audio.analyse.notes import NotePosteriors, pitch_class_rows
from generation.hearing import Chord, Key

SOUNDING = 0.4
MIN_PITCHED_SHARE = 0.25
"""Music has a note in 0.68 of its frames and more, drums and noise in 0.02 and less."""
SINGLE_NOTES, FULL_CHORDS = 0.9, 1.6
"""Notes sounding at once on average in single lines, and in music with chords."""
MAX_SINGLE_LINE = 1.0
SURE_SHARE = 0.9
MIN_INNER_CHORDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Harmony:
    """Chords and key with confidences 0..1; nothing for a clip without pitch."""

    chords: tuple[Chord, ...] = ()
    chord_confidence: float = 0.0
    key: Key | None = None
    key_confidence: float = 0.0


def is_pitched(notes: NotePosteriors) -> bool:
    """Whether notes sound in at least a quarter of the clip."""
    return bool((notes.sounding.max(axis=1) > SOUNDING).mean() >= MIN_PITCHED_SHARE)


def is_single_line(notes: NotePosteriors) -> bool:
    """Whether little more than one note sounds at a time: humming, whistling, speech, a solo line."""
    return float(notes.sounding.sum(axis=1).mean()) < MAX_SINGLE_LINE


def usual_chord_s(notes: NotePosteriors, duration_s: float) -> float | None:
    """How long a chord usually lasts: the median over the clip, without the cut ones at its ends. None without chords.

    This is heard without beats, on an even grid, to help find them.
    """
    lengths = [
        c.end_s - c.start_s for c in chords_on_grid(notes, duration_s, np.empty(0), np.empty(0)) if c.root is not None
    ]
    if not lengths:
        return None
    return float(np.median(lengths[1:-1] if len(lengths) > MIN_INNER_CHORDS else lengths))


def find_harmony(
    notes: NotePosteriors, duration_s: float, beats_s: Times, downbeats_s: Times, given_key: Key | None
) -> Harmony:
    """Chords on the beats and the key; the chords are sought twice, the second time leaning to the key."""
    if not is_pitched(notes):
        return Harmony(key=given_key, key_confidence=1.0 if given_key else 0.0)
    profile = pitch_class_rows(notes.sounding).mean(axis=0, dtype=np.float64)
    weights, goodness = certain(given_key) if given_key else np.empty(0), 1.0
    if given_key is None:
        first_chords = chords_on_grid(notes, duration_s, beats_s, downbeats_s)
        weights, goodness = key_weights(profile, first_chords)
    chords = chords_on_grid(notes, duration_s, beats_s, downbeats_s, goodness * weights)
    if given_key is None:
        weights, goodness = key_weights(profile, chords)
    confidence = 1.0 if given_key else goodness * _likeness(weights)
    return Harmony(tuple(chords), _chord_confidence(chords, notes), given_key or likeliest(weights), confidence)


def _likeness(weights: Float) -> float:
    """The likeliest key's probability; its relative's counts half, as they share their notes."""
    best = int(weights.argmax())
    relative = (best + 9) % 12 + 12 if best < 12 else (best - 12 + 3) % 12
    return float(weights[best] + 0.5 * weights[relative])


def _chord_confidence(chords: list[Chord], notes: NotePosteriors) -> float:
    """The mean confidence of the chords, less where only single notes sound at a time."""
    total_s = sum(c.end_s - c.start_s for c in chords)
    sure = sum(c.confidence * (c.end_s - c.start_s) for c in chords if c.root is not None) / total_s
    voices = float(notes.sounding.sum(axis=1).mean())
    fullness = np.clip((voices - SINGLE_NOTES) / (FULL_CHORDS - SINGLE_NOTES), 0, 1)
    return float(np.clip(sure / SURE_SHARE, 0, 1) * (0.3 + 0.7 * fullness))
