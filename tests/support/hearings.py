"""Hearings made by hand: what the ear would say of clips whose tempo, chords and tune are known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from generation.clip import Clip
from generation.hearing import Chord, Hearing, Key, Note, Section

CHORDS = ((9, "min"), (5, "maj"), (0, "maj"), (7, "maj"))  # A minor, F, C, G
TUNE = (69, 71, 72, 76, 74, 72, 71, 69)


def song(
    tempo_bpm: float = 100.0,
    bars: int = 8,
    beats_per_bar: int = 4,
    offset_s: float = 0.3,
    waver: float = 0.0,
    chords: tuple[tuple[int, str], ...] = CHORDS,
    tuning_cents: float = 0.0,
) -> Hearing:
    """A clip of whole bars with one chord a bar, a tune in quarters and a pick-up of `offset_s` before the first bar.

    `waver` is how far the tempo swings to both sides (0.05: five per cent), over four bars.
    """
    times, now = [], offset_s
    for beat in range(bars * beats_per_bar + 1):
        times.append(now)
        now += 60.0 / tempo_bpm * (1 + waver * math.sin(2 * math.pi * beat / (4 * beats_per_bar)))
    beats, end = tuple(times[:-1]), times[-1]
    bar_edges = [*times[::beats_per_bar]]
    spans = tuple(
        Chord(start, stop, *chords[index % len(chords)]) for index, (start, stop) in enumerate(pairwise(bar_edges))
    )
    tune = tuple(
        Note(start, start + 0.9 * (stop - start), TUNE[index % len(TUNE)])
        for index, (start, stop) in enumerate(pairwise(times))
        if index % 4 != 3
    )
    half = bar_edges[bars // 2]
    return Hearing(
        duration_s=end, loudness_lufs=-14.0, peak_dbfs=-1.0, tempo_bpm=tempo_bpm, beat_confidence=0.95, beats_s=beats,
        downbeats_s=beats[::beats_per_bar], beats_per_bar=beats_per_bar, metre_confidence=0.9, key=Key(9, "minor"),
        key_confidence=0.9, chords=spans, chord_confidence=0.9, melody=tune, melody_confidence=0.9,
        sections=(Section(0.0, half, "A", 0.4), Section(half, end, "B", 0.8)), brightness_hz=1800.0,
        tuning_cents=tuning_cents,
    )  # fmt: skip


def silence(duration_s: float = 4.0) -> Hearing:
    """What is heard in digital silence."""
    return Hearing(duration_s, None, None, remarks=("The clip is silent.",))


def noise(duration_s: float = 5.0) -> Hearing:
    """What is heard in noise: loud, without beat and pitch."""
    return Hearing(duration_s, -12.0, -1.0, None, 0.38, brightness_hz=9000.0)


def drums_alone(tempo_bpm: float = 100.0) -> Hearing:
    """A beat without pitches."""
    full = song(tempo_bpm)
    return Hearing(
        full.duration_s, -12.0, -1.0, tempo_bpm, 0.95, full.beats_s, full.downbeats_s, 4, 0.8, brightness_hz=5000.0
    )


def one_note(duration_s: float = 3.0) -> Hearing:
    """A single held A, no beat."""
    return Hearing(
        duration_s, -16.0, -3.0, None, 0.3, key=Key(9, "minor"), key_confidence=0.1,
        chords=(Chord(0.0, duration_s, 9, "min", 0.2),), chord_confidence=0.2, melody=(Note(0.0, duration_s, 69),),
        melody_confidence=0.9,
    )  # fmt: skip


def hummed() -> Hearing:
    """A hummed tune without chords on a steady beat."""
    full = song(90.0)
    return Hearing(
        full.duration_s, -18.0, -4.0, 90.0, 0.8, full.beats_s, full.downbeats_s, 4, 0.7, Key(9, "minor"), 0.6,
        melody=full.melody, melody_confidence=0.8, brightness_hz=900.0,
    )  # fmt: skip


def clip_of(hearing: Hearing, sample_rate_hz: int = 44_100, channels: int = 2) -> Clip:
    """A quiet clip as long as the hearing says: a decaying tone on every beat (silence where there are none)."""
    frames = max(1, round(hearing.duration_s * sample_rate_hz))
    time_s = np.arange(frames) / sample_rate_hz
    samples = np.zeros(frames)
    for beat in hearing.beats_s:
        after = np.clip(time_s - beat, 0, None)
        samples += np.where(time_s >= beat, 0.3 * np.exp(-after * 12) * np.sin(2 * np.pi * 220 * after), 0)
    return Clip(np.repeat(samples[None].astype(np.float32), channels, axis=0), sample_rate_hz)
