"""The words that prompts are read with: vocabulary.toml and the styles' own words, made searchable."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from generation.engines.arranger.style import all_styles

VOCABULARY_FILE = Path(__file__).with_name("vocabulary.toml")
LONGEST_PHRASE = 4
MIN_LETTERS_FOR_GUESS = 5
GUESS_LIKENESS = 0.82
"""difflib's ratio above which a word counts as mistyped: two letters of six swapped."""

_PLURALS = ("s", "es", "e", "n", "en", "er", "es")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: its kind ("style", "mood", "instrument", "flag", ...) and the name within the kind."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Meanings by phrase (a tuple of plain words), and the settings of each mood, tempo, instrument by its name."""

    meanings: dict[tuple[str, ...], Meaning]
    settings: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def longest(self, tokens: list[str]) -> tuple[Meaning | None, int]:
        """The meaning of the longest phrase that `tokens` begin with, and how many of them it takes (at least 1)."""
        for length in range(min(LONGEST_PHRASE, len(tokens)), 0, -1):
            phrase = tuple(tokens[:length])
            meaning = self.meanings.get(phrase) or self._singular(phrase)
            if meaning is not None:
                return meaning, length
        return None, 1

    def _singular(self, phrase: tuple[str, ...]) -> Meaning | None:
        last = phrase[-1]
        for ending in _PLURALS:
            if last.endswith(ending) and len(last) - len(ending) >= 3:
                meaning = self.meanings.get((*phrase[:-1], last[: -len(ending)]))
                if meaning is not None and meaning.kind not in ("ignored", "link", "negation"):
                    return meaning
        return None

    def guess(self, word: str) -> str | None:
        """The known word that a mistyped one most likely means; None when nothing is near."""
        if len(word) < MIN_LETTERS_FOR_GUESS:
            return None
        known = [p[0] for p, m in self.meanings.items() if len(p) == 1 and m.kind in ("style", "mood", "instrument")]
        return next(iter(get_close_matches(word, known, 1, GUESS_LIKENESS)), None)


def plain(text: str) -> str:
    """Small letters without accents: "Düster" becomes "duster", "ß" "ss"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign) and sign != "\ufe0f")


def tokens_of(text: str) -> list[str]:
    """The words of a text (letters and digits together, "3/4" whole), each picture sign by itself, "," as a token."""
    tokens: list[str] = []
    word = ""
    for sign in plain(text) + " ":
        if sign.isalnum() or (sign == "/" and word.isdigit()):
            word += sign
            continue
        if word:
            tokens.append(word)
            word = ""
        if sign in ",;.!\n" or unicodedata.category(sign) in ("So", "Sk"):
            tokens.append("," if sign in ",;.!\n" else sign)
    return tokens


@cache
def vocabulary() -> Vocabulary:
    """The whole vocabulary; read once, at the first call. The styles' words win over all others."""
    data = tomllib.loads(VOCABULARY_FILE.read_text(encoding="utf-8"))
    meanings: dict[tuple[str, ...], Meaning] = {}
    for kind in ("ignored", "links", "negations", "only"):
        _learn(
            meanings, Meaning({"links": "link", "negations": "negation"}.get(kind, kind), ""), data.pop(kind)["words"]
        )
    settings: dict[str, dict[str, dict[str, Any]]] = {}
    singular = {"moods": "mood", "eras": "era", "flags": "flag", "metres": "metre", "instruments": "instrument"}
    for table, entries in data.items():
        kind = singular.get(table, table)
        settings[kind] = entries
        for name, entry in entries.items():
            _learn(meanings, Meaning(kind, name), entry["words"])
    for key, style in all_styles().items():
        _learn(meanings, Meaning("style", key), style.words)
    return Vocabulary(meanings, settings)


def _learn(meanings: dict[tuple[str, ...], Meaning], meaning: Meaning, words: list[str] | tuple[str, ...]) -> None:
    for words_of_one in words:
        meanings[tuple(tokens_of(words_of_one))] = meaning
