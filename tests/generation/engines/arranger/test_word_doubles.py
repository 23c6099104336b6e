"""Words that mean a style, a feeling or an instrument by turns, and every instrument and piece of the kit in three
languages: what is asked for sounds, what is left out is silent, the style stays."""

from __future__ import annotations

import pytest

from generation.engines.arranger.compose import Composition
from generation.engines.arranger.prompt import read_prompt
from generation.engines.arranger.style import DRUMS
from generation.engines.arranger.vocabulary import vocabulary
from generation.request import Operation
from tests.generation.engines.arranger.named import NAMED
from tests.support.scores import composed

INSTRUMENTS, PIECES = vocabulary().settings["instrument"], vocabulary().settings["piece"]
WITH = ("jazz with {}", "Jazz mit {}", "jazz avec {}")
WITHOUT = ("rock without {}", "Rock ohne {}", "rock sans {}")


def sounds(made: Composition, name: str) -> bool:
    """Whether an instrument or a piece of the kit is heard."""
    if name in PIECES:
        pitches = {DRUMS[drum] for drum in PIECES[name]["drums"]}
        return any(note.pitch in pitches for part in made.score.parts if part.is_drums for note in part.notes)
    if name == "drums":
        return any(part.is_drums for part in made.score.parts)
    found = {part.sound.instrument for part in made.score.parts if part.notes}
    return bool(found & set(INSTRUMENTS[name]["sounds"])) or (
        name == "bass" and any(part.name == "bass" for part in made.score.parts)
    )


def test_the_list_has_every_instrument_and_every_piece() -> None:
    assert set(NAMED) == {*INSTRUMENTS, *PIECES}


@pytest.mark.parametrize("language", [0, 1, 2], ids=["english", "german", "french"])
@pytest.mark.parametrize("name", sorted(NAMED))
def test_it_sounds_where_it_is_asked_for_and_is_silent_where_it_is_left_out(name: str, language: int) -> None:
    for form, should in ((WITH[language], True), (WITHOUT[language], False)):
        made = composed(Operation.COMPOSE, form.format(NAMED[name][language]), 2, duration_s=6)
        assert sounds(made, name) is should
        assert made.details["style"] == ("jazz" if should else "rock")
        assert made.details["not_understood"] == []
        assert "the prompt names" in made.details["style_reason"] and "first" not in made.details["style_reason"]


@pytest.mark.parametrize(
    ("prompt", "wanted", "unwanted"),
    [
        ("sans charleston", "", "hi_hat"),
        ("rock avec charleston", "hi_hat", ""),
        ("un jazz doux, charleston et cymbale ride", "hi_hat ride", ""),
        ("house sans kick ni charleston", "", "kick hi_hat"),
        ("moins de charleston", "", ""),
        ("batterie sans charley", "drums", "hi_hat"),
        ("funk avec charlé", "hi_hat", ""),
        ("batterie : grosse caisse, caisse claire et charleston", "drums kick snare hi_hat", ""),
        ("kick, snare and charleston", "kick snare hi_hat", ""),
        ("rock, no charleston", "", "hi_hat"),
        ("techno sin charleston", "", "hi_hat"),
        ("pop, no jazz guitar", "", "guitar"),
        ("house without techno kick", "", "kick"),
        ("rock, no country fiddle but a flute", "flute", "violin"),
        ("Rock ohne Jazzgitarre", "", "guitar"),
        ("rock sans guitare jazz", "", "guitar"),
        ("pas de guitare jazz", "", "guitar"),
        ("no jazz, guitar please", "guitar", ""),
        ("not jazz piano but classical piano", "piano", ""),
        ("jazz, no drum and bass", "", "drums bass"),
        ("Jazz ohne Drum und Bass", "", "drums bass"),
        ("rock with a string quartet", "strings", ""),
        ("pop, no string quartet", "", "strings"),
        ("Rock mit Streichquartett", "strings", ""),
        ("rock avec quatuor à cordes", "strings", ""),
        ("pop with a music box", "bells", ""),
        ("funk, no slap", "", "slap_bass"),
        ("Rock mit laute Drums", "drums", ""),
        ("Folk mit Laute", "guitar", ""),
        ("a wild ride", "", ""),
        ("rock, no drum roll", "", ""),
        ("une voix, à voix basse", "", ""),
        ("coupe la batterie", "", "drums"),
        ("pas d'orgue, pas de chœurs", "", "organ choir"),
        ("rock sans solo de guitare", "", ""),
        ("bajo la lluvia", "", ""),
    ],
)
def test_what_a_word_of_two_meanings_says_of_the_band(prompt: str, wanted: str, unwanted: str) -> None:
    wish = read_prompt(prompt)
    assert [found.name for found in wish.wanted] == wanted.split()
    assert [found.name for found in wish.unwanted] == unwanted.split()
    assert not wish.only


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("a charleston from the 1920s", "jazz"),
        ("un charleston des années 20", "jazz"),
        ("un charleston joyeux", "jazz"),
        ("Charleston der 20er Jahre", "jazz"),
        ("charleston with brushes", "jazz"),
        ("rock sans charleston", "rock"),
        ("string quartet, calm", "classical"),
        ("music box lullaby", "waltz"),
        ("not drum and bass, techno please", "techno"),
        ("drum and bass", "dnb"),
        ("sans batterie jazz", "jazz"),
        ("not jazz piano but classical piano", "classical"),
        ("acoustic, piano", "folk"),
        ("no drums slow jazz", "jazz"),
        ("walk in the woods", "ambient"),
    ],
)
def test_what_it_says_of_the_style(prompt: str, style: str) -> None:
    assert composed(Operation.COMPOSE, prompt, duration_s=4).details["style"] == style


def test_a_sound_of_an_instrument_is_no_style() -> None:
    for prompt in (
        "acoustic piano",
        "piano acoustique",
        "akustisches Klavier",
        "electronic organ",
        "no acoustic piano",
    ):
        assert read_prompt(prompt).styles == () and not read_prompt(prompt).unwanted_styles
    assert read_prompt("haunted house with organ").styles == ()


def test_loud_in_german_is_loud() -> None:
    assert read_prompt("laute Gitarren").energy == read_prompt("loud guitars").energy > 0
    assert not read_prompt("laute Gitarren").remarks


def test_a_solo_of_an_instrument_is_a_lead_in_french_and_spanish() -> None:
    for prompt in ("rock avec solo de guitare", "rock con un solo de guitarra"):
        wish = read_prompt(prompt)
        assert [(found.name, found.role) for found in wish.wanted] == [("guitar", "lead")] and not wish.only
