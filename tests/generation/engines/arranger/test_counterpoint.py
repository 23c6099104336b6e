"""Voices that go together: no octaves or fifths along with the bass, every note where its instrument has it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from generation.engines.arranger.events import Event, within_reach
from generation.engines.arranger.parallels import runs_along, without_parallels
from generation.engines.arranger.spans import ChordSpan, Harmony
from generation.engines.arranger.style import all_styles
from generation.engines.arranger.voicing import voice
from generation.hearing import Key
from generation.request import Operation
from tests.support.counterpoint import chords_with_bass, lands, leaps, out_of_reach, tune_with_bass
from tests.support.hearings import song
from tests.support.scores import composed

STRICT = ("classical", "film", "folk", "jazz", "soul", "pop", "bossa", "country")
C_MAJOR = Key(0, "major")


@pytest.mark.parametrize("style", sorted(all_styles()))
def test_every_note_lies_where_its_instrument_has_it(style: str) -> None:
    for seed in (1, 2, 3):
        assert out_of_reach(composed(Operation.COMPOSE, style, seed, duration_s=30)) == {}


@pytest.mark.parametrize("words", ["techno with cello", "jazz with trumpet and banjo", "metal with tubular bells"])
def test_instruments_asked_for_are_kept_in_reach_too(words: str) -> None:
    for operation, heard in ((Operation.COMPOSE, None), (Operation.RESTYLE, song())):
        assert out_of_reach(composed(operation, words, 1, heard)) == {}


@pytest.mark.parametrize("style", STRICT)
def test_tune_and_bass_do_not_run_along_in_octaves_and_fifths(style: str) -> None:
    made = [composed(Operation.COMPOSE, style, seed, duration_s=40) for seed in (1, 2, 3)]
    along, moves = (sum(counts) for counts in zip(*map(tune_with_bass, made), strict=True))
    assert along <= max(1, 0.02 * moves)


@pytest.mark.parametrize("style", [*STRICT, "lofi", "waltz", "hiphop", "reggae"])
def test_the_highest_voice_of_the_chords_does_not_follow_the_bass(style: str) -> None:
    made = [composed(Operation.COMPOSE, style, seed, duration_s=40) for seed in (0, 1, 2, 3)]
    along, moves = (sum(counts) for counts in zip(*map(chords_with_bass, made), strict=True))
    assert along <= max(1, 0.02 * moves)


@pytest.mark.parametrize("style", STRICT)
def test_tunes_do_not_leap_beyond_an_octave_and_pieces_land(style: str) -> None:
    made = composed(Operation.COMPOSE, style, 2, duration_s=40)
    assert leaps(made)[0] == 0
    assert lands(made)


def test_a_tune_that_doubles_the_bass_gets_other_chord_notes() -> None:
    spans = tuple(ChordSpan(4.0 * i, 4.0 * i + 4, root, "maj") for i, root in enumerate((0, 5, 7, 0)))
    bass = [Event(4.0 * i, 4.0, pitch, 0.8) for i, pitch in enumerate((36, 41, 43, 48))]
    tune = tuple(Event(4.0 * i, 4.0, pitch, 0.8) for i, pitch in enumerate((60, 65, 67, 72)))
    led = without_parallels(tune, bass, Harmony(spans, C_MAJOR), (55, 79))
    pairs = [(low.pitch, high.pitch) for low, high in zip(bass, led, strict=True)]
    assert not any(runs_along(before, here) for before, here in pairwise(pairs[:-1]))
    assert all(note.pitch % 12 in span.pitch_classes for note, span in zip(led, spans, strict=True))
    assert [note.start for note in led] == [note.start for note in tune]
    assert without_parallels(tune, (), Harmony(spans, C_MAJOR), (55, 79)) == tune


def test_chords_that_move_by_a_step_move_against_the_bass() -> None:
    before = voice(ChordSpan(0, 4, 5, "maj"), "close", 55, 79)
    told = voice(ChordSpan(4, 8, 7, "maj"), "close", 55, 79, before, (5, 7))
    assert not ((before[-1] - 5) % 12 == (told[-1] - 7) % 12 and (before[-1] - 5) % 12 in (0, 7))


def test_chords_over_a_bass_that_is_not_on_the_root_move_against_what_it_plays() -> None:
    before = (62, 65, 68, 72)  # B flat nine over its F, from which the bass goes on to E flat
    led = voice(ChordSpan(4, 8, 3, "maj9"), "rich", 55, 76, before, (5, 3))
    assert (before[-1] - 5) % 12 == 7
    assert (led[-1] - 3) % 12 != 7


def test_notes_out_of_reach_move_by_octaves_and_do_not_double() -> None:
    chord = [Event(0, 1, pitch, 0.8) for pitch in (30, 42, 60, 100)]
    assert [event.pitch for event in within_reach(chord, 40, 72)] == [42, 60, 64]
    assert [event.pitch for event in within_reach(chord, 0, 127)] == [30, 42, 60, 100]
