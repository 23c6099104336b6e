"""Chords: the likeliest walk through the chords of the model, cheap to change on a downbeat, dear off the beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.audio.analyse.chord_model import (
    NAMES,
    NO_CHORD,
    NUM_CHORDS,
    Float,
    chord_evidence,
    entry_costs,
    segment_profiles,
)
from generation.audio.analyse.notes import NotePosteriors
from generation.hearing import CHORD_TONES, Chord

DOWNBEAT_COST, BEAT_COST, OFF_BEAT_COST = 1.0, 4.0, 6.0
FREE_COST = 4.0
FREE_GRID_S = 0.2
LONGEST_BEAT_S = 0.8
"""Slower beats than this (75 BPM) are halved: a chord may change between them."""
NEAR_S = 0.03
KEY_LEAN = 0.7


def chords_on_grid(
    notes: NotePosteriors, duration_s: float, beats_s: Float, downbeats_s: Float, key_weights: Float | None = None
) -> list[Chord]:
    """The chords from 0 to `duration_s`, changing on beats, or on a grid of 0.2 s where there are none.

    `key_weights` float64 [24] are the probabilities of the keys (C major .. B minor), if a key was found: chords of the
    likely keys are a little cheaper to enter.
    """
    edges_s, change_costs = _grid(duration_s, beats_s, downbeats_s)
    profile, bass = segment_profiles(notes, edges_s)
    evidence = chord_evidence(profile, bass, np.diff(edges_s))
    lean = None if key_weights is None else KEY_LEAN * diatonic(key_weights)
    path = _best_path(evidence, change_costs, entry_costs(lean))
    return _runs(path, evidence, edges_s)


def diatonic(key_weights: Float) -> Float:
    """How likely each chord (float64 [120]) has only notes of the key, minor with its raised seventh as well."""
    scales = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10, 11}}
    out = np.zeros(NUM_CHORDS)
    for index, weight in enumerate(key_weights):
        tonic, scale = index % 12, scales["major" if index < 12 else "minor"]
        for q, tones in enumerate(CHORD_TONES.values()):
            for root in range(12):
                inside = all((root + tone - tonic) % 12 in scale for tone in tones)
                out[12 * q + root] += weight * inside
    return out


def _grid(duration_s: float, beats_s: Float, downbeats_s: Float) -> tuple[Float, Float]:
    """Segment edges in seconds and the cost of changing the chord at each segment's start."""
    if beats_s.size < 2:
        edges_s = np.linspace(0, duration_s, max(round(duration_s / FREE_GRID_S), 1) + 1)
        return edges_s, np.full(edges_s.size - 1, FREE_COST)
    inner = beats_s
    if np.median(np.diff(beats_s)) > LONGEST_BEAT_S:
        inner = np.sort(np.concatenate([beats_s, (beats_s[1:] + beats_s[:-1]) / 2]))
    inner = inner[(inner > NEAR_S) & (inner < duration_s - NEAR_S)]
    edges_s = np.concatenate([[0.0], inner, [duration_s]])
    costs = np.full(edges_s.size - 1, OFF_BEAT_COST)
    costs[_near(edges_s[:-1], beats_s)] = BEAT_COST
    costs[_near(edges_s[:-1], downbeats_s)] = DOWNBEAT_COST
    return edges_s, costs


def _near(times_s: Float, marks_s: Float) -> NDArray[np.bool_]:
    if marks_s.size == 0:
        return np.zeros(times_s.size, bool)
    out: NDArray[np.bool_] = np.abs(times_s[:, None] - marks_s[None]).min(axis=1) < NEAR_S
    return out


def _best_path(evidence: Float, change_costs: Float, enter: Float) -> NDArray[np.intp]:
    """Viterbi: staying is free, entering state k at segment i costs change_costs[i] + enter[k]. States [segments]."""
    num_segments, num_states = evidence.shape
    came_from = np.empty((num_segments, num_states), np.intp)
    score = evidence[0] - enter
    for i in range(1, num_segments):
        best = int(score.argmax())
        entered = score[best] - change_costs[i] - enter
        stays = score >= entered
        came_from[i] = np.where(stays, np.arange(num_states), best)
        score = np.where(stays, score, entered) + evidence[i]
    path = np.empty(num_segments, np.intp)
    path[-1] = score.argmax()
    for i in range(num_segments - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path


def _runs(path: NDArray[np.intp], evidence: Float, edges_s: Float) -> list[Chord]:
    """Segments of the same chord joined; the confidence is the root's share of the joined likelihood."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    chords = []
    for first, last in zip(starts, [*starts[1:], path.size], strict=True):
        state = int(path[first])
        total = evidence[first:last].sum(axis=0)
        shares = np.exp((total - total.max()) / max(last - first, 1))
        shares /= shares.sum()
        root = None if state == NO_CHORD else state % 12
        same_root = shares[NO_CHORD] if root is None else shares[:NUM_CHORDS][root::12].sum()
        quality = "none" if root is None else NAMES[state // 12]
        chords.append(Chord(float(edges_s[first]), float(edges_s[last]), root, quality, float(same_root)))
    return chords
