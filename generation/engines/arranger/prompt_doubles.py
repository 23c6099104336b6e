"""Words with two meanings: which one a prompt means, by the words beside them and the language that they are in.

"Charleston" is a dance, and French for the hi-hats; a string quartet is a style, and strings in a rock band; "laute" is
a lute, and German for "loud"; jazz is a style, but "no jazz guitar" excludes a guitar and no style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generation.engines.arranger.prompt_reach import Reach, Word
from generation.engines.arranger.vocabulary import Meaning, Vocabulary

_THINGS = frozenset({"instrument", "piece", "kit"})
_STYLES = frozenset({"style", "genre"})
_WITHOUT = frozenset({"no", "without", "without any", "minus", "ohne", "kein", "keine", "sans", "pas de", "sin"})
"""Negations of what is in a band; the others ("not", "anything but") rather speak of its style."""
_WITH = frozenset({"with", "plus", "add", "mit", "dazu", "con", "avec", "ajoute"})
# fmt: off
_ROMANCE = frozenset({
    "avec", "sans", "et", "du", "au", "aux", "pas", "mais", "dans", "pour", "une", "un", "le", "la", "batterie",
    "caisse", "grosse", "cymbale", "cymbales", "con", "sin", "y", "el", "los", "las", "una", "bateria", "caja", "bombo",
    "pero",
})
_NAMES_A_DANCE = frozenset({
    "dance", "dances", "dancing", "rhythm", "beat", "style", "music", "song", "tanz", "rhythmus", "stil", "musik",
    "danse", "rythme", "musique", "baile", "ritmo", "estilo", "musica",
})
# fmt: on
_ROMANCE_ENDINGS = ("ique", "stico", "stica")
_SOUND_OF_INSTRUMENTS = ("acoust", "akust", "acust", "electroni", "elektronisch")
"""Styles that are mere adjectives beside an instrument: an acoustic piano is no folk music."""
_CHARLESTON, _DRUM_AND_BASS, _LOUD_OR_LUTE, _SOLO_OF = "charleston", "dnb", "laute", "solo de"
_SILENT = Meaning("article", "")
"""Says nothing and is passed over by a negation."""
_END = Meaning("separator", "")
_DRUMS = Meaning("instrument", "drums")


def settled(words: Sequence[Word], vocabulary: Vocabulary, *, dated: bool = False) -> list[Word]:
    """The words of a prompt, each in the one meaning that it has beside the others; `dated`: a year was named."""
    found = _solos_behind(words)
    for index in reversed(range(len(found))):  # a word's neighbours on its right are settled before it
        found[index : index + 1] = _meant(found, index, vocabulary, dated)
    return found


def _meant(words: list[Word], index: int, vocabulary: Vocabulary, dated: bool) -> list[Word]:
    word = words[index]
    double = vocabulary.doubles.get(word.phrase)
    if word.phrase == _LOUD_OR_LUTE:
        return [replace(word, meaning=Meaning("energy", "high"))] if _describes(words, index) else [word]
    if double is not None:
        is_hi_hat = word.phrase.startswith(_CHARLESTON)
        is_thing = _is_hi_hat(words, index, dated) if is_hi_hat else _is_in_the_band(words, index)
        return [replace(word, meaning=double)] if is_thing else [word]
    if word.kind not in _STYLES:
        return [word]
    if word.meaning == Meaning("style", _DRUM_AND_BASS) and (parts := word.phrase.split())[-1].startswith("bas"):
        return _drum_and_bass(words, index, parts, vocabulary)
    return [replace(word, meaning=_SILENT)] if _is_adjective(words, index) else [word]


def _solos_behind(words: Sequence[Word]) -> list[Word]:
    """With "solo de guitare" as "guitare solo"."""
    found = list(words)
    for index, word in enumerate(found):
        if word.phrase == _SOLO_OF and (place := _next_thing(found, index)) is not None:
            found.insert(place + 1, Word("solo", word.meaning))
            found[index] = Word(word.phrase, _SILENT)
    return found


def _next_thing(words: Sequence[Word], index: int) -> int | None:
    """Where the instrument stands that follows, over articles."""
    for place in range(index + 1, len(words)):
        if words[place].kind != "article":
            return place if words[place].kind in _THINGS else None
    return None


def _describes(words: Sequence[Word], index: int) -> bool:
    return index + 1 < len(words) and words[index + 1].kind in _THINGS | _STYLES | {"ignored", "mood", "role"}


def _is_adjective(words: Sequence[Word], index: int) -> bool:
    """Whether a style's name only says what kind of instrument is meant: of sound anywhere, else after a "no"."""
    word, is_romance = words[index], _is_romance(words)
    before_thing = index + 1 < len(words) and words[index + 1].kind in _THINGS
    after_thing = is_romance and index > 0 and words[index - 1].kind in _THINGS
    if word.phrase.startswith(_SOUND_OF_INSTRUMENTS):
        return before_thing or after_thing
    if before_thing:  # "not jazz piano but classical piano" does speak of the style
        return _is_negated(words, index) and not _wanted_elsewhere(words, index + 1)
    # "sans batterie jazz" is jazz without drums, "sans guitare jazz" says what guitar
    named = after_thing and (words[index - 1].meaning != _DRUMS or _other_style(words, index))
    return named and _is_negated(words, index - 1)


def _wanted_elsewhere(words: Sequence[Word], index: int) -> bool:
    """Whether the instrument at `index` is named once more, where no negation reaches it."""
    return any(
        place != index and word.meaning == words[index].meaning and not _is_negated(words, place)
        for place, word in enumerate(words)
    )


def _drum_and_bass(words: Sequence[Word], index: int, parts: list[str], vocabulary: Vocabulary) -> list[Word]:
    """ "Jazz, no drum and bass" leaves out the drums and the bass; "not drum and bass, techno" another style."""
    before = words[index - 1].phrase if index else ""
    if before not in _WITHOUT or not _other_style(words, index):
        return [words[index]]
    return [Word(part, vocabulary.longest([part])[0]) for part in parts]


def _is_in_the_band(words: Sequence[Word], index: int) -> bool:
    """Whether it is left out, or comes with or joined to something else of a prompt that names another style."""
    if _is_negated(words, index):
        return True
    return _other_style(words, index) and (_after_with(words, index) or _before(words, index).kind == "join")


def _is_hi_hat(words: Sequence[Word], index: int, dated: bool) -> bool:
    if _is_negated(words, index):
        return True
    neighbours = (_before(words, index).phrase, words[index + 1].phrase if index + 1 < len(words) else "")
    if _NAMES_A_DANCE & set(neighbours):
        return False
    if _beside_a_piece(words, index):
        return True
    if not _is_romance(words):
        return False
    drums = any(w.kind in ("piece", "kit") or w.meaning == _DRUMS for w in words)
    return _after_with(words, index) or (
        not (dated or any(w.kind == "era" for w in words)) and (drums or _other_style(words, index))
    )


def _beside_a_piece(words: Sequence[Word], index: int) -> bool:
    """Whether it is joined to a piece of the drum kit: "kick, snare and charleston"."""
    for step in (-1, 1):
        place = index + step
        while 0 <= place < len(words) and words[place].kind in ("join", "separator", "article"):
            place += step
        if 0 <= place < len(words) and words[place].kind == "piece":
            return True
    return False


def _is_negated(words: Sequence[Word], index: int) -> bool:
    """Whether a "no" or "less" reaches the word at `index`."""
    reach = Reach()
    for word in words[:index]:
        reach.hear(word)
    return reach.is_on


def _before(words: Sequence[Word], index: int) -> Word:
    """The word before, over articles."""
    return next((word for word in reversed(words[:index]) if word.kind != "article"), Word("", _END))


def _after_with(words: Sequence[Word], index: int) -> bool:
    return _before(words, index).phrase in _WITH


def _other_style(words: Sequence[Word], index: int) -> bool:
    """Whether the prompt names a style with another word that it does not exclude."""
    return any(
        word.kind in _STYLES and word.phrase != words[index].phrase and not _is_negated(words, place)
        for place, word in enumerate(words)
    )


def _is_romance(words: Sequence[Word]) -> bool:
    """Whether the prompt looks French or Spanish."""
    parts = [part for word in words for part in word.phrase.split()]
    return any(part in _ROMANCE or part.endswith(_ROMANCE_ENDINGS) for part in parts)
