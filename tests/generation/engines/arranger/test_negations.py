"""What a "no", a "less" or a "too much" reaches in four languages: silent, quieter, not faster; and what ends it."""

from __future__ import annotations

import pytest

from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.vocabulary import vocabulary
from generation.engines.arranger.wish import InstrumentWish
from generation.request import Operation
from tests.support.scores import composed, part

INSTRUMENTS = vocabulary().settings["instrument"]
EXCLUDING = (
    "no {}", "no more {}", "without any {}", "don't use {}", "please leave out the {}", "not with {}", "no zorblax {}",
    "get rid of the {}", "instead of {}", "{} off", "jazz, no vocals or {}",
    "ohne {}", "nicht mit {}", "bitte keine {}", "nicht mehr {}", "{} aus", "lass das {} weg", "verzichte auf {}",
    "sin {}", "no uses {}", "no quiero {}", "nada de {}", "quita el {}", "en vez de {}", "ni {}",
    "sans {}", "pas de {}", "n'utilise pas de {}", "au lieu de {}",
)  # fmt: skip
LESSENING = (
    "not too much {}", "less {}", "not so much {}", "not much {}", "too much {}", "a bit less {}",
    "weniger {}", "nicht zu viel {}", "nicht so viel {}", "zu viel {}",
    "menos {}", "no demasiado {}", "no mucho {}", "un poco menos de {}",
    "moins de {}", "pas trop de {}", "pas beaucoup de {}",
)  # fmt: skip


def names(wishes: tuple[InstrumentWish, ...]) -> set[str]:
    return {wish.name for wish in wishes}


@pytest.mark.parametrize("form", EXCLUDING)
def test_every_way_to_exclude_excludes_every_instrument_by_every_word(form: str) -> None:
    for name, entry in INSTRUMENTS.items():
        for word in (*entry["words"], *entry.get("near", ())):
            wish = read_prompt(form.format(word))
            assert (names(wish.wanted), names(wish.unwanted)) == (set(), {name}), form.format(word)
            assert any(said.startswith("no ") for said in wish.understood), form.format(word)


@pytest.mark.parametrize("form", LESSENING)
def test_less_of_an_instrument_neither_forces_nor_excludes_it(form: str) -> None:
    for name, entry in INSTRUMENTS.items():
        for word in (*entry["words"], *entry.get("near", ())):
            wish = read_prompt(form.format(word))
            assert (names(wish.wanted), names(wish.unwanted)) == (set(), set()), form.format(word)
            assert names(wish.softer) == {name}, form.format(word)
            assert any(said.endswith("(quieter)") for said in wish.understood), form.format(word)


@pytest.mark.parametrize("form", ["no more {}", "nicht mit {}", "no uses {}", "pas de {}", "{} off"])
@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_what_is_excluded_is_silent(form: str, name: str) -> None:
    prompt = "jazz, " + form.format(INSTRUMENTS[name]["words"][0])
    score = composed(Operation.COMPOSE, prompt, 3, duration_s=8).score
    assert score.parts
    assert not {p.sound.instrument for p in score.parts} & set(INSTRUMENTS[name]["sounds"])
    assert name != "drums" or not any(p.is_drums for p in score.parts)
    assert name != "bass" or part(score, "bass") is None


@pytest.mark.parametrize(
    ("style", "word", "stem"), [("jazz", "drums", "drums"), ("jazz", "piano", "piano"), ("rock", "bass", "bass")]
)
def test_less_of_what_the_style_has_is_quieter(style: str, word: str, stem: str) -> None:
    usual, less = (part(composed(Operation.COMPOSE, f"{style}{wish}").score, stem) for wish in ("", f", less {word}"))
    assert usual is not None and less is not None
    assert less.sound.gain_db == pytest.approx(usual.sound.gain_db - 5.0)
    assert len(less.notes) == len(usual.notes)


@pytest.mark.parametrize(
    ("prompt", "wanted", "unwanted"),
    [
        ("no drums but bass", {"bass"}, {"drums"}),
        ("without drums and with piano", {"piano"}, {"drums"}),
        ("weder Bass noch Schlagzeug", set(), {"bass", "drums"}),
        ("sin batería ni bajo", set(), {"bass", "drums"}),
        ("no drums or the bass", set(), {"bass", "drums"}),
        ("drums, no bass, guitar", {"drums", "guitar"}, {"bass"}),
        ("batería no, guitarra sí", {"guitar"}, {"drums"}),
        ("turn the drums and bass off, more piano", {"piano"}, {"drums", "bass"}),
        ("replace the drums with a piano", {"piano"}, {"drums"}),
        ("not without drums", {"drums"}, set()),
        ("not only drums but also piano", {"drums", "piano"}, set()),
        ("nicht nur Klavier", {"piano"}, set()),
        ("no heavy drums", set(), set()),
        ("less aggressive drums", {"drums"}, set()),
        ("no guitar solo", set(), set()),
        ("with drums, no guitar solo", {"drums"}, set()),
        ("I don't know, something with piano", {"piano"}, set()),
        ("drumless", set(), {"drums"}),
        ("not too fast, with piano", {"piano"}, set()),
    ],
)
def test_how_far_a_negation_reaches(prompt: str, wanted: set[str], unwanted: set[str]) -> None:
    wish = read_prompt(prompt)
    assert (names(wish.wanted), names(wish.unwanted)) == (wanted, unwanted)
    assert not wish.only


@pytest.mark.parametrize(
    "prompt",
    ["not too fast", "not fast", "nicht zu schnell", "nicht so schnell", "no muy rápido", "pas trop rapide",
     "less fast", "too fast but less energetic", "don't make it very fast", "nicht sehr schnell", "menos rápido"],
)  # fmt: skip
def test_not_too_fast_never_speeds_up(prompt: str) -> None:
    assert 0.7 <= read_prompt(prompt).tempo_factor < 1.0


def test_not_too_slow_never_slows_down() -> None:
    for prompt in ("not too slow", "nicht so langsam", "no muy lento", "pas trop lent"):
        assert 1.0 < read_prompt(prompt).tempo_factor <= 1.3


def test_a_mood_that_is_excluded_is_not_one_of_the_moods() -> None:
    wish = read_prompt("not sad, nicht zu aggressiv")
    assert wish.moods == () and wish.mode is None and wish.energy < 0


def test_styles_that_are_excluded_are_not_chosen() -> None:
    assert composed(Operation.COMPOSE, "not jazz, rock please", duration_s=4).details["style"] == "rock"
    assert "techno" in read_prompt("anything but techno").unwanted_styles
    assert read_prompt("no drums slow jazz").styles == ("jazz",)


def test_sections_and_tunes_that_are_excluded_are_left_out() -> None:
    made = composed(Operation.COMPOSE, "house without a drop and no build up", duration_s=60)
    assert not {"build", "drop"} & {section["part"] for section in made.details["form"]}
    assert part(composed(Operation.COMPOSE, "pop ohne Melodie").score, "lead") is None
    assert part(composed(Operation.COMPOSE, "pop").score, "lead") is not None
    assert composed(Operation.COMPOSE, "ambient, no melody, no chords, no bass, no drums").score.parts
