"""Melody: phrases of question and answer made from motifs (the clip's own, or new ones), fitted to the chords."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from generation.engines.arranger.band import Player
from generation.engines.arranger.bass import plays_in
from generation.engines.arranger.events import Event, bar_of_pattern, strokes
from generation.engines.arranger.form import Section
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.spans import Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import MelodyStyle
from generation.engines.arranger.theory import SCALES, nearest_pitch, scale_of, scale_walk

PHRASE_BARS = 4
LARGEST_LEAP = 9
"""Semitones; a sixth. Larger steps between neighbours of a tune are folded."""


@dataclass(frozen=True, slots=True)
class MotifNote:
    """A note of a motif: its step in the bar, its length in steps, how far it lies from the motif's first note in
    scale steps, and how loud it is (1 is usual)."""

    step: int
    steps: int
    degree: int
    level: float = 1.0


Motif = tuple[MotifNote, ...]
"""One bar of a tune, without harmony."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Four bars of a tune, and the height (scale steps above the middle of the register) at which each bar begins."""

    bars: tuple[Motif, ...]
    heights: tuple[int, ...]


def make_theme(style: MelodyStyle, grid: Grid, rng: Random, motifs: tuple[Motif, ...] = ()) -> Theme:
    """A theme of question (two bars, left open) and answer (two bars, closed) over one or two motifs.

    The first bar states a motif, the second goes on and rests, the third takes the motif up again at another height,
    the fourth comes to rest on a long note.
    """
    first = rng.choice(motifs) if motifs else _new_motif(style, grid, rng)
    contrast = _new_motif(style, grid, rng) if len(motifs) < 2 else rng.choice(motifs)
    second = _opened(contrast, grid)
    third = first if rng.random() < 0.5 else _ornamented(first, rng)
    arch = rng.choice(((0, 2, 3, 0), (0, 1, 4, 1), (3, 1, 2, 0), (0, -1, 2, 1), (2, 4, 1, 0)))
    return Theme((first, second, third, _cadence(grid, rng)), arch)


def _new_motif(style: MelodyStyle, grid: Grid, rng: Random) -> Motif:
    """A rhythm cell of the style with a contour: steps mostly, a leap now and then that is then filled back."""
    cell = bar_of_pattern(rng.choice(style.cells), 0, grid.steps_per_bar, grid.beats_per_bar)
    degree, direction, notes = 0, rng.choice((-1, 1)), []
    for index, stroke in enumerate(strokes(cell)):
        if index:
            leap = rng.random() < style.leap
            degree += direction * rng.choice((2, 3, 4)) if leap else direction * rng.choice((1, 1, 0))
            if leap or abs(degree) > 4 or rng.random() < 0.3:
                direction = -direction
        level = {"X": 1.1, "o": 0.85}.get(stroke.sign, 1.0)
        notes.append(MotifNote(stroke.step, stroke.steps, degree, level))
    return tuple(notes)


def _opened(motif: Motif, grid: Grid) -> Motif:
    """The motif's first part, its last note held, the end of the bar left to breathe."""
    limit = grid.steps_per_bar * 5 // 8
    kept = [note for note in motif if note.step < limit] or list(motif[:1])
    if not kept:
        return ()
    last = kept[-1]
    length = max(last.steps, min(grid.steps_per_beat * 2, grid.steps_per_bar * 3 // 4 - last.step))
    return (*kept[:-1], replace(last, steps=max(length, 1)))


def _ornamented(motif: Motif, rng: Random) -> Motif:
    """The motif with one of its longer notes split into two."""
    long = [index for index, note in enumerate(motif) if note.steps >= 4]
    if not long:
        return motif
    index = rng.choice(long)
    note, half = motif[index], motif[index].steps // 2
    added = MotifNote(note.step + half, note.steps - half, note.degree + rng.choice((-1, 1)), 0.9)
    return (*motif[:index], replace(note, steps=half), added, *motif[index + 1 :])


def _cadence(grid: Grid, rng: Random) -> Motif:
    """A step or two into a long note."""
    beat, bar = grid.steps_per_beat, grid.steps_per_bar
    long = bar // 2
    form = rng.randrange(3)
    if form == 0:
        return (MotifNote(0, bar * 5 // 8, 0),)
    if form == 1:
        return (MotifNote(0, beat, 1), MotifNote(beat, long, 0))
    return (MotifNote(0, beat, 2, 0.9), MotifNote(beat, beat, 1, 0.9), MotifNote(2 * beat, long - beat // 2, 0))


class Melodist:
    """Plays themes over the harmony: the same theme for the same letter, varied when it comes again."""

    def __init__(
        self,
        player: Player,
        style: MelodyStyle,
        harmony: Harmony,
        grid: Grid,
        streams: Streams,
        motifs: tuple[Motif, ...] = (),
    ) -> None:
        self._player, self._style, self._harmony, self._grid = player, style, harmony, grid
        self._streams, self._motifs = streams, motifs
        self._themes: dict[str, Theme] = {}
        low, high = player.style.register_
        self._middle = (low + high) // 2 - 2
        self._last = self._middle

    def play(self, form: tuple[Section, ...]) -> tuple[Event, ...]:
        """The tune for a whole form; it leaves intros, breaks and builds to others."""
        events: list[Event] = []
        for section in form:
            if section.kind == "ending":
                events += self._last_note(section)
            elif plays_in(self._player, section) and section.kind not in ("intro", "break", "build"):
                events += self._section(section)
        return tuple(events)

    def _theme(self, letter: str) -> Theme:
        if letter not in self._themes:
            rng = self._streams.stream("melody", letter)
            self._themes[letter] = make_theme(self._style, self._grid, rng, self._motifs)
        return self._themes[letter]

    def _section(self, section: Section) -> list[Event]:
        theme = self._theme(section.letter)
        events: list[Event] = []
        lift = 2 if section.kind == "drop" else 1 if section.letter == "B" else 0
        for index in range(section.num_bars):
            place = index % PHRASE_BARS
            if section.num_bars < PHRASE_BARS and index == section.num_bars - 1 and index:
                place = PHRASE_BARS - 1
            rng = self._streams.stream("melody", section.letter, section.occurrence, index)
            motif = theme.bars[place]
            if (section.occurrence or index >= PHRASE_BARS) and place in (0, 2) and rng.random() < 0.6:
                motif = _ornamented(motif, rng)
            height = theme.heights[place] + lift + (1 if index >= PHRASE_BARS and place < 2 else 0)
            played = self._bar(motif, section.first_bar + index, height, section, place == PHRASE_BARS - 1)
            if place == 0 and played and rng.random() < self._style.pickup:
                events += self._pickup(played[0], events, section)
            events += played
        return events

    def _pickup(self, first: Event, before: list[Event], section: Section) -> list[Event]:
        """Two steps of the scale into a phrase's first note, where the tune rests before it."""
        bar = first.start // self._grid.beats_per_bar * self._grid.beats_per_bar
        pace = 0.5 if self._grid.beats_per_bar != 6 else 1.0
        start = bar - 2 * pace
        free = not before or before[-1].end <= start
        if not free or bar == section.first_bar * self._grid.beats_per_bar or first.start > bar + 0.3:
            return []
        scale = self._harmony.scale_at(start)
        pitches = [self._in_register(scale_walk(first.pitch, steps, scale)) for steps in (-2, -1)]
        velocity = first.velocity * 0.85
        return [Event(start + index * pace, pace * 0.9, pitch, velocity) for index, pitch in enumerate(pitches)]

    def _bar(self, motif: Motif, bar: int, height: int, section: Section, is_cadence: bool) -> list[Event]:
        """A motif on the chords of a bar: it begins on the chord note nearest its height, goes on in scale steps,
        and is drawn to chord notes where the beat is strong or the note long."""
        beats, step_beats = self._grid.beats_per_bar, 1.0 / self._grid.steps_per_beat
        events: list[Event] = []
        anchor = 0
        for index, note in enumerate(motif):
            start = bar * beats + note.step * step_beats
            scale, tones = self._scale(start), self._harmony.at(start).pitch_classes
            if index == 0:
                anchor = nearest_pitch(scale_walk(self._middle, height, scale_of(self._harmony.key)), tones)
                anchor = self._folded(anchor)
            pitch = scale_walk(anchor, note.degree - motif[0].degree, scale)
            # over a clip's chords every beat says the chord, over own ones the first and third are enough
            pulse = self._grid.steps_per_beat * (1 if self._harmony.from_clip else 2)
            strong = note.step % pulse == 0 or note.steps >= self._grid.steps_per_beat * 3 // 2
            if strong or (is_cadence and index == len(motif) - 1):
                pitch = nearest_pitch(pitch, tones)
            pitch = self._folded(pitch)
            velocity = (
                self._player.style.velocity * note.level * (1.05 if strong else 0.93) * (0.85 + 0.2 * section.energy)
            )
            length = note.steps * step_beats * self._player.style.legato
            events.append(Event(start, length, pitch, min(velocity, 1.0)))
            self._last = pitch
        return events

    def _scale(self, beat: float) -> tuple[int, ...]:
        """The style's scale where it holds the chord's notes, otherwise the full one."""
        full = self._harmony.scale_at(beat)
        if self._style.scale is None:
            return full
        name = f"{self._harmony.key.mode} pentatonic" if self._style.scale == "pentatonic" else self._style.scale
        own = scale_of(self._harmony.key, name) if name in SCALES else full
        tones = set(self._harmony.at(beat).pitch_classes)
        kept = [pc for pc in own if pc in full]
        return tuple(sorted({*kept, *tones})) if len(kept) >= 4 else full

    def _folded(self, pitch: int) -> int:
        """Within the register, and no more than a sixth from the note before where an octave helps."""
        low, high = self._player.style.register_
        while pitch - self._last > LARGEST_LEAP and pitch - 12 >= low:
            pitch -= 12
        while self._last - pitch > LARGEST_LEAP and pitch + 12 <= high:
            pitch += 12
        return self._in_register(pitch)

    def _in_register(self, pitch: int) -> int:
        low, high = self._player.style.register_
        while pitch > high:
            pitch -= 12
        while pitch < low:
            pitch += 12
        return pitch

    def _last_note(self, section: Section) -> list[Event]:
        start = float(section.first_bar * self._grid.beats_per_bar)
        tones = self._harmony.at(start).pitch_classes
        low, high = self._player.style.register_
        pitch = nearest_pitch(self._last, tones[:1] if self._last % 12 not in tones[:3] else tones[:3], low, high)
        return [Event(start, section.num_bars * self._grid.beats_per_bar, pitch, self._player.style.velocity)]
