"""Prompts that name no style, as people of a server write them: what a musician would expect to hear comes out."""

from __future__ import annotations

import pytest

from generation.engines.arranger.compose import Composition
from generation.engines.arranger.nearest import nearness
from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.style import PartStyle, all_styles
from generation.request import Operation
from tests.support.scores import composed, part

ANYTHING = (30.0, 300.0)
SLOW, CALM, FAST = (40.0, 100.0), (40.0, 125.0), (118.0, 260.0)


def takes(prompt: str) -> list[Composition]:
    return [composed(Operation.COMPOSE, prompt, seed, duration_s=16) for seed in (1, 2, 3)]


@pytest.mark.parametrize(
    ("prompt", "styles", "tempo_bpm"),
    [
        ("sad piano", {"piano"}, SLOW),
        ("calm piano for studying", {"piano", "lofi"}, SLOW),
        ("emotional piano and violin", {"piano", "classical"}, SLOW),
        ("leise Klaviermusik", {"piano"}, SLOW),
        ("musique douce au piano", {"piano", "jazz"}, ANYTHING),
        ("violín romántico y piano", {"piano", "classical"}, CALM),
        ("piano, 60 bpm", {"piano"}, (60.0, 60.0)),
        ("acoustic guitar, calm", {"folk", "bossa"}, CALM),
        ("ruhige Gitarre zum Einschlafen", {"folk", "bossa", "lofi"}, CALM),
        ("guitarra española triste", {"folk", "bossa"}, ANYTHING),
        ("fast aggressive guitars", {"metal", "punk", "rock"}, FAST),
        ("schnelle harte Gitarren", {"metal", "punk", "rock"}, FAST),
        ("something spooky for halloween", {"film"}, ANYTHING),
        ("gruselige Orgel", {"film"}, ANYTHING),
        ("church organ, solemn", {"film", "classical"}, ANYTHING),
        ("suspense, tense strings", {"film"}, ANYTHING),
        ("música de tensión", {"film"}, ANYTHING),
        ("strings only, sad", {"film", "classical"}, ANYTHING),
        ("chill beats to study to", {"lofi"}, SLOW),
        ("Hintergrundmusik zum Lernen", {"lofi"}, SLOW),
        ("rainy day", {"lofi", "piano"}, SLOW),
        ("rhodes and vinyl crackle", {"lofi"}, SLOW),
        ("sunday morning coffee shop", {"folk", "bossa", "jazz", "lofi"}, ANYTHING),
        ("party music", {"house", "disco", "funk", "pop"}, ANYTHING),
        ("música alegre para bailar", {"house", "disco", "funk", "pop"}, ANYTHING),
        ("workout music, high energy", {"rock", "trance", "dnb", "techno", "house"}, FAST),
        ("dark synths, slow", {"synthwave"}, CALM),
        ("algo oscuro con sintetizadores", {"synthwave", "techno", "dnb"}, ANYTHING),
        ("driving at night", {"synthwave"}, CALM),
        ("entspannte Musik mit Saxophon", {"soul", "jazz", "bossa"}, ANYTHING),
        ("smooth sax late night", {"soul", "jazz"}, ANYTHING),
        ("dreamy harp and choir", {"ambient", "classical", "film"}, ANYTHING),
        ("happy birthday song vibe", {"pop", "country", "folk"}, ANYTHING),
        ("warm pads, no drums", {"ambient"}, SLOW),
        ("upbeat happy ukulele", {"folk", "bossa", "country"}, ANYTHING),
        ("hype music with 808 and hats", {"trap"}, ANYTHING),
        ("sad synth", {"synthwave"}, CALM),
        ("guitar, dreamy", {"lofi", "folk"}, SLOW),
    ],
)
def test_the_style_is_what_a_musician_would_take(prompt: str, styles: set[str], tempo_bpm: tuple[float, float]) -> None:
    for made in takes(prompt):
        assert made.details["style"] in styles
        assert tempo_bpm[0] <= made.details["tempo_bpm"] <= tempo_bpm[1]
        assert made.details["not_understood"] == []


@pytest.mark.parametrize(
    "prompt", ["soft piano, no drums", "sanftes Klavier ohne Schlagzeug", "piano suave sin batería"]
)
def test_soft_piano_without_drums_is_a_piano_in_front(prompt: str) -> None:
    for made in takes(prompt):
        band = made.details["band"]
        assert band["lead"] == "gm:0" and "drums" not in band
        assert not any(instrument.startswith("synth:") for instrument in band.values())
        piano = sum(len(found.notes) for found in made.score.parts if found.sound.instrument == "gm:0")
        assert piano > 0.6 * sum(len(found.notes) for found in made.score.parts)


def test_the_fonts_synthesisers_are_synthesisers_too() -> None:
    acoustic, electronic = read_prompt("violin"), read_prompt("supersaw")
    dnb, lofi, folk = (all_styles()[key] for key in ("dnb", "lofi", "folk"))
    leads = [style_part for style_part in dnb.parts if style_part.role == "lead"]
    assert [found.instruments[0] for found in leads] == ["gm:81"]
    sung = dnb.model_copy(
        update={"parts": tuple(p if p.role != "lead" else _on(p, "gm:71") for p in dnb.parts)},
    )
    assert nearness(sung, acoustic).score > nearness(dnb, acoustic).score
    plain = lofi.model_copy(update={"parts": tuple(p if p.role != "pad" else _on(p, "gm:48") for p in lofi.parts)})
    assert nearness(plain, acoustic).score == nearness(lofi, acoustic).score, "a soft pad behind is no foreign band"
    assert nearness(dnb, electronic).score > nearness(folk, electronic).score


def _on(found: PartStyle, instrument: str) -> PartStyle:
    return found.model_copy(update={"instruments": (instrument,)})


def test_the_recipe_says_why_the_nearest_style_is_near() -> None:
    made = composed(Operation.COMPOSE, "soft piano, no drums")
    assert made.details["style_reason"] == "nearest to: soft, piano, no drums (mellow; piano in front; no drums)"
    assert "You named no style, so I took Piano ballad as the nearest to “soft, piano, no drums”." in made.remarks
    made = composed(Operation.COMPOSE, "dark synths, slow")
    assert "(dark; synth in front)" in made.details["style_reason"]


def test_a_mood_counts_by_its_place_and_once() -> None:
    film, synthwave = (all_styles()[key] for key in ("film", "synthwave"))
    dark = read_prompt("dark")
    assert nearness(film, dark).score > nearness(synthwave, dark).score
    assert read_prompt("happy, joyful").energy == read_prompt("happy").energy
    assert read_prompt("happy, joyful").tempo_factor == read_prompt("happy").tempo_factor


@pytest.mark.parametrize(
    "prompt", ["beach vibes", "just vibes", "tokyo vibes", "summer vibes", "chill vibes", "80s vibes"]
)
def test_vibes_of_something_are_no_vibraphone(prompt: str) -> None:
    wish = read_prompt(prompt)
    assert wish.wanted == ()
    assert len(composed(Operation.COMPOSE, prompt, 1, duration_s=8).score.parts) > 2


def test_vibes_in_a_band_are_a_vibraphone() -> None:
    for prompt in ("vibes and bass", "jazz with vibes", "upright bass, vibes"):
        assert "vibraphone" in {wish.name for wish in read_prompt(prompt).wanted}


def test_a_style_that_is_named_comes_before_any_that_is_near() -> None:
    assert {made.details["style"] for made in takes("techno with soft piano, no drums")} == {"techno"}
    assert {made.details["style"] for made in takes("piano ballad")} == {"piano"}


def test_a_piano_ballad_is_a_piano_with_others_where_it_rises() -> None:
    made = composed(Operation.COMPOSE, "piano ballad", 2, duration_s=60)
    assert {found.sound.instrument for found in made.score.parts} <= {"gm:0", "gm:48", "gm:42"}
    strings = part(made.score, "strings")
    assert strings is not None and strings.notes[0].start_s > 4
    assert not any(found.is_drums for found in made.score.parts)
