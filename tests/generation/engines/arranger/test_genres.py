"""Genres that are no style of their own: what is played instead, what is said of it; years and bare numbers."""

from __future__ import annotations

import pytest

from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.style import all_styles
from generation.engines.arranger.vocabulary import tokens_of, vocabulary
from generation.request import Operation
from tests.support.scores import composed, part

GENRES = vocabulary().genres


@pytest.mark.parametrize(
    ("prompt", "style", "reason"),
    [
        ("dubstep", "trap", "Dubstep is not among the styles; the nearest is Trap: "),
        ("reggaeton", "afrobeat", "Reggaeton is not among the styles; the nearest is Afrobeat: "),
        ("reguetón oscuro", "afrobeat", "Reguetón is not among the styles; the nearest is Afrobeat: "),
        ("a grime beat", "trap", "Grime is not among the styles; the nearest is Trap: "),
        ("bluegrass with fiddle", "country", "Bluegrass is not among the styles; the nearest is Country: "),
        ("zorbwave", "synthwave", "Zorbwave is not among the styles; the nearest is Synthwave: "),
    ],
)
def test_a_genre_that_is_no_style_names_the_nearest_and_why(prompt: str, style: str, reason: str) -> None:
    made = composed(Operation.COMPOSE, prompt, duration_s=8)
    assert made.details["style"] == style
    assert made.details["style_reason"].startswith(reason)
    assert len(made.details["style_reason"]) > len(reason) + 5
    assert any(remark.startswith(reason) for remark in made.remarks)


def test_a_style_that_is_named_itself_needs_no_excuse() -> None:
    made = composed(Operation.COMPOSE, "trap", duration_s=4)
    assert made.details["style_reason"] == "the prompt names Trap" and made.remarks == ()


@pytest.mark.parametrize("prompt", ["trap and dubstep", "dubstep and trap", "psychedelic trap"])
def test_a_style_comes_before_a_genre_that_is_none(prompt: str) -> None:
    made = composed(Operation.COMPOSE, prompt, duration_s=4)
    assert made.details["style_reason"] == "the prompt names Trap first"
    assert any("only colours it" in remark for remark in made.remarks)


@pytest.mark.parametrize("key", sorted(GENRES))
def test_every_genre_is_whole(key: str) -> None:
    genre, style = GENRES[key], all_styles()[GENRES[key].nearest]
    assert {groove.name for groove in style.drums.grooves} >= set(genre.grooves)
    assert vocabulary().longest(tokens_of(genre.name))[0] is not None
    made = composed(Operation.COMPOSE, genre.name, duration_s=6)
    assert made.details["style"] == genre.nearest
    assert genre.why in made.details["style_reason"]
    if genre.tempo_bpm is not None:
        assert genre.tempo_bpm[0] <= made.details["tempo_bpm"] <= genre.tempo_bpm[1]


def test_an_instrument_that_the_band_has_not_names_its_stand_in() -> None:
    made = composed(Operation.COMPOSE, "jazz with tuba", duration_s=8)
    assert "There is no “tuba” in the band: the brass stands in for it." in made.remarks
    assert "gm:61" in {found.sound.instrument for found in made.score.parts}
    assert read_prompt("jazz, no tuba").remarks == read_prompt("jazz with trumpet").remarks == ()


def test_reggaeton_has_a_dembow() -> None:
    drums = part(composed(Operation.COMPOSE, "reggaeton 96 bpm", 2, duration_s=20).score, "drums")
    assert drums is not None
    step_s = 60 / 96 / 4
    steps = [round(note.start_s / step_s) % 8 for note in drums.notes if note.pitch in (38, 40)]
    on_the_dembow = sum(step in (3, 6) for step in steps)
    assert on_the_dembow > 0.6 * len(steps) > 6


@pytest.mark.parametrize(
    ("prompt", "era"),
    [
        ("jazz 1987", "eighties"), ("música de los 90", "nineties"), ("1920s", "twenties"), ("die 70er", "seventies"),
        ("aus den 80ern", "eighties"), ("80's rock", "eighties"), ("années 70", "seventies"), ("pop 2005", "noughties"),
        ("early 90s", "nineties"), ("aus den Siebzigern", "seventies"), ("de los setenta", "seventies"),
        ("a song of 1893", "romantic_era"), ("2020s pop", "today"), ("the 20s", "twenties"),
    ],
)  # fmt: skip
def test_years_are_eras(prompt: str, era: str) -> None:
    wish = read_prompt(prompt)
    assert wish.eras == (era,)
    assert wish.duration_s is None and wish.tempo_bpm is None
    assert not any(word.isdigit() for word in wish.unknown)


@pytest.mark.parametrize(
    ("prompt", "unknown"), [("jazz 5000", "5000"), ("3 guitars", "3"), ("432 hz ambient", "432"), ("rock 12", "12")]
)
def test_numbers_that_say_nothing_are_told(prompt: str, unknown: str) -> None:
    wish = read_prompt(prompt)
    assert unknown in wish.unknown
    assert f"“{unknown}”" in wish.remarks[-1]


def test_a_number_alone_may_be_a_tempo_and_that_is_told() -> None:
    wish = read_prompt("techno 128")
    assert wish.tempo_bpm == 128 and wish.remarks == ("I read “128” as “128 BPM”.",)


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [("90 to 100 bpm", 95), ("zwischen 80 und 90 BPM", 85), ("3/4 and 120 bpm", 120), ("808 and 140 bpm", 140)],
)
def test_ranges_of_tempo(prompt: str, tempo: float) -> None:
    assert read_prompt(prompt).tempo_bpm == tempo


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [("30s of jazz", 30), ("1 min 20 s", 80), ("2:30 long", 150), ("half a minute", 30), ("eine Minute", 60),
     ("a 45-second loop", 45), ("90 Sekunden", 90)],
)  # fmt: skip
def test_lengths(prompt: str, seconds: float) -> None:
    assert read_prompt(prompt).duration_s == seconds


@pytest.mark.parametrize(
    ("prompt", "flag"),
    [("trap in halbem Tempo", "half_time"), ("techno a mitad de tiempo", "half_time"), ("halb so schnell", "half_time"),
     ("twice as fast", "double_time"), ("doppelt so schnell", "double_time"), ("à la moitié du tempo", "half_time")],
)  # fmt: skip
def test_half_and_double_time_in_other_words(prompt: str, flag: str) -> None:
    wish = read_prompt(prompt)
    assert wish.flags == {flag} and wish.unknown == () and wish.tempo_factor == 1.0
