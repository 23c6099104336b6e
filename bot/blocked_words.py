"""A guild's block list for prompts: words and phrases that nobody there may ask for, however they are dressed up.

Compared are the letters that people read: case, accents, invisible characters, look-alike widths and signs between the
letters don't matter ("B.á d" is "bad"); what is only part of a longer word does ("badge" is not "bad").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from generation.errors import RequestRefused

MAX_WORDS = 200
MAX_WORD_CHARACTERS = 60
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oleastas")


def cleaned(word: str) -> str:
    """A word as the list keeps it: one line, no invisible characters. Raises RequestRefused when nothing is left."""
    visible = " ".join(_visible(word).split())[:MAX_WORD_CHARACTERS]
    if not re.search(r"\w", visible):
        raise RequestRefused("A blocked word needs at least one letter or digit.")
    return visible


def require_clean(prompt: str, words: Iterable[str]) -> None:
    """Raises RequestRefused when the prompt has one of the words; it does not say which, so that nobody can probe."""
    for text in {_plain(prompt), _plain(prompt.translate(_DIGITS_FOR_LETTERS))}:
        if any(_pattern(word).search(text) for word in words):
            raise RequestRefused("This server's moderators have blocked a word of your prompt. Say it another way.")


def _pattern(word: str) -> re.Pattern[str]:
    """The word's letters with any signs between them, standing by themselves."""
    letters = [re.escape(c) for c in _plain(word) if c.isalnum()]
    return re.compile(r"(?<!\w)" + r"[\W_]*".join(letters) + r"(?!\w)")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", _visible(text)).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def _visible(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in {"Cf", "Cc", "Mn"})
