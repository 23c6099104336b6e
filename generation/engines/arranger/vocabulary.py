"""The words that prompts are read with: the vocabulary files and the styles' own words, made searchable."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from generation.engines.arranger.style import all_styles
from generation.engines.arranger.wish import Genre

FOLDER = Path(__file__).parent
GRAMMAR_FILE = FOLDER / "vocabulary_grammar.toml"
GENRES_FILE = FOLDER / "vocabulary_genres.toml"
MEANINGS_FILES = tuple(FOLDER / f"vocabulary{part}.toml" for part in ("", "_instruments", "_drums"))
LONGEST_PHRASE = 5
MIN_LETTERS_FOR_GUESS = 5
GUESS_LIKENESS = 0.82
"""difflib's ratio above which a word counts as mistyped: two letters of six swapped."""
MIN_STEM_LETTERS = 4
COMPOUND_TAILS = (
    "musik", "stuck", "stucke", "solo", "soli", "song", "lied", "klang", "klange", "sound", "melodie", "begleitung",
    "akkorde", "riff", "riffs", "rhythmus", "beat", "beats", "stimmung", "band", "trio", "thema", "ballade", "teil",
    "gitarre", "gitarren", "klavier", "piano", "bass", "orgel", "geige", "trompete", "saxophon", "klarinette", "flote",
    "schlagzeug", "drums", "trommel", "trommeln", "drummer", "chor",
)  # fmt: skip
"""What German appends to an instrument, mood or style: words without a meaning of their own, "solo", instruments."""
MIN_LETTERS_BEFORE_ENDING = 3

_ENDINGS = ("en", "em", "er", "es", "as", "os", "s", "e", "n", "a", "o")
"""Of plurals and of adjectives in German and Spanish, the longest first."""
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
"""Letters that Unicode's decompositions leave whole."""
_PLAYED = frozenset({"instrument", "piece", "kit"})
_INFLECTED = _PLAYED | {"mood", "tempo", "energy", "flag", "unsupported", "era"}
_NAMED = frozenset({"style", "genre"})
_PLURALS = frozenset({"s", "es", "n", "en", "e", "er"})
_KINDS = {
    "articles": "article", "contrasts": "contrast", "degrees": "degree", "eras": "era", "flags": "flag",
    "instruments": "instrument", "joins": "join", "kits": "kit", "metres": "metre", "moods": "mood",
    "negations": "negation", "pieces": "piece", "roles": "role",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: its kind ("style", "mood", "instrument", "flag", ...) and the name within the kind."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Meanings by phrase (a tuple of plain words) and by the stems of its words, the settings of each mood, tempo,
    instrument by its name, the genres that are no styles, the styles that endings of unknown words speak of, and what
    words for styles mean where they speak of the band (prompt_doubles.py)."""

    meanings: dict[tuple[str, ...], Meaning]
    settings: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    genres: dict[str, Genre] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    stems: dict[tuple[str, ...], Meaning] = field(default_factory=dict)
    doubles: dict[str, Meaning] = field(default_factory=dict)

    def longest(self, tokens: list[str]) -> tuple[Meaning | None, int]:
        """The meaning of the longest phrase that `tokens` begin with, and how many of them it takes (at least 1)."""
        for length in range(min(LONGEST_PHRASE, len(tokens)), 0, -1):
            phrase = tuple(tokens[:length])
            meaning = self.meanings.get(phrase) or self._inflected(phrase)
            if meaning is not None:
                return meaning, length
        return None, 1

    def _inflected(self, phrase: tuple[str, ...]) -> Meaning | None:
        """A phrase in another form: its last word in the plural, or all words with other endings."""
        for ending in _PLURALS:
            if phrase[-1].endswith(ending) and len(phrase[-1]) - len(ending) >= 3:
                meaning = self.meanings.get((*phrase[:-1], phrase[-1][: -len(ending)]))
                if meaning is not None and meaning.kind in _INFLECTED | _NAMED | {"lacking"}:
                    return meaning
        return self.stems.get(tuple(map(stem, phrase)))

    def parts(self, word: str) -> list[str]:
        """A German compound of two known words as these ("gitarrensolo": gitarren, solo); empty when it is none."""
        for tail in COMPOUND_TAILS:
            head = word.removesuffix(tail)
            if head != word and len(head) >= 3 and self.longest([head])[0] is not None:
                return [head, tail]
        return []

    def guess(self, word: str) -> str | None:
        """The known word that a mistyped one most likely means; None when nothing is near."""
        if len(word) < MIN_LETTERS_FOR_GUESS:
            return None
        kinds = _NAMED | {"mood", "instrument", "piece"}
        known = [
            phrase[0]
            for phrase, meaning in self.meanings.items()
            if len(phrase) == 1 and meaning.kind in kinds and phrase[0][0] == word[0]  # "train" is no mistyped "rain"
        ]
        return next(iter(get_close_matches(word, known, 1, GUESS_LIKENESS)), None)

    def genre(self, name: str) -> Genre | None:
        """A genre by its key; one that nobody told us of ("zorbwave") by its ending; None where neither is known."""
        if name in self.genres:
            return self.genres[name]
        for ending, style in self.endings.items():
            if name.endswith(ending) and len(name) >= len(ending) + MIN_LETTERS_BEFORE_ENDING:
                return Genre(name.capitalize(), style, "its name ends alike")
        return None


def stem(word: str) -> str:
    """A plain word without its ending, where enough of it is left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LETTERS:
            return word[: -len(ending)]
    return word


def plain(text: str) -> str:
    """Small letters without accents: "Düster" becomes "duster", "ß" "ss", "chœur" "choeur"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
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
        if sign in ",;.:!?|\n" or unicodedata.category(sign) in (
            "So",
            "Sk",
            "Cn",
        ):  # Cn: pictures newer than Python's tables
            tokens.append("," if sign in ",;.:!?|\n" else sign)
    return tokens


@cache
def vocabulary() -> Vocabulary:
    """The whole vocabulary; read once, at the first call. The styles' words win over all others.

    Raises:
        ValueError: a genre whose nearest style there is not.
    """
    meanings: dict[tuple[str, ...], Meaning] = {}
    for table, entry in _grammar().items():
        _learn(meanings, Meaning(_KINDS.get(table, table), ""), entry["words"])
    genres, endings = _genres(meanings)
    settings: dict[str, dict[str, dict[str, Any]]] = {}
    doubles: dict[str, Meaning] = {}
    for table, entries in (pair for path in MEANINGS_FILES for pair in _read(path).items()):
        kind = _KINDS.get(table, table)
        settings[kind] = entries
        for name, entry in entries.items():
            _learn(meanings, Meaning(kind, name), [*entry["words"], *entry.get("near", ())])
            doubles |= {word: Meaning(kind, name) for word in entry.get("doubles", ())}
    for key, style in all_styles().items():
        _learn(meanings, Meaning("style", key), style.words)
    return Vocabulary(meanings, settings, genres, endings, _stems(meanings), doubles)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _grammar() -> dict[str, Any]:
    """The tables of small words; those without a meaning of their own first, so that every other table wins."""
    tables = _read(GRAMMAR_FILE)
    return {"ignored": tables.pop("ignored"), **tables}


def _genres(meanings: dict[tuple[str, ...], Meaning]) -> tuple[dict[str, Genre], dict[str, str]]:
    """Learn the genres' words."""
    tables, styles = _read(GENRES_FILE), all_styles()
    endings, genres = tables.pop("endings"), {}
    for key, entry in tables["genres"].items():
        _learn(meanings, Meaning("genre", key), entry.pop("words"))
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in entry.items()}
        genres[key] = Genre(**fields)
    if missing := sorted({*endings.values(), *(genre.nearest for genre in genres.values())} - set(styles)):
        raise ValueError(f"{GENRES_FILE.name} names styles that there are not: {', '.join(missing)}")
    return genres, endings


def _stems(meanings: dict[tuple[str, ...], Meaning]) -> dict[tuple[str, ...], Meaning]:
    """Phrases by the stems of their words, where those tell them from everything else; names of styles keep theirs."""
    found: dict[tuple[str, ...], Meaning] = {}
    unclear = {tuple(map(stem, phrase)) for phrase, meaning in meanings.items() if meaning.kind not in _INFLECTED}
    for phrase, meaning in meanings.items():
        stems = tuple(map(stem, phrase))
        is_one_instrument = len(phrase) == 1 and meaning.kind in _PLAYED  # "drumms" is no form of "drummer"
        if meaning.kind in _INFLECTED and not is_one_instrument and found.setdefault(stems, meaning) != meaning:
            unclear.add(stems)
    return {stems: meaning for stems, meaning in found.items() if stems not in unclear}


def _learn(meanings: dict[tuple[str, ...], Meaning], meaning: Meaning, words: list[str] | tuple[str, ...]) -> None:
    for words_of_one in words:
        meanings[tuple(tokens_of(words_of_one))] = meaning
