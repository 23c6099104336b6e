"""Pitch arithmetic: scales, chord qualities, roman numerals, keys. Pure numbers, no state."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generation.hearing import CHORD_TONES, Key

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}
"""Semitones above the tonic."""

QUALITIES: dict[str, tuple[int, ...]] = CHORD_TONES | {
    "6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "min9": (0, 3, 7, 10, 2),
    "5": (0, 7),
}
"""Semitones above the root, in the order in which a voicing may leave them away from the end."""

CHORD_SIGNS = {"maj": "", "min": "m", "min7": "m7", "min7b5": "m7b5", "min9": "m9", "min6": "m6"}
PLAIN_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

_ROMAN = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_NUMERAL = re.compile(r"^([b#]?)(VII|VI|V|IV|III|II|I|vii|vi|v|iv|iii|ii|i)(.*)$")
_SUFFIXES = {
    "": None, "7": "7", "maj7": "maj7", "maj9": "maj9", "9": "9", "6": "6", "sus4": "sus4", "sus2": "sus2",
    "dim": "dim", "aug": "aug", "m7b5": "min7b5", "5": "5",
}  # fmt: skip
_SMALL = {"7": "min7", "9": "min9", "6": "min6"}


def scale_of(key: Key, name: str | None = None) -> tuple[int, ...]:
    """The pitch classes of a key's scale (or of the named scale on its tonic), ascending from the tonic."""
    return tuple((key.tonic + step) % 12 for step in SCALES[name or key.mode])


def chord_pitch_classes(root: int, quality: str) -> tuple[int, ...]:
    """The pitch classes of a chord, root first."""
    return tuple((root + step) % 12 for step in QUALITIES[quality])


def chord_name(root: int, quality: str) -> str:
    """A chord as musicians write it: "Dm7", "F", "Bbmaj7"."""
    return PLAIN_NAMES[root] + CHORD_SIGNS.get(quality, quality)


def numeral_chord(numeral: str, key: Key) -> tuple[int, str]:
    """(root pitch class, quality) of a roman numeral in a key: "ii7", "bVII", "V7", "iv", "Imaj7", "vii°" as "viidim".

    Degrees count on the major scale in major and on the natural minor scale in minor, so "VI" in A minor is F.

    Raises:
        ValueError: not a numeral of this notation.
    """
    match = _NUMERAL.match(numeral)
    if match is None or match[3] not in _SUFFIXES:
        raise ValueError(f"not a chord numeral: {numeral!r}")
    accidental = {"b": -1, "#": 1, "": 0}[match[1]]
    degree = SCALES[key.mode][_ROMAN[match[2].lower()]]
    small = match[2].islower()
    quality = _SMALL.get(match[3]) if small else None
    quality = quality or _SUFFIXES[match[3]] or ("min" if small else "maj")
    return (key.tonic + degree + accidental) % 12, quality


def nearest_pitch(pitch: float, pitch_classes: Iterable[int], low: int = 0, high: int = 127) -> int:
    """The MIDI pitch in low..high that lies nearest to `pitch` among the pitch classes (the lower one of a tie)."""
    allowed = {pc % 12 for pc in pitch_classes}
    centre = min(max(round(pitch), low), high)
    span = range(max(low, centre - 12), min(high, centre + 12) + 1)  # every pitch class lies within an octave
    candidates = [p for p in span if p % 12 in allowed]
    return min(candidates, key=lambda p: (abs(p - pitch), p)) if candidates else centre


def scale_walk(pitch: int, steps: int, scale: Iterable[int]) -> int:
    """The pitch `steps` scale steps above (or below) `pitch`, which is first drawn to the scale."""
    members = {pc % 12 for pc in scale}
    current = nearest_pitch(pitch, members)
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        current += direction
        while current % 12 not in members:
            current += direction
    return current


def key_of_chords(chords: Iterable[tuple[int, str, float]]) -> Key | None:
    """The key whose scale holds most of (root, quality, weight); its tonic chord counts double. None without chords."""
    weighted = list(chords)
    if not weighted:
        return None

    def fit(key: Key) -> float:
        scale = set(scale_of(key))
        total = 0.0
        for root, quality, weight in weighted:
            tones = chord_pitch_classes(root, quality)
            total += weight * sum(tone in scale for tone in tones) / len(tones)
            total += weight * (root == key.tonic and (3 in QUALITIES[quality]) == (key.mode == "minor"))
        return total

    return max((Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")), key=fit)
