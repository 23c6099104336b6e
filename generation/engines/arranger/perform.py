"""Performing: events on the grid become notes in seconds, with swing, a hand's unevenness, and strums."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from generation.engines.arranger.events import Event
from generation.engines.arranger.frame import Frame
from generation.engines.arranger.style import DRUMS
from generation.hearing import Note

MIN_NOTE_S = 0.04
FULL_SWING_SHIFT = 1 / 6
"""How far the off-beat of a swung pair moves at swing 1, in pairs: from the half to two thirds (triplets)."""
VELOCITY_SPREAD = 0.035
RELEASE_S = 0.06
"""The last notes end this long before the take does, so that their release is heard."""


@dataclass(frozen=True, slots=True)
class Feel:
    """How a part is played: swing 0..1 on eighths (8) or sixteenths (16), the hand's spread, how late it lies, and
    how far apart the notes of a strummed chord are."""

    swing: float
    swing_unit: int
    spread_ms: float
    late_ms: float = 0.0
    strum_ms: float = 0.0
    late_by_pitch_ms: dict[int, float] | None = None


def swung(beat: float, swing: float, unit: int) -> float:
    """A position with swing: the second half of every beat (unit 8) or half beat (unit 16) comes later.

    Positions between are stretched along, so that nothing changes its order.
    """
    pair = 1.0 if unit == 8 else 0.5
    start = beat // pair * pair
    inside = (beat - start) / pair
    middle = 0.5 + FULL_SWING_SHIFT * swing
    warped = inside * 2 * middle if inside < 0.5 else middle + (inside - 0.5) * 2 * (1 - middle)
    return start + warped * pair


def perform(events: tuple[Event, ...], frame: Frame, feel: Feel, rng: Random) -> tuple[Note, ...]:
    """Notes in seconds of the score's clock, by time; what lies outside the take is left out or cut."""
    limit_s = frame.duration_s - min(RELEASE_S, frame.duration_s / 4)
    first_s = frame.grid.seconds(frame.first_beat) - frame.clock_shift_s if frame.join_s else 0.0
    notes: list[Note] = []
    chord_start, place = -1.0, 0
    for event in sorted(events, key=lambda event: (event.start, event.pitch)):
        if event.start < frame.first_beat - 1e-6:
            continue
        place = place + 1 if event.start == chord_start else 0
        chord_start = event.start
        start_s, end_s = _seconds(event, frame, feel)
        shift_s = _shift_s(event, feel, place, rng)
        start_s = max(start_s + shift_s, first_s, 0.0)
        end_s = min(max(end_s, start_s + MIN_NOTE_S), limit_s)
        if end_s - start_s >= MIN_NOTE_S / 2:
            velocity = min(max(event.velocity + rng.gauss(0, VELOCITY_SPREAD), 0.05), 1.0)
            notes.append(Note(start_s, end_s, event.pitch, velocity))
    return _monophonic_pitches(sorted(notes, key=lambda note: (note.start_s, note.pitch)))


def _seconds(event: Event, frame: Frame, feel: Feel) -> tuple[float, float]:
    start = swung(event.start, feel.swing, feel.swing_unit)
    end = swung(event.end, feel.swing, feel.swing_unit)
    grid, shift = frame.grid, frame.clock_shift_s
    return grid.seconds(start) - shift, grid.seconds(end) - shift


def _shift_s(event: Event, feel: Feel, place: int, rng: Random) -> float:
    spread = min(max(rng.gauss(0, feel.spread_ms), -2 * feel.spread_ms), 2 * feel.spread_ms)
    late = feel.late_ms + (feel.late_by_pitch_ms or {}).get(event.pitch, 0.0)
    return (spread + late + place * feel.strum_ms) / 1000


def _monophonic_pitches(notes: list[Note]) -> tuple[Note, ...]:
    """Without a note that starts while the same pitch still sounds: the earlier one ends there."""
    latest: dict[int, int] = {}
    out: list[Note] = []
    for note in notes:
        index = latest.get(note.pitch)
        if index is not None and out[index].end_s > note.start_s:
            before = out[index]
            if note.start_s - before.start_s < 0.01:
                continue
            out[index] = Note(before.start_s, note.start_s, before.pitch, before.velocity)
        latest[note.pitch] = len(out)
        out.append(note)
    return tuple(out)


def drum_lateness(late_ms: dict[str, float]) -> dict[int, float]:
    """Lateness by percussion pitch from a style's table by drum name."""
    return {DRUMS[name]: late for name, late in late_ms.items() if name in DRUMS}
