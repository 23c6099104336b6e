"""Comping: chords, arpeggios, riffs and pads over the harmony, from rhythm patterns and voice-led voicings."""

from __future__ import annotations

from bisect import bisect_right
from random import Random

from generation.engines.arranger.band import Player
from generation.engines.arranger.bass import plays_in
from generation.engines.arranger.events import Event, Stroke, bar_of_pattern, own_pattern, strokes
from generation.engines.arranger.form import Section
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.spans import ChordSpan, Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.voicing import voice

SIGN_LEVELS = {"X": 1.12, "x": 1.0, "o": 0.78}
ANTICIPATION_BEATS = 0.5
"""A stroke this near to the next chord, and held into it, already plays that chord."""
LONGEST_PAD_BARS = 2
LAST_CHORD_LEVEL = 0.85
"""All parts sound in the last chord, and it is held: at full strength it would stand out of the piece by 3 to 4 dB."""


class Comper:
    """One chordal part while it plays: remembers its last voicing, so that the next one moves little.

    `bass` is what the bass plays, which the highest voice of the chords does not run along with.
    """

    def __init__(
        self, player: Player, harmony: Harmony, grid: Grid, streams: Streams, bass: tuple[Event, ...] = ()
    ) -> None:
        self._player, self._harmony, self._grid, self._streams = player, harmony, grid, streams
        self._bass, self._bass_starts = bass, [event.start for event in bass]
        self._last: tuple[int, ...] = ()
        self._root: int | None = None
        self._low = 0
        self._by_letter: dict[str, str] = {}

    def play(self, form: tuple[Section, ...]) -> tuple[Event, ...]:
        """The part for a whole form."""
        events: list[Event] = []
        for section in form:
            if section.kind == "ending":
                events += self._last_chord(section)
            elif plays_in(self._player, section):
                events += self._pad(section) if self._player.style.role == "pad" else self._patterned(section)
        return tuple(events)

    def _voice(self, span: ChordSpan) -> tuple[int, ...]:
        style = self._player.style
        # a heard chord keeps its root in the chords, so that it is recognised above a bass that walks
        kind = "close" if style.voicing == "rich" and self._harmony.from_clip else style.voicing
        if span.root == self._root:
            self._last = voice(span, kind, *style.register_, self._last)
            return self._last
        low = self._bass_under(span)
        self._last = voice(span, kind, *style.register_, self._last, None if self._root is None else (self._low, low))
        self._root, self._low = span.root, low
        return self._last

    def _bass_under(self, span: ChordSpan) -> int:
        """The pitch class of the bass where a chord begins: what it plays there, the root where it rests."""
        there = self._harmony.at(span.start)
        is_early = (there.root, there.quality) != (span.root, span.quality)  # it is struck before it begins
        beat = self._harmony.next_after(span.start).start if is_early else span.start
        index = bisect_right(self._bass_starts, beat + 1e-6) - 1
        return self._bass[index].pitch % 12 if index >= 0 and self._bass[index].end > beat else span.root

    def _pad(self, section: Section) -> list[Event]:
        """Held chords, struck again after two bars at the latest."""
        beats = self._grid.beats_per_bar
        events: list[Event] = []
        for bar in range(section.first_bar, section.end_bar, LONGEST_PAD_BARS):
            end = min(bar + LONGEST_PAD_BARS, section.end_bar) * beats
            for span in self._harmony.between(bar * beats, end):
                velocity = self._player.style.velocity * (0.8 + 0.3 * section.energy)
                length = (span.end - span.start) * self._player.style.legato
                events += [Event(span.start, length, pitch, min(velocity, 1.0)) for pitch in self._voice(span)]
        return events

    def _patterned(self, section: Section) -> list[Event]:
        events: list[Event] = []
        for bar in range(section.first_bar, section.end_bar):
            rng = self._streams.stream(self._player.name, section.letter, section.occurrence, bar - section.first_bar)
            pattern = self._pattern(section, bar - section.first_bar, rng)
            fitted = bar_of_pattern(
                pattern, bar - section.first_bar, self._grid.steps_per_bar, self._grid.beats_per_bar
            )
            for stroke in _turned(strokes(fitted), bar - section.first_bar, rng, self._grid.steps_per_beat):
                events += self._stroke(stroke, bar, section)
        return events

    def _pattern(self, section: Section, index: int, rng: Random) -> str:
        """The letter's own pattern, another one at the end of a phrase."""
        patterns = self._player.style.patterns
        if section.letter not in self._by_letter:
            unused = [p for p in patterns if p not in self._by_letter.values()] or list(patterns)
            stream = self._streams.stream(self._player.name, "pattern", section.letter)
            self._by_letter[section.letter] = own_pattern(unused, patterns, stream)
        own = self._by_letter[section.letter]
        others = [pattern for pattern in patterns if pattern != own]
        turn = 1.0 if self._player.style.role == "arp" else 0.6
        return rng.choice(others) if index % 4 == 3 and others and rng.random() < turn else own

    def _stroke(self, stroke: Stroke, bar: int, section: Section) -> list[Event]:
        """A stroke's notes; a chord that changes under a held stroke is struck anew."""
        step_beats = 1.0 / self._grid.steps_per_beat
        start = bar * self._grid.beats_per_bar + stroke.step * step_beats
        end = start + stroke.steps * step_beats
        spans = list(self._harmony.between(start, end))
        if len(spans) > 1 and spans[0].end - start <= ANTICIPATION_BEATS:
            spans = [ChordSpan(start, spans[1].end, spans[1].root, spans[1].quality), *spans[2:]]
        accent = 1.04 if stroke.step % self._grid.steps_per_bar == 0 else 1.0
        velocity = self._player.style.velocity * SIGN_LEVELS.get(stroke.sign, 0.95) * (0.85 + 0.22 * section.energy)
        events: list[Event] = []
        for span in spans:
            length = max((span.end - span.start) * self._player.style.legato, 0.08)
            pitches = self._notes(stroke.sign, self._voice(span))
            if stroke.sign == "o" and self._player.style.strum_ms and len(pitches) > 2:
                pitches = pitches[1:]  # a light stroke of the hand misses the lowest string
            events += [Event(span.start, length, pitch, min(velocity * accent, 1.0)) for pitch in pitches]
        return events

    @staticmethod
    def _notes(sign: str, voicing: tuple[int, ...]) -> tuple[int, ...]:
        """All notes for a chord sign; for a digit the nth note of the voicing, going on an octave higher."""
        if not sign.isdigit():
            return voicing
        index = int(sign) - 1
        return (voicing[index % len(voicing)] + 12 * (index // len(voicing)),)

    def _last_chord(self, section: Section) -> list[Event]:
        start = float(section.first_bar * self._grid.beats_per_bar)
        length = float(section.num_bars * self._grid.beats_per_bar)
        velocity = self._player.style.velocity * LAST_CHORD_LEVEL
        return [Event(start, length, pitch, velocity) for pitch in self._voice(self._harmony.at(start))]


def _turned(found: list[Stroke], index: int, rng: Random, steps_per_beat: int) -> list[Stroke]:
    """Now and then a bar with one stroke left out or softened, so that a pattern never runs like a machine."""
    if len(found) < 3 or index % 2 == 0 or rng.random() < 0.35:
        return found
    weak = [i for i, stroke in enumerate(found) if stroke.step % steps_per_beat and i > 0]
    if not weak:
        return found
    chosen = rng.choice(weak)
    stroke = found[chosen]
    if stroke.sign.isdigit():
        other = str(1 + (int(stroke.sign) + 1) % 4)
        return [*found[:chosen], Stroke(stroke.step, stroke.steps, other), *found[chosen + 1 :]]
    return [*found[:chosen], *found[chosen + 1 :]]
