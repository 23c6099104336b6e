"""Sections: stretches of bars that sound alike, with letters for those that come back."""

from __future__ import annotations

import itertools

import numpy as np

from generation.audio.analyse.beat_features import FloatArray
from generation.audio.analyse.beats import Times
from generation.audio.analyse.chord_model import Float
from generation.audio.analyse.notes import NotePosteriors, pitch_class_rows
from generation.hearing import Section

BLOCK_S = 2.0
"""Length of a unit where there are no bars."""
SHORTEST_UNITS = 2
SECTION_COST = 2.5
ODD_LENGTH_COST = 0.5
SAME_DISTANCE = 0.8
BAND_EDGES_HZ = (0.0, 150.0, 400.0, 1_000.0, 2_500.0, 5_000.0, 11_025.0)
DB_PER_UNIT = 8.0
FLOOR_DB = -45.0
PITCH_SHARE = 0.6
FULL_DB, QUIET_DB = -12.0, -42.0


def find_sections(mono: FloatArray, rate_hz: int, notes: NotePosteriors, downbeats_s: Times) -> tuple[Section, ...]:
    """The sections of a clip, on its bars (or every 2 s without bars). Energy is 0 at -42 dBFS and below, 1 at -12.

    Units are described by their level in six bands and their pitch classes, then cut by dynamic programming so that
    the units of a section differ little and sections are few; lengths of two and four bars are preferred.
    """
    edges_s = _edges(mono.size / rate_hz, downbeats_s)
    features = _features(mono, rate_hz, notes, edges_s)
    cuts = _segment(features)
    labels = _labels([features[a:b].mean(axis=0) for a, b in itertools.pairwise(cuts)])
    sections = []
    for (first, last), label in zip(itertools.pairwise(cuts), labels, strict=True):
        start_s, end_s = float(edges_s[first]), float(edges_s[last])
        sections.append(Section(start_s, end_s, label, _energy(mono[int(start_s * rate_hz) : int(end_s * rate_hz)])))
    return tuple(sections)


def _edges(duration_s: float, downbeats_s: Times) -> Times:
    """Unit edges from 0 to the end; what is left before the first and after the last bar joins its neighbour."""
    if downbeats_s.size < 2:
        return np.linspace(0, duration_s, max(round(duration_s / BLOCK_S), 1) + 1)
    bar_s = float(np.median(np.diff(downbeats_s)))
    inner = downbeats_s[(downbeats_s > bar_s / 2) & (downbeats_s < duration_s - bar_s / 2)]
    return np.concatenate([[0.0], inner, [duration_s]])


def _features(mono: FloatArray, rate_hz: int, notes: NotePosteriors, edges_s: Times) -> Float:
    """One row a unit: levels of the bands in units of 8 dB, then the pitch classes' shares. float64 [units, 18]."""
    rows = []
    pitch_classes = pitch_class_rows(notes.sounding)
    for start_s, end_s in itertools.pairwise(edges_s):
        samples = mono[int(start_s * rate_hz) : max(int(end_s * rate_hz), int(start_s * rate_hz) + 1)]
        padded = 1 << (samples.size - 1).bit_length()  # lengths with a large prime in them take ten times as long
        power = np.abs(np.fft.rfft(samples, padded)) ** 2 / (samples.size * padded)  # Parseval: levels stay the same
        hz = np.fft.rfftfreq(padded, 1 / rate_hz)
        bands = [power[(hz >= a) & (hz < b)].sum() for a, b in itertools.pairwise(BAND_EDGES_HZ)]
        level = np.maximum(10 * np.log10(np.array(bands) + 1e-12), FLOOR_DB) / DB_PER_UNIT
        first = min(notes.frame_at(float(start_s)), max(notes.num_frames - 1, 0))
        profile = pitch_classes[first : max(notes.frame_at(float(end_s)), first + 1)].mean(axis=0)
        rows.append(np.concatenate([level, PITCH_SHARE * profile / (np.linalg.norm(profile) + 0.1)]))
    return np.array(rows)


def _segment(features: Float) -> list[int]:
    """Cuts 0 .. units with the least squared deviation inside the sections, plus a cost for each section."""
    num_units = len(features)
    sums, squares = np.vstack([np.zeros(features.shape[1]), features.cumsum(axis=0)]), np.cumsum(features**2, axis=0)
    squares = np.concatenate([[0.0], squares.sum(axis=1)])
    best, came_from = np.full(num_units + 1, np.inf), np.zeros(num_units + 1, int)
    best[0] = 0.0
    for end in range(1, num_units + 1):
        for start in range(end):
            length = end - start
            if length < SHORTEST_UNITS and num_units >= SHORTEST_UNITS:
                continue
            spread = squares[end] - squares[start] - ((sums[end] - sums[start]) ** 2).sum() / length
            cost = best[start] + spread + SECTION_COST + (ODD_LENGTH_COST if length % 2 else 0.0)
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    cuts = [num_units]
    while cuts[-1]:
        cuts.append(int(came_from[cuts[-1]]))
    return cuts[::-1]


def _labels(means: list[Float]) -> list[str]:
    """A letter a section; the letter of an earlier one that it is close to."""
    labels: list[str] = []
    models: list[tuple[str, Float]] = []
    for mean in means:
        near = [(float(np.linalg.norm(mean - other)), label) for label, other in models]
        if near and min(near)[0] < SAME_DISTANCE:
            labels.append(min(near)[1])
        else:
            labels.append(chr(ord("A") + min(len(models), 25)))
            models.append((labels[-1], mean))
    return labels


def _energy(samples: FloatArray) -> float:
    power = float(np.square(samples, dtype=np.float64).mean()) if samples.size else 0.0
    level_db = 10 * np.log10(power + 1e-12)
    return float(np.clip((level_db - QUIET_DB) / (FULL_DB - QUIET_DB), 0, 1))
