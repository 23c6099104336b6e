"""Which notes each chord is made of, and how well what sounds fits each of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from generation.audio.analyse.notes import LOWEST_PITCH, NotePosteriors, pitch_class_rows
from generation.hearing import CHORD_TONES

NAMES = tuple(CHORD_TONES)
NUM_CHORDS = 12 * len(NAMES)
NO_CHORD = NUM_CHORDS
"""State 12 q + r is quality q on root r; the last state is no chord."""

RARITY = {"maj": 0.0, "min": 0.0, "7": 1.0, "maj7": 1.0, "min7": 1.0, "min7b5": 2.0}
RARITY |= {"sus2": 2.0, "sus4": 2.0, "dim": 2.0, "aug": 2.5}
"""Cost of entering a chord of this quality, in the logarithm of odds: plain triads are far the most common."""

TONE_WEIGHTS = (1.0, 0.9, 0.9, 0.7)
OTHER_WEIGHT = 0.2
"""How much a note outside the chord is to be expected, against its root: tunes and overtones are full of them."""
BASS_ROOT, BASS_FIFTH, BASS_TONE, BASS_OTHER = 1.0, 0.35, 0.25, 0.12
NOTES_SHARE, BASS_SHARE = 3.0, 1.5
BASS_BELOW_PITCH = 52
MAX_PRESENCE = 1.5
EVIDENCE_UNIT_S = 0.5
SILENT_TOTAL = 0.5
"""Below this sum of notes sounding on average a segment leans towards no chord."""

Float = NDArray[np.float64]


def segment_profiles(notes: NotePosteriors, edges_s: Float) -> tuple[Float, Float]:
    """How much each pitch class sounds, and sounds in the bass, between edges: two float64 [segments, 12]."""
    low = notes.sounding.copy()
    low[:, BASS_BELOW_PITCH - LOWEST_PITCH :] = 0
    frames = np.array([notes.frame_at(float(t)) for t in edges_s])
    return _means(pitch_class_rows(notes.sounding), frames), _means(pitch_class_rows(low), frames)


def _means(rows: NDArray[np.float32], frames: NDArray[np.intp]) -> Float:
    sums = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    starts = np.minimum(frames[:-1], len(rows) - 1)
    ends = np.maximum(frames[1:], starts + 1)
    out: Float = (sums[ends] - sums[starts]) / (ends - starts)[:, None]
    return out


def chord_evidence(profile: Float, bass: Float, durations_s: Float) -> Float:
    """Log likelihood of each state in each segment: float64 [segments, 121].

    Notes are taken as drawn from the chord's distribution over pitch classes (a multinomial), so chords of three and
    of four notes compete fairly; half a second of a fully sounding note counts as one draw.
    """
    templates, bass_templates = _templates()
    presence = np.minimum(profile, MAX_PRESENCE)
    draws = np.minimum(durations_s / EVIDENCE_UNIT_S, 2.0)[:, None]
    chords = NOTES_SHARE * presence @ templates.T + BASS_SHARE * bass @ bass_templates.T
    nothing = -np.log(12) * (NOTES_SHARE * presence.sum(axis=1) + BASS_SHARE * bass.sum(axis=1))
    nothing += NOTES_SHARE * (SILENT_TOTAL - profile.sum(axis=1))
    return np.hstack([chords, nothing[:, None]]) * draws


@cache
def _templates() -> tuple[Float, Float]:
    """Logarithms of the distributions over pitch classes, of all notes and of the bass: two float64 [120, 12]."""
    templates, bass_templates = [], []
    for tones in CHORD_TONES.values():
        notes = np.full(12, OTHER_WEIGHT)
        notes[list(tones)] = TONE_WEIGHTS[: len(tones)]
        bass = np.full(12, BASS_OTHER)
        bass[list(tones)] = BASS_TONE
        bass[tones[2]], bass[0] = BASS_FIFTH, BASS_ROOT
        templates += [np.roll(np.log(notes / notes.sum()), root) for root in range(12)]
        bass_templates += [np.roll(np.log(bass / bass.sum()), root) for root in range(12)]
    return np.array(templates), np.array(bass_templates)


def entry_costs(key_lean: Float | None = None) -> Float:
    """Cost of entering each state: float64 [121]. `key_lean` [120] is subtracted: what the key makes likely."""
    costs = np.array([*(RARITY[name] for name in NAMES for _ in range(12)), 0.0])
    if key_lean is not None:
        costs[:NUM_CHORDS] -= key_lean
    return costs
