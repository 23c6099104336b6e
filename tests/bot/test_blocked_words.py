"""The block list for prompts: dressed-up words are found, longer words that hold them are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocked_words import cleaned, require_clean
from generation.errors import RequestRefused


@pytest.mark.parametrize(
    "prompt",
    [
        "a bad song",
        "BAD",
        "b\u200ba\u200bd",
        "b.a.d!",
        "b a d",
        "bád",
        "b\u0301ad",
        "ＢＡＤ",
        "b@d",
        "\u202ebad\u202c",
        "really,bad,song",
        "**bad**",
        "`bad`",
        "b\u00ada\u00add",
        "𝐛𝐚𝐝",
    ],
)
def test_a_dressed_up_word_is_found(prompt: str) -> None:
    with pytest.raises(RequestRefused, match="moderators") as caught:
        require_clean(prompt, ["bad"])
    assert "bad" not in str(caught.value).lower()


@pytest.mark.parametrize("prompt", ["badge", "a badger's song", "lo-fi", "", "embado", "ba", "🎷 sad"])
def test_other_words_pass(prompt: str) -> None:
    require_clean(prompt, ["bad"])


def test_phrases_and_no_list() -> None:
    with pytest.raises(RequestRefused):
        require_clean("in the style of  John\nSmith, slow", ["john smith"])
    require_clean("john smithson", ["john smith"])
    require_clean("anything", [])


def test_a_word_of_signs_alone_can_not_be_blocked() -> None:
    for nothing in ("", "  ", "\u200b", "***", "\u202e"):
        with pytest.raises(RequestRefused):
            cleaned(nothing)
    assert cleaned("  two \n words ") == "two words"


@given(st.text(max_size=500), st.lists(st.text(max_size=60), max_size=5))
def test_whatever_is_typed_it_is_answered_or_refused(prompt: str, words: list[str]) -> None:
    listed = []
    for word in words:
        try:
            listed.append(cleaned(word))
        except RequestRefused:
            continue
    try:
        require_clean(prompt, listed)
    except RequestRefused:
        assert listed
    for word in listed:
        with pytest.raises(RequestRefused):
            require_clean(f"x {word} y", [word])
