"""Keys and chords of notes and chroma: key finding by Krumhansl and Schmuckler, mir_eval's classes, chord tones."""

from __future__ import annotations

from collections.abc import Iterable

import mir_eval
import numpy as np

from benchmarks.music.midi import Sounded
from tests.support.music import INTERVALS

LABELS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SIGNS = {"C♯": 1, "E♭": 3, "F♯": 6, "A♭": 8, "B♭": 10}
MAJOR = np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0])
MINOR = np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0])
"""Temperley's profiles (1999): Krumhansl's, corrected where these take the dominant for the tonic."""
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}
"""The minor one with both its sixths and sevenths."""
CLASSES = {1.0: "same", 0.5: "fifth", 0.3: "relative", 0.2: "parallel", 0.0: "other"}
GRACE_S = 0.06
SHORTEST_S = 0.06

Key = tuple[int, str]


def chroma_of_notes(notes: Iterable[Sounded]) -> np.ndarray:
    """Seconds of each pitch class, float64 [12]."""
    found = np.zeros(12)
    for note in notes:
        if not note.is_drum:
            found[note.pitch % 12] += max(note.end_s - note.start_s, 0.0)
    return found


def key_of(chroma: np.ndarray) -> Key:
    """The seven notes that hold most of a chroma, and of their major and minor key the one whose profile is more like
    it (profiles alone take a key for its fifth where a band dwells on the dominant). Of the written clips' own notes
    it names the key or its relative in 29 of 31."""
    share = chroma / max(chroma.sum(), 1e-9)

    def fit(tonic: int) -> float:
        inside = sum(share[(tonic + step) % 12] for step in SCALES["major"])
        return float(inside) + 0.001 * max(likeness(share, key) for key in relatives(tonic))

    major = max(range(12), key=fit)
    return max(relatives(major), key=lambda key: likeness(share, key))


def relatives(tonic: int) -> tuple[Key, Key]:
    """A major key and its relative."""
    return (tonic, "major"), ((tonic - 3) % 12, "minor")


def likeness(chroma: np.ndarray, key: Key) -> float:
    """The correlation of a chroma with a key's profile."""
    return float(np.corrcoef(np.roll(MAJOR if key[1] == "major" else MINOR, key[0]), chroma)[0, 1])


def fits(chroma: np.ndarray, key: Key) -> bool:
    """Whether a chroma is of a key: no other seven notes hold clearly more (2 %) than the key's own, or of all keys its
    profile is the most alike (music with borrowed chords, such as B flat and A flat major in C, leaves the seven)."""
    keys = [(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    if max(keys, key=lambda other: likeness(chroma, other)) == key:
        return True
    shares = [sum(chroma[(tonic + step) % 12] for step in SCALES["major"]) for tonic in range(12)]
    own = key[0] if key[1] == "major" else (key[0] + 3) % 12
    return bool(shares[own] >= max(shares) - 0.02 * chroma.sum())


def key_class(truth: Key, found: Key) -> str:
    """same, fifth, relative, parallel or other: mir_eval's weighted score by its name."""
    return CLASSES[mir_eval.key.weighted_score(*(f"{LABELS[tonic]} {mode}" for tonic, mode in (truth, found)))]


def key_said(words: str) -> Key:
    """A key as the recipe writes it ("E♭ minor")."""
    name, mode = words.split()
    return SIGNS[name] if name in SIGNS else LABELS.index(name), mode


def share_in_scale(notes: Iterable[Sounded], key: Key) -> float:
    """Share of the sounding time that lies in a key's scale."""
    found = chroma_of_notes(notes)
    inside = sum(found[(key[0] + step) % 12] for step in SCALES[key[1]])
    return float(inside / found.sum()) if found.sum() > 0 else 1.0


def chord_tones(notes: Iterable[Sounded], chords: tuple[tuple[float, float, int, str], ...], shift: int = 0) -> float:
    """Share of the sounding time in tones of the written chords (moved by `shift` semitones), where there are any.

    60 ms around a change belong to both chords; what is shorter (strums, grace notes) does not count.
    """
    inside = total = 0.0
    for note in notes:
        if note.is_drum or note.end_s - note.start_s < SHORTEST_S:
            continue
        for start_s, end_s, root, quality in chords:
            both_s = min(note.end_s, end_s) - max(note.start_s, start_s)
            if both_s > GRACE_S:
                tones = {(root + shift + step) % 12 for step in INTERVALS[quality]}
                total += both_s
                inside += both_s if note.pitch % 12 in tones else 0.0
    return float(inside / total) if total > 0 else float("nan")
