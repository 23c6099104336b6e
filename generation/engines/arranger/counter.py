"""The counter line: long guide tones that move little, and answer where the tune rests."""

from __future__ import annotations

from generation.engines.arranger.band import Player
from generation.engines.arranger.bass import plays_in
from generation.engines.arranger.events import Event
from generation.engines.arranger.form import Section
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.spans import ChordSpan, Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.theory import nearest_pitch, scale_walk


def play_counter(
    player: Player, form: tuple[Section, ...], harmony: Harmony, grid: Grid, streams: Streams, tune: tuple[Event, ...]
) -> tuple[Event, ...]:
    """A second voice for a whole form; `tune` is what the lead plays, whose rests it fills."""
    events: list[Event] = []
    low, high = player.style.register_
    last = (low + high) // 2
    for section in form:
        if section.kind != "ending" and not plays_in(player, section):
            continue
        start, end = section.first_bar * grid.beats_per_bar, section.end_bar * grid.beats_per_bar
        rng = streams.stream("counter", section.letter, section.occurrence)
        for span in harmony.between(start, end):
            pitch = nearest_pitch(last + rng.choice((-1, 0, 1)), _guide_tones(span), low, high)
            moves = span.end - span.start >= grid.beats_per_bar and section.kind != "ending"
            rests = not any(span.start + grid.beats_per_bar / 2 <= note.start < span.end for note in tune)
            events += _figure(span, pitch, harmony, grid, player, moves and (rests or rng.random() < 0.3))
            last = events[-1].pitch
    return tuple(events)


def _guide_tones(span: ChordSpan) -> tuple[int, ...]:
    """Third and seventh say what a chord is; without a seventh third and fifth."""
    tones = span.pitch_classes
    return (tones[1], tones[3]) if len(tones) > 3 else tones[1:]


def _figure(span: ChordSpan, pitch: int, harmony: Harmony, grid: Grid, player: Player, moves: bool) -> list[Event]:
    """The note held; or held to the last two beats, with two steps towards the next chord's guide tone."""
    velocity, legato = player.style.velocity, player.style.legato
    if not moves or span.end - span.start < 3:
        return [Event(span.start, (span.end - span.start) * legato, pitch, velocity)]
    aim = nearest_pitch(pitch, _guide_tones(harmony.next_after(span.start)))
    direction = 1 if aim > pitch else -1
    turn = span.end - (2.0 if grid.beats_per_bar != 6 else 3.0)
    half = (span.end - turn) / 2
    steps = [
        scale_walk(pitch, direction, harmony.scale_at(turn)),
        scale_walk(pitch, 2 * direction, harmony.scale_at(turn)),
    ]
    moving = [Event(turn + index * half, half * legato, step, velocity * 0.9) for index, step in enumerate(steps)]
    return [Event(span.start, (turn - span.start) * legato, pitch, velocity), *moving]
