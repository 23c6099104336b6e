"""The clip's tune: its melody on the grid, and the motifs that new tunes are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from generation.engines.arranger.events import Event
from generation.engines.arranger.frame import Frame
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.melody import PHRASE_BARS, Motif, MotifNote
from generation.engines.arranger.spans import Harmony
from generation.engines.arranger.theory import nearest_pitch, scale_of, scale_walk
from generation.hearing import Hearing

MIN_MELODY_CONFIDENCE = 0.35
MIN_MOTIF_NOTES = 3
MAX_MOTIF_NOTES = 9


def heard_tune(frame: Frame, hearing: Hearing) -> tuple[Event, ...]:
    """The clip's melody as events on its own grid in the take's key, on sixteenths, one note at a time."""
    grid = frame.source_grid
    if grid is None or hearing.melody_confidence < MIN_MELODY_CONFIDENCE:
        return ()
    events: list[Event] = []
    step = 1.0 / grid.steps_per_beat
    for note in sorted(hearing.melody, key=lambda note: note.start_s):
        start = round(grid.beat_at(note.start_s) / step) * step
        end = max(round(grid.beat_at(note.end_s) / step) * step, start + step)
        if events and start <= events[-1].start:
            continue
        if events and events[-1].end > start:
            before = events[-1]
            events[-1] = Event(before.start, start - before.start, before.pitch, before.velocity)
        events.append(Event(start, end - start, note.pitch + frame.transpose, min(max(note.velocity, 0.45), 0.95)))
    return tuple(events)


def fitted_tune(tune: tuple[Event, ...], harmony: Harmony, register: tuple[int, int]) -> tuple[Event, ...]:
    """The tune moved by octaves into a register; notes outside chord and scale are drawn to the nearest inside."""
    if not tune:
        return ()
    low, high = register
    middle = sorted(event.pitch for event in tune)[len(tune) // 2]
    shift = 12 * round(((low + high) / 2 - middle) / 12)
    fitted = []
    for event in tune:
        pitch = event.pitch + shift
        while pitch > high + 3:
            pitch -= 12
        while pitch < low - 3:
            pitch += 12
        allowed = set(harmony.scale_at(event.start)) | set(harmony.at(event.start).pitch_classes)
        if pitch % 12 not in allowed:
            pitch = nearest_pitch(pitch, allowed)
        fitted.append(Event(event.start, event.length, pitch, event.velocity))
    return tuple(fitted)


def phrase_beats(cycle: int, counted_bar: float, heard: int) -> int:
    """How long a clip's phrase is, in beats: whole cycles of its chords, four bars as people count them or a little
    more, but no more than was heard."""
    wanted = PHRASE_BARS * counted_bar
    cycles = max(1, min(-(-wanted // cycle), heard // cycle)) if cycle else 1
    return int(cycles * (cycle or wanted))


def resumed_tune(tune: tuple[Event, ...], start: int, end: int, phrase: int) -> tuple[Event, ...]:
    """What the tune played in the last `phrase` beats before beat `start`, again and again up to beat `end`."""
    again = [
        replace(event, start=event.start + shift, length=min(event.length, end - event.start - shift))
        for event in tune
        if start - phrase <= event.start < start
        for shift in range(phrase, end - start + phrase, phrase)
        if event.start + shift < end
    ]
    return tuple(sorted(again, key=lambda event: event.start))


def ornamented_tune(tune: tuple[Event, ...], harmony: Harmony, rng: Random, share: float) -> tuple[Event, ...]:
    """The tune with a share (0..1) of its longer notes split by a neighbour note of the scale."""
    out: list[Event] = []
    for event in tune:
        if event.length < 1.0 or rng.random() >= share:
            out.append(event)
            continue
        half = event.length / 2
        neighbour = scale_walk(event.pitch, rng.choice((-1, 1)), harmony.scale_at(event.start))
        out.append(Event(event.start, half, event.pitch, event.velocity))
        if rng.random() < 0.5:
            out.append(Event(event.start + half, half, neighbour, event.velocity * 0.9))
        else:
            out.append(Event(event.start + half, half / 2, neighbour, event.velocity * 0.85))
            out.append(Event(event.start + half * 1.5, half / 2, event.pitch, event.velocity * 0.9))
    return tuple(out)


def motifs_of(tune: tuple[Event, ...], grid: Grid, harmony: Harmony) -> tuple[Motif, ...]:
    """Up to two bars of a tune as motifs: those whose rhythm comes most often, with enough notes to be remembered."""
    bars: dict[int, list[Event]] = {}
    for event in tune:
        bars.setdefault(grid.bar_of(event.start), []).append(event)
    shaped = [
        _motif(events, bar, grid, harmony)
        for bar, events in sorted(bars.items())
        if MIN_MOTIF_NOTES <= len(events) <= MAX_MOTIF_NOTES
    ]
    counts = Counter(tuple((note.step, note.steps) for note in motif) for motif in shaped)
    ranked = sorted(shaped, key=lambda motif: -counts[tuple((note.step, note.steps) for note in motif)])
    chosen: list[Motif] = []
    for motif in ranked:
        if all([n.step for n in motif] != [n.step for n in other] for other in chosen):
            chosen.append(motif)
    return tuple(chosen[:2])


def _motif(events: list[Event], bar: int, grid: Grid, harmony: Harmony) -> Motif:
    scale = scale_of(harmony.key)
    first = _scale_index(events[0].pitch, scale)
    notes = []
    for event in events:
        step = round((event.start - bar * grid.beats_per_bar) * grid.steps_per_beat)
        steps = max(1, min(round(event.length * grid.steps_per_beat), grid.steps_per_bar - step))
        notes.append(MotifNote(step, steps, _scale_index(event.pitch, scale) - first))
    return tuple(notes)


def _scale_index(pitch: int, scale: tuple[int, ...]) -> int:
    """The number of a pitch on the endless ladder of a scale."""
    ladder = sorted(scale)
    drawn = nearest_pitch(pitch, ladder)
    return drawn // 12 * len(ladder) + ladder.index(drawn % 12)
