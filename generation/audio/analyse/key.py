"""The key: which of the 24 major and minor scales the notes and chords of a clip fit best."""

from __future__ import annotations

import numpy as np

from generation.audio.analyse.beat_features import FloatArray
from generation.hearing import Key

# Temperley, "The Cognition of Basic Musical Structures" (2001), revised profiles: C, C♯, … B
MAJOR_PROFILE = np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0])
MINOR_PROFILE = np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0])


def find_key(note_weights: FloatArray) -> tuple[Key | None, float]:
    """The key of a clip and the confidence 0..1, from how much each pitch class sounds (float [12], C first)."""
    scores = key_scores(note_weights)
    if scores is None:
        return None, 0.0
    best = int(scores.argmax())
    key = Key(best % 12, "major" if best < 12 else "minor")
    raised = np.exp((scores - scores.max()) / 0.1)
    return key, float(raised[best] / raised.sum())


def key_scores(note_weights: FloatArray) -> np.ndarray | None:
    """Correlation of the notes with each key's profile: float64 [24], C major .. B major, C minor .. B minor."""
    if note_weights.std() == 0:
        return None
    profiles = np.array([np.roll(profile, k) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for k in range(12)])
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    weights = note_weights - note_weights.mean()
    scores: np.ndarray = centred @ weights / (np.linalg.norm(centred, axis=1) * np.linalg.norm(weights))
    return scores
