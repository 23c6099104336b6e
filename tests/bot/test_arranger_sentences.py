"""What the arranger's data says to people has words in every language: the reasons for a style, what it can't do."""

from __future__ import annotations

import pytest

from bot.languages import catalogues
from generation.engines.arranger.vocabulary import vocabulary


@pytest.mark.parametrize("code", sorted(catalogues()))
def test_reasons_for_a_style_are_translated(code: str) -> None:
    for genre in (*vocabulary().genres.values(), vocabulary().genre("zorbwave")):
        assert genre is not None
        said = f"{genre.name} is not among the styles; the nearest is Trap: {genre.why}."
        told = catalogues()[code].line(said)
        assert catalogues()[code].whole(genre.why) is not None, genre.why
        assert genre.name in told and genre.why not in told


@pytest.mark.parametrize("code", sorted(catalogues()))
def test_what_it_can_not_do_is_translated(code: str) -> None:
    for entry in vocabulary().settings["unsupported"].values():
        assert catalogues()[code].whole(entry["sentence"]) is not None


@pytest.mark.parametrize("code", sorted(catalogues()))
def test_what_an_era_does_to_the_sound_is_translated(code: str) -> None:
    for entry in vocabulary().settings["era"].values():
        for words in entry.get("sound", {}).values():
            assert "," not in words  # they are told as a list
            told = catalogues()[code].line(f"The sound is of that time: {words}, {words}.")
            assert words not in told and catalogues()[code].whole(words) is not None


@pytest.mark.parametrize("code", sorted(catalogues()))
def test_the_pieces_of_the_kit_are_translated(code: str) -> None:
    names = [entry["name"] for entry in vocabulary().settings["piece"].values()]
    for sentence in ("The drums play without these: {}.", "Of the drums these play alone: {}."):
        assert catalogues()[code].whole(sentence.format(", ".join(names))) is not None
        for name in names:
            assert catalogues()[code].whole(name) is not None, name
