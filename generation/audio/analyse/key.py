"""The key: which of the 24 major and minor scales the notes and chords of a clip fit best."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from generation.audio.analyse.chord_model import Float
from generation.hearing import CHORD_TONES, Chord, Key

# How much of each note (C, C♯, … B) a piece in C uses: the scale, and more of the tonic and the fifth. In minor, the
# seventh may be raised or not.
MAJOR_PROFILE = np.array([1.3, 0, 1, 0, 1, 1, 0, 1.1, 0, 1, 0, 1])
MINOR_PROFILE = np.array([1.3, 0, 1, 1, 0, 1, 0, 1.1, 1, 0, 0.6, 0.6])
CHORD_SHARE = 0.5
ROOT_BONUS = 0.5
TONIC_SHARE, CADENCE_SHARE, FIRST_CHORD_BONUS = 0.3, 0.5, 0.1
SOFTNESS = 0.1
"""Difference in fit that makes one key e times as likely as another."""
GOOD_FIT, POOR_FIT = 0.75, 0.35
MINOR_LIKE = ("min", "min7")
NO_TONIC = ("7", "dim", "aug", "min7b5")
"""Chords that don't end a piece: they don't speak for the key of their root."""


def key_weights(note_profile: Float, chords: Sequence[Chord]) -> tuple[Float, float]:
    """Probabilities of the 24 keys (C major .. B major, C minor .. B minor) and how well any key fits at all (0..1).

    `note_profile` float64 [12] is how much each pitch class sounds. The fit of a key is the correlation of its scale
    with the notes and chord tones, plus how long its tonic chord lasts, plus how often its dominant leads to its tonic,
    plus a little if the clip begins on it.
    """
    weights = _share(note_profile) * (1 - CHORD_SHARE) + _share(_chord_notes(chords)) * CHORD_SHARE
    profiles = np.array([np.roll(profile, k) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for k in range(12)])
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    spread = weights - weights.mean()
    length = float(np.linalg.norm(spread))
    if length == 0:
        return np.full(24, 1 / 24), 0.0
    scale_fit = centred @ spread / (np.linalg.norm(centred, axis=1) * length)
    fit = scale_fit + _tonic_and_cadence(chords)
    raised = np.exp((fit - fit.max()) / SOFTNESS)
    goodness = float(np.clip((scale_fit.max() - POOR_FIT) / (GOOD_FIT - POOR_FIT), 0, 1))
    return raised / raised.sum(), goodness


def likeliest(weights: Float) -> Key:
    """The key with the greatest weight."""
    best = int(weights.argmax())
    return Key(best % 12, "major" if best < 12 else "minor")


def certain(key: Key) -> Float:
    """The weights when the key is known."""
    weights = np.zeros(24)
    weights[key.tonic + (0 if key.mode == "major" else 12)] = 1.0
    return weights


def _share(weights: Float) -> Float:
    total = weights.sum()
    return weights / total if total > 0 else weights


def _chord_notes(chords: Sequence[Chord]) -> Float:
    """How long each pitch class is part of the chord, roots counted one and a half times: float64 [12]."""
    out = np.zeros(12)
    for chord in chords:
        if chord.root is not None:
            for tone in CHORD_TONES[chord.quality]:
                out[(chord.root + tone) % 12] += (chord.end_s - chord.start_s) * (1 if tone else 1 + ROOT_BONUS)
    return out


def _tonic_and_cadence(chords: Sequence[Chord]) -> Float:
    """What the chords say for each key beyond their notes: float64 [24]."""
    out = np.zeros(24)
    total_s = sum(chord.end_s - chord.start_s for chord in chords) or 1.0
    for chord in chords:
        if chord.root is not None and chord.quality not in NO_TONIC:
            out[_key_of(chord)] += TONIC_SHARE * (chord.end_s - chord.start_s) / total_s
    for chord, following in itertools.pairwise(chords):
        falls_a_fifth = (
            None not in (chord.root, following.root) and ((following.root or 0) - (chord.root or 0)) % 12 == 5
        )
        if falls_a_fifth and chord.quality in ("maj", "7"):
            out[_key_of(following)] += CADENCE_SHARE / max(len(chords) - 1, 1)
    if chords and chords[0].root is not None:
        out[_key_of(chords[0])] += FIRST_CHORD_BONUS
    return out


def _key_of(chord: Chord) -> int:
    return (chord.root or 0) + (12 if chord.quality in MINOR_LIKE else 0)
