"""Accompanying a clip that has a tune: the lead doubles that one's main notes, answers in its rests, adds no colour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.engines.arranger.beside import BREATH_BEATS, REST_BEATS, answers, outlined, tune_alone
from generation.engines.arranger.events import Event
from generation.hearing import Hearing, Note
from generation.request import Operation
from tests.support.counterpoint import parallels
from tests.support.hearings import song
from tests.support.scores import composed, part

PROMPTS = ("jazz", "disco", "chiptune", "film score", "metal", "folk")


def _sung_at(clip: Hearing, time_s: float) -> Note | None:
    return next((note for note in clip.melody if note.start_s <= time_s < note.end_s), None)


def _with_a_pause(bars: int = 16) -> Hearing:
    """A song whose tune is silent in every third and fourth bar."""
    clip = song(100.0, bars=bars)
    line_s = clip.downbeats_s
    silent = [(line_s[bar], line_s[bar + 2]) for bar in range(2, bars - 2, 4)]
    kept = tuple(note for note in clip.melody if not any(start <= note.start_s < end for start, end in silent))
    return replace(clip, melody=kept)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_lead_goes_with_the_clips_tune_where_it_sounds(prompt: str) -> None:
    clip = song()
    lead = part(composed(Operation.ACCOMPANY, prompt, 1, clip).score, "lead")
    assert lead is not None
    heard = [(note, sung) for note in lead.notes if (sung := _sung_at(clip, note.start_s + 0.06)) is not None]
    along = [note for note, sung in heard if (note.pitch - sung.pitch) % 12 == 0]
    assert len(heard) > 8
    assert len(along) >= 0.9 * len(heard)


@pytest.mark.parametrize("prompt", [prompt for prompt in PROMPTS if prompt != "metal"])  # its lead comes in late
def test_the_lead_answers_where_the_tune_rests_and_stops_before_it_goes_on(prompt: str) -> None:
    clip = _with_a_pause()
    made = composed(Operation.ACCOMPANY, f"{prompt}, energetic", 2, clip)
    lead = part(made.score, "lead")
    assert lead is not None
    answered = 0
    for bar in range(2, 12, 4):
        start_s, end_s = clip.downbeats_s[bar], clip.downbeats_s[bar + 2]
        here = [note for note in lead.notes if start_s + 0.05 < note.start_s < end_s - 0.05]
        answered += bool(here)
        assert all(note.end_s < end_s + 0.02 for note in here)
    assert answered >= 2


def test_answers_do_not_run_along_with_the_bass() -> None:
    clip = _with_a_pause()
    rests = [(clip.downbeats_s[bar], clip.downbeats_s[bar + 2]) for bar in range(2, 12, 4)]
    along = moves = 0
    for prompt in ("folk", "bossa", "classical", "country"):
        score = composed(Operation.ACCOMPANY, f"{prompt}, energetic", 3, clip).score
        bass, lead = part(score, "bass"), part(score, "lead")
        assert bass is not None
        assert lead is not None
        for start_s, end_s in rests:
            inside = [time for time in score.beats_s if start_s <= time + 0.01 < end_s]
            counted = parallels(bass, lead, inside)
            along, moves = along + counted[0], moves + counted[1]
    assert moves > 8
    assert along <= 0.05 * moves


def test_without_a_tune_in_the_clip_the_lead_plays_its_own() -> None:
    clip = replace(song(), melody=(), melody_confidence=0.0)
    leads = [part(composed(Operation.ACCOMPANY, "pop", seed, clip).score, "lead") for seed in (1, 2)]
    tunes = [[(round(note.start_s, 1), note.pitch) for note in lead.notes] for lead in leads if lead is not None]
    assert len(tunes) == 2
    assert len(tunes[0]) > 8
    assert tunes[0] != tunes[1]


@pytest.mark.parametrize("prompt", ["jazz", "bossa", "soul"])
def test_the_band_under_a_clip_adds_no_sevenths_to_its_chords(prompt: str) -> None:
    clip = song(chords=((9, "min7"), (5, "maj"), (0, "maj"), (7, "7")))
    under = composed(Operation.ACCOMPANY, prompt, 1, clip)
    assert {chord["chord"] for chord in under.details["chords"]} == {"Am7", "F", "C", "G7"}
    anew = composed(Operation.RESTYLE, prompt, 1, clip)  # where the clip itself is not heard, the style has its colour
    assert "Fmaj7" in {chord["chord"] for chord in anew.details["chords"]}


def test_a_run_is_outlined_by_a_note_a_beat_and_held_up_to_a_rest() -> None:
    run = [Event(index / 4, 0.25, 60 + index, 0.7) for index in range(4)]
    tune = (*run, Event(1.0, 0.75, 72, 0.7), Event(1.75, 1.25, 74, 0.7), Event(6.0, 1.0, 67, 0.7))
    assert [(event.start, event.length, event.pitch) for event in outlined(tune)] == [
        (0.0, 1.0, 60), (1.0, 0.75, 72), (1.75, 1.25, 74), (6.0, 1.0, 67)
    ]  # fmt: skip
    assert outlined(()) == ()


def test_what_is_heard_deep_under_a_tune_is_not_doubled_as_the_tune() -> None:
    tune = [Event(float(beat), 1.0, pitch, 0.7) for beat, pitch in enumerate((76, 77, 55, 79, 63, 76))]
    assert [event.pitch for event in tune_alone(tune)] == [76, 77, 79, 76]
    assert tune_alone([]) == ()


def test_answers_keep_out_of_breaths_and_end_before_the_tune_goes_on() -> None:
    tune = [Event(0.0, 2.0, 60, 0.7), Event(3.0, 1.0, 62, 0.7), Event(8.0, 1.0, 64, 0.7)]
    own = [Event(beat, 1.0, 72, 0.7) for beat in (0.0, 2.0, 4.0, 5.0, 7.5, 7.9, 9.5)]
    played = answers(own, tune)
    assert [(event.start, event.end) for event in played] == [(5.0, 6.0), (7.5, 8.0 - BREATH_BEATS), (9.5, 10.5)]
    assert tune[1].start - tune[0].end < REST_BEATS
