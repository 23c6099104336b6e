"""What an era does to the sound: kits, instruments, rooms and mix, and what is said of it."""

from __future__ import annotations

import pytest

from generation.engines.arranger.instruments import KITS, PROGRAMS, SYNTH_KITS, SYNTHS, is_synth
from generation.engines.arranger.style import Mix
from generation.engines.arranger.vocabulary import vocabulary
from generation.request import Operation
from tests.support.scores import composed, part

ERAS = {name: entry for name, entry in vocabulary().settings["era"].items() if "sound" in entry}
FIELDS = {"character", "space", "width", "kits", "instruments", "drums"}
CHARACTERS, SPACES = {"clean", "lofi", "loud", "warm"}, {"dry", "room", "hall", "plate"}


def sounds(prompt: str, seed: int = 1) -> dict[str, str]:
    return dict(composed(Operation.COMPOSE, prompt, seed, duration_s=12).details["band"])


@pytest.mark.parametrize("name", sorted(ERAS))
def test_an_era_is_whole(name: str) -> None:
    entry = ERAS[name]
    assert set(entry) - {"words", "styles", "sound"} == set(entry["sound"]) | (set(entry) & FIELDS)
    assert set(entry["sound"]) <= set(entry) & FIELDS
    assert {*entry.get("character", {}), *entry.get("character", {}).values()} <= CHARACTERS
    assert {*entry.get("space", {}), *entry.get("space", {}).values()} <= SPACES
    assert set(entry.get("drums", {})) <= set(Mix.model_fields)
    kits = {f"kit:{number}" for number in KITS} | {f"synth:{kit}" for kit in SYNTH_KITS}
    assert {*entry.get("kits", {}), *entry.get("kits", {}).values()} <= kits
    voices = {f"gm:{number}" for number in PROGRAMS} | {f"synth:{voice}" for voice in SYNTHS}
    assert {*entry.get("instruments", {}), *entry.get("instruments", {}).values()} <= voices


def test_the_eighties_are_electronic() -> None:
    band = sounds("80s pop")
    assert band["drums"] == "kit:24"
    assert band["keys"] == "synth:epiano" and is_synth(band["bass"]) and is_synth(band["pad"])
    drums = part(composed(Operation.COMPOSE, "80s pop").score, "drums")
    usual = part(composed(Operation.COMPOSE, "pop").score, "drums")
    assert drums is not None and usual is not None and drums.sound.reverb > usual.sound.reverb + 0.1


@pytest.mark.parametrize("decade", ["60s", "70s", "50s", "20s jazz,"])
@pytest.mark.parametrize("style", ["pop", "rock", "funk", "soul", "disco", "house"])
def test_old_records_have_no_synthesisers_and_small_kits(decade: str, style: str) -> None:
    if decade == "20s jazz,":
        made = composed(Operation.COMPOSE, f"{style} of the 1920s", duration_s=12)
    else:
        made = composed(Operation.COMPOSE, f"{decade} {style}", duration_s=12)
    band = made.details["band"]
    assert band["drums"] in ("kit:0", "kit:32")
    synths = [name for name, sound in band.items() if is_synth(sound)]
    assert not synths
    assert made.score.character in ("warm", "lofi")


def test_sixties_are_wide_and_twenties_narrow() -> None:
    pans = [
        max(abs(found.sound.pan) for found in composed(Operation.COMPOSE, prompt).score.parts)
        for prompt in ("pop of the 1920s", "pop", "60s pop")
    ]
    assert pans[0] < 0.5 * pans[1] < pans[1] < pans[2]
    assert composed(Operation.COMPOSE, "jazz 1926").score.character == "lofi"


def test_what_is_asked_for_by_name_stays() -> None:
    assert sounds("80s pop with piano")["keys"] == "gm:0"
    assert sounds("80s pop with acoustic drums")["drums"] == "kit:0"
    assert not any(is_synth(sound) for name, sound in sounds("80s pop, no synths").items() if name != "drums")


def test_the_recipe_and_the_remarks_say_what_the_era_changed() -> None:
    made = composed(Operation.COMPOSE, "80s pop")
    assert made.details["era"] == ["drums in a large plate", "synthesisers and FM electric piano", "electronic drums"]
    assert f"The sound is of that time: {', '.join(made.details['era'])}." in made.remarks
    jazz = composed(Operation.COMPOSE, "80s jazz")
    assert "electronic drums" not in jazz.details["era"]  # its kit is none that the eighties exchanged
    plain = composed(Operation.COMPOSE, "pop")
    assert plain.details["era"] == [] and not any("that time" in remark for remark in plain.remarks)


@pytest.mark.parametrize("prompt", ["pop de los 80", "Pop der 80er", "pop des années 80", "pop from 1984"])
def test_an_era_in_other_words_sounds_the_same(prompt: str) -> None:
    assert sounds(prompt) == sounds("80s pop")


def test_no_synths_takes_what_a_part_has_besides() -> None:
    for seed in range(4):
        band = sounds("pop, no synths", seed)
        assert not any(is_synth(sound) for sound in band.values())
