"""What a MIDI file is like in numbers, and a classifier that tells styles apart by them.

The features are counted on the file alone; nothing of the arranger's style tables goes in. They are of the kinds of
jSymbolic (McKay and Fujinaga, ISMIR 2006): instrument families, pitch classes and intervals, onsets in the bar,
density, register, the drum kit's pieces, swing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.arranging.sheet import Sheet, Written

STEPS = 16
KICKS, SNARES, HATS = (35, 36), (37, 38, 39, 40), (42, 44, 46, 51, 54, 70)
DRUM_PIECES = (35, 36, 37, 38, 39, 40, 42, 44, 46, 49, 51, 54, 56, 70, 75)
RIDGE = 20.0
"""Weight of the penalty; features are standardised first."""


def features(sheet: Sheet) -> np.ndarray:
    """float64 [features] of a file."""
    pitched = [note for note in sheet.notes if not note.is_drum]
    drums = [note for note in sheet.notes if note.is_drum]
    beats = max(len(sheet.beats_s) - 1, 1)
    low = [note for note in pitched if note.pitch < 48]
    return np.concatenate([
        [sheet.beats_per_bar, np.log2(sheet.tempo_bpm), swing(sheet.notes)],
        np.sqrt(_families(pitched)),
        _shares(_above_roots(pitched, low), 12),
        _shares([abs(step) for step in _steps_of_lines(pitched)], 13),
        *(onsets([n for n in drums if n.pitch in pieces], sheet) for pieces in (KICKS, SNARES, HATS)),
        onsets(low, sheet), onsets(pitched, sheet),
        _shares([DRUM_PIECES.index(n.pitch) for n in drums if n.pitch in DRUM_PIECES], len(DRUM_PIECES)),
        [np.log1p(len(pitched) / beats), np.log1p(len(drums) / beats), np.log1p(_chord_size(pitched))],
        _moments([note.pitch for note in pitched]), _moments([np.log2(max(n.length, 0.05)) for n in pitched]),
        _moments([note.velocity for note in sheet.notes]),
    ])  # fmt: skip


def _families(notes: list[Written]) -> np.ndarray:
    """Share of the notes of each of General MIDI's sixteen families."""
    return _shares([note.program // 8 for note in notes], 16)


def _shares(values: list[int], size: int) -> np.ndarray:
    counts = np.bincount([min(value, size - 1) for value in values], minlength=size).astype(float)
    return np.asarray(counts / max(counts.sum(), 1.0))


def _above_roots(notes: list[Written], low: list[Written]) -> list[int]:
    """Each note's pitch class above the bass note that came last."""
    starts = [note.start for note in low]
    places = [bisect_right(starts, note.start + 0.1) - 1 for note in notes]
    return [(note.pitch - (low[at].pitch if at >= 0 else 0)) % 12 for note, at in zip(notes, places, strict=True)]


def _steps_of_lines(notes: list[Written]) -> list[int]:
    """Intervals between notes that follow each other in a track."""
    found = []
    for track in {note.track for note in notes}:
        line = [note for note in notes if note.track == track]
        found += [b.pitch - a.pitch for a, b in pairwise(line) if b.start > a.start]
    return found


def onsets(notes: list[Written], sheet: Sheet) -> np.ndarray:
    """Notes a bar at each sixteenth of the bar."""
    bars = max(len(sheet.beats_s) / sheet.beats_per_bar, 1.0)
    found = np.zeros(STEPS)
    for note in notes:
        found[round((note.start - sheet.pickup) % sheet.beats_per_bar * 4) % STEPS] += note.velocity / 100
    return np.asarray(np.sqrt(found / bars))


def swing(notes: tuple[Written, ...]) -> float:
    """Where the notes of a beat's second half lie: 0.5 straight, 0.67 in triplets."""
    inside = [note.start % 1 for note in notes if 0.4 < note.start % 1 < 0.75]
    return float(np.median(inside)) if inside else 0.5


def _chord_size(notes: list[Written]) -> float:
    return len(notes) / max(len({(note.track, round(note.start * 4)) for note in notes}), 1)


def _moments(values: list[float]) -> np.ndarray:
    return np.array([np.mean(values), np.std(values)]) if values else np.zeros(2)


@dataclass(frozen=True)
class Classifier:
    """One against the others, by ridge regression on standardised features."""

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    @classmethod
    def trained(cls, rows: np.ndarray, labels: np.ndarray) -> Classifier:
        """`rows` [files, features], `labels` int [files]."""
        mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-3
        x, y = (rows - mean) / spread, np.eye(labels.max() + 1)[labels]
        weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (y - y.mean(axis=0)))
        return cls(mean, spread, weights)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """[files, styles]: the higher the more likely."""
        return np.asarray((rows - self.mean) / self.spread @ self.weights)


def auc(inside: np.ndarray, outside: np.ndarray) -> float:
    """The chance that one of `inside` scores higher than one of `outside`."""
    more, same = inside[:, None] > outside[None, :], inside[:, None] == outside[None, :]
    return float(more.mean() + 0.5 * same.mean())
