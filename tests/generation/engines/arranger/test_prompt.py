"""Prompts in four languages: what is read from them, and what is said of the rest."""

from __future__ import annotations

import pytest

from generation.engines.arranger.prompt import read_prompt
from generation.hearing import Key
from generation.request import Operation
from tests.support.scores import composed, melodic


@pytest.mark.parametrize(
    ("prompt", "style", "moods"),
    [
        ("lo-fi hip hop, mellow", "lofi", {"mellow"}),
        ("dark drum & bass", "dnb", {"dark"}),
        ("düstere Filmmusik", "film", {"dark"}),
        ("fröhlicher Walzer", "waltz", {"happy"}),
        ("ruhige klassische Musik", "classical", {"calm"}),
        ("bossa nova tranquila", "bossa", {"calm"}),
        ("música clásica triste", "classical", {"sad"}),
        ("un jazz doux et romantique", "jazz", {"mellow", "romantic"}),
        ("musique de film épique", "film", {"epic"}),
        ("rock agresivo", "rock", {"aggressive"}),
        ("8-bit game music", "chiptune", set()),
        ("R&B slow jam", "soul", set()),
        ("80s synth, nostalgic", "synthwave", {"nostalgic"}),
        ("🎮 👾", "chiptune", set()),
    ],
)
def test_styles_and_moods(prompt: str, style: str, moods: set[str]) -> None:
    wish = read_prompt(prompt)
    assert wish.styles[0] == style
    assert set(wish.moods) == moods
    assert wish.unknown == ()


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("jazz in D minor", Key(2, "minor")),
        ("something in F# major", Key(6, "major")),
        ("techno in Am", Key(9, "minor")),
        ("in Eb", Key(3, "major")),
        ("ein Lied in fis-Moll", Key(6, "minor")),
        ("Walzer in Es-Dur", Key(3, "major")),
        ("vals en re menor", Key(2, "minor")),
        ("en sol mayor", Key(7, "major")),
        ("valse en si bémol majeur", Key(10, "major")),
        ("en la mineur", Key(9, "minor")),
        ("C-Dur", Key(0, "major")),
        ("H-Moll", Key(11, "minor")),
    ],
)
def test_keys(prompt: str, key: Key) -> None:
    assert read_prompt(prompt).key == key


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("house 124 bpm", 124),
        ("124BPM", 124),
        ("at 90 please", 90),
        ("tempo 72", 72),
        ("92,5 bpm", 92.5),
        ("900 bpm", 300),
        ("jazz at 5000 bpm", 300),
        ("7 bpm", 30),
    ],
)
def test_tempo(prompt: str, tempo: float) -> None:
    assert read_prompt(prompt).tempo_bpm == tempo


def test_a_tempo_out_of_reach_is_named_as_it_was_asked_for() -> None:
    assert "A tempo of 5000 BPM is out of reach; I took 300 BPM" in read_prompt("jazz at 5000 bpm").remarks[0]


def test_words_for_tempo_and_energy() -> None:
    assert read_prompt("slow").tempo_factor < 1 < read_prompt("schnell").tempo_factor
    assert read_prompt("muy lento").tempo_factor < read_prompt("lento").tempo_factor
    assert read_prompt("minimal").energy < 0 < read_prompt("high energy").energy


@pytest.mark.parametrize(
    ("prompt", "metre"), [("a song in 3/4", 3), ("6/8 ballad", 6), ("Dreivierteltakt", 3), ("4/4", 4)]
)
def test_metre(prompt: str, metre: int) -> None:
    assert read_prompt(prompt).beats_per_bar == metre


def test_an_odd_metre_is_told() -> None:
    assert any("3/4, 4/4 and 6/8" in remark for remark in read_prompt("jazz in 5/4").remarks)


@pytest.mark.parametrize(
    ("prompt", "wanted", "unwanted", "only"),
    [
        ("rock with organ, no drums", {"organ"}, {"drums"}, False),
        ("no drums or bass", set(), {"drums", "bass"}, False),
        ("without bass, with piano and strings", {"piano", "strings"}, {"bass"}, False),
        ("only piano", {"piano"}, set(), True),
        ("piano only", {"piano"}, set(), True),
        ("nur Klavier und Cello", {"piano", "cello"}, set(), True),
        ("ohne Schlagzeug, mit Geige", {"violin"}, {"drums"}, False),
        ("sin batería, con flauta y guitarra española", {"flute", "nylon_guitar"}, {"drums"}, False),
        ("sans batterie, avec trompette", {"trumpet"}, {"drums"}, False),
        ("pas de basse", set(), {"bass"}, False),
        ("upright bass and vibes", {"double_bass", "vibraphone"}, set(), False),
        ("🎸🎷", {"guitar", "saxophone"}, set(), False),
    ],
)
def test_instruments(prompt: str, wanted: set[str], unwanted: set[str], only: bool) -> None:
    wish = read_prompt(prompt)
    assert {instrument.name for instrument in wish.wanted} == wanted
    assert {instrument.name for instrument in wish.unwanted} == unwanted
    assert wish.only is only


def test_a_solo_is_a_lead_and_not_the_whole_band() -> None:
    wish = read_prompt("rock with a guitar solo")
    assert not wish.only
    assert [(w.name, w.role) for w in wish.wanted] == [("guitar", "lead")]
    assert read_prompt("solo piano").only


def test_form_words() -> None:
    assert {"build_up", "drop"} <= read_prompt("techno with a build up and a drop").flags
    assert "half_time" in read_prompt("trap, half-time").flags


def test_unknown_words_are_told_and_not_dropped() -> None:
    wish = read_prompt("jazz for my zorblax party")
    assert wish.unknown == ("zorblax",)
    assert "I did not understand “zorblax”." in wish.remarks
    wish = read_prompt("Häuser-Blues mit Zörblax und drümms")
    assert wish.remarks == ("I read “drümms” as “drums”.", "I did not understand “Häuser”, “Zörblax”.")


def test_a_typing_mistake_is_guessed_and_told() -> None:
    wish = read_prompt("tehcno with pianno")
    assert wish.styles == ("techno",)
    assert any("pianno" in remark and "piano" in remark for remark in wish.remarks)


def test_unreadable_pictures_get_a_sentence_and_music() -> None:
    made = composed(Operation.COMPOSE, "🦆🦆🦆")
    assert any("could not read words" in remark for remark in made.remarks)
    assert melodic(made.score)


def test_a_missing_style_is_explained() -> None:
    made = composed(Operation.COMPOSE, "sad violin, rainy, slow")
    assert any("nearest" in remark for remark in made.remarks)
    assert made.details["style_reason"].startswith("nearest to")


def test_mentions_never_break_it() -> None:
    for prompt in (
        "@everyone",
        "<@123>",
        "%s %d {}",
        "\x00\x07",
        "а" * 400,
        "no no no no",
        "only",
        ",,,,",
        "no",
        "mit",
    ):
        assert melodic(composed(Operation.COMPOSE, prompt, duration_s=2).score)
