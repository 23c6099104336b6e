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
