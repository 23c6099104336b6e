"""The drum kit piece by piece: what is left out is silent and the rest plays on, what is asked for sounds."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.arranging.sheet import read_sheet
from generation.engines.arranger.compose import Composition
from generation.engines.arranger.instruments import SYNTH_PERCUSSION
from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.style import DRUMS, all_styles
from generation.engines.arranger.vocabulary import vocabulary
from generation.request import Operation
from tests.support.scores import composed, part

PIECES = vocabulary().settings["piece"]
PITCHES = {name: {DRUMS[drum] for drum in entry["drums"]} for name, entry in PIECES.items()}
DRUMMERS = [key for key, style in all_styles().items() if style.drums.grooves]


def struck(made: Composition) -> set[int]:
    """The pitches of the drums in the take's MIDI file."""
    return {note.pitch for note in read_sheet(to_midi(made.score)).notes if note.is_drum}


@cache
def played(prompt: str, seed: int = 1, length_s: float = 20) -> Composition:
    return composed(Operation.COMPOSE, prompt, seed, duration_s=length_s)


@pytest.mark.parametrize("style", DRUMMERS)
@pytest.mark.parametrize("name", ["kick", "snare", "hi_hat", "cymbal", "claps", "toms"])
def test_a_piece_left_out_is_silent_and_the_rest_plays_on(name: str, style: str) -> None:
    usual, without = (
        struck(played(f"{style}{wish}, with a build up")) for wish in ("", f", no {PIECES[name]['name']}")
    )
    assert not without & PITCHES[name]
    assert without
    others = {piece for piece in ("kick", "snare", "hi_hat") if usual & PITCHES[piece]} - {name}
    assert all(without & PITCHES[piece] for piece in others)


@pytest.mark.parametrize("name", sorted(PIECES))
@pytest.mark.parametrize("style", ["trap", "rock", "jazz", "techno", "ambient", "chiptune", "waltz"])
def test_a_piece_asked_for_sounds(name: str, style: str) -> None:
    for length_s in (6, 24):
        made = played(f"{style} with {PIECES[name]['words'][0]}", 2, length_s)
        drums = part(made.score, "drums")
        assert drums is not None
        heard = {note.pitch for note in drums.notes} & PITCHES[name]
        assert heard
        assert not drums.sound.instrument.startswith("synth:") or heard & SYNTH_PERCUSSION


@pytest.mark.parametrize("form", ["no {}", "without {}", "ohne {}", "keine {}", "sin {}", "nada de {}", "{} off"])
def test_every_word_for_a_piece_is_of_the_piece_alone(form: str) -> None:
    for name, entry in PIECES.items():
        for word in (*entry["words"], *entry.get("near", ())):
            wish = read_prompt(form.format(word))
            assert ([w.name for w in wish.wanted], [w.name for w in wish.unwanted]) == ([], [name]), form.format(word)
            assert wish.unknown == ()


@pytest.mark.parametrize(
    ("prompt", "heard", "silent"),
    [
        ("rock, no hi-hats", {"kick", "snare"}, {"hi_hat"}),
        ("Rock ohne Hi-Hats", {"kick", "snare"}, {"hi_hat"}),
        ("rock sin platillos", {"kick", "snare", "hi_hat"}, {"cymbal"}),
        ("house ohne Claps", {"kick", "hi_hat"}, {"claps"}),
        ("techno sin bombo", {"hi_hat"}, {"kick"}),
        ("funk, hi-hats off", {"kick", "snare"}, {"hi_hat"}),
        ("jazz, no cymbals, with a ride", {"ride"}, {"crash"}),
        ("rock with cymbals but no ride", {"crash"}, {"ride"}),
        ("drums with only kick and snare, rock", {"kick", "snare"}, {"hi_hat", "crash", "toms"}),
        ("rock, Schlagzeug nur Kick und Snare", {"kick", "snare"}, {"hi_hat", "crash", "toms"}),
        ("rock, no drums except the kick", {"kick"}, {"snare", "hi_hat", "crash", "toms"}),
        ("soul, no drums, with a tambourine", {"tambourine"}, {"kick", "snare", "hi_hat"}),
        ("ambient with shaker", {"shaker"}, {"kick", "snare", "hi_hat"}),
        ("ambient with drums and a shaker", {"shaker", "kick", "snare"}, set()),
    ],
)
def test_what_is_left_of_the_kit(prompt: str, heard: set[str], silent: set[str]) -> None:
    for seed in (1, 2, 3):
        made = played(prompt, seed)
        pitches = struck(made)
        assert all(pitches & PITCHES[name] for name in heard)
        assert not any(pitches & PITCHES[name] for name in silent)
        assert len(made.score.parts) > 2, "the band plays on"


@pytest.mark.parametrize("prompt", ["only hi-hats", "nur Hi-Hats", "solo hi-hats", "techno, only hi-hats"])
def test_only_a_piece_is_that_piece_alone(prompt: str) -> None:
    made = played(prompt)
    assert [p.name for p in made.score.parts] == ["drums"]
    assert struck(made) <= PITCHES["hi_hat"]


def test_just_kick_and_snare_is_both() -> None:
    for prompt in ("just kick and snare", "nur Kick und Snare", "solo bombo y caja"):
        made = played(prompt)
        assert [p.name for p in made.score.parts] == ["drums"]
        assert struck(made) == {36, 38}


def test_the_recipe_and_the_remarks_say_which_pieces_play() -> None:
    made = played("rock, no hi-hats, no toms")
    assert "The drums play without these: hi-hats, toms." in made.remarks
    assert {"kick", "snare"} <= set(made.details["kit"]) and not {"hi-hats", "toms"} & set(made.details["kit"])
    made = played("rock, drums with only kick and snare")
    assert made.details["kit"] == ["kick", "snare"]
    assert "Of the drums these play alone: kick, snare." in made.remarks
    assert not any("drums" in remark for remark in (*played("rock").remarks, *played("rock, no drums").remarks))


def test_less_of_a_piece_is_softer() -> None:
    usual, less = (part(played(f"rock{wish}").score, "drums") for wish in ("", ", less hi-hats"))
    assert usual is not None and less is not None
    assert len(usual.notes) == len(less.notes)
    for one, other in zip(usual.notes, less.notes, strict=True):
        assert other.velocity == pytest.approx(one.velocity * (0.75 if one.pitch in PITCHES["hi_hat"] else 1), abs=0.06)


@pytest.mark.parametrize(
    ("prompt", "kits"),
    [("jazz with brushes", {"kit:40"}), ("Pop mit Besen", {"kit:40"}), ("pop with a 909", {"synth:kit909"}),
     ("rock with electronic drums", {"synth:kit909"}), ("trap with acoustic drums", {"kit:0"})],
)  # fmt: skip
def test_a_kind_of_kit_is_played(prompt: str, kits: set[str]) -> None:
    drums = part(played(prompt).score, "drums")
    assert drums is not None and drums.sound.instrument in kits


def test_a_kind_of_kit_left_out_is_replaced_by_another() -> None:
    for prompt in ("house, no 909", "techno ohne Drumcomputer", "rock sin batería acústica"):
        for seed in range(4):
            made = played(prompt, seed)
            drums = part(made.score, "drums")
            assert drums is not None
            unwanted = {sound for wish in read_prompt(prompt).unwanted for sound in wish.sounds}
            assert unwanted and drums.sound.instrument not in unwanted


def test_four_on_the_floor_is_a_kick_on_every_beat() -> None:
    made = played("jazz, four on the floor, 120 bpm")
    drums = part(made.score, "drums")
    assert drums is not None
    kicks = [note.start_s for note in drums.notes if note.pitch == 36]
    beats = [time for time in made.score.beats_s if time < 16]
    assert sum(any(abs(kick - beat) < 0.05 for kick in kicks) for beat in beats) >= 0.8 * len(beats)  # fills aside


def test_bars_of_a_small_kit_still_vary() -> None:
    made = played("techno, only kick", length_s=40)
    drums = part(made.score, "drums")
    assert drums is not None and {note.pitch for note in drums.notes} == {36}
