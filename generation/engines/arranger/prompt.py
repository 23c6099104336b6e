"""What a prompt asks for: style, moods, tempo, key, metre, instruments wanted and unwanted, form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from generation.engines.arranger.theory import parse_key
from generation.engines.arranger.vocabulary import Meaning, Vocabulary, plain, tokens_of, vocabulary
from generation.hearing import Key

_BPM = re.compile(
    r"(?<![\d.,])(\d{1,6}(?:[.,]\d+)?)\s*(?:bpm|beats? per minute|schlage)"
    r"|(?:tempo|at|bei|um)\s+(\d{2,3})\b(?!\s*(?:s|min))"
)
_MODE = r"(major|maj|minor|min|moll|dur|menor|mayor|mineur|majeur)"
_KEY = re.compile(rf"\b([a-h])\s*[- ]?(#|♯|b|♭|sharp|flat|is|es|s)?[\s-]*{_MODE}\b")
_SHORT_KEY = re.compile(r"\b(?:in|key of|key|en|tonart)\s+([A-H])(#|♯|b|♭)?(m)?(?=$|[\s,.;!])")
_SOLFEGE = re.compile(rf"\b(do|re|mi|fa|sol|la|si)\s*(sostenido|diese|bemol|#|b)?\s*{_MODE}\b")
_SOLFEGE_LETTERS = {"do": "c", "re": "d", "mi": "e", "fa": "f", "sol": "g", "la": "a", "si": "h"}
_DURATION = re.compile(
    r"\b(?!(?:[1-9]0)s\b)(\d{1,3})\s*(s|sec|secs|seconds?|sekunden?|segundos?|secondes?|min|mins|minutes?|minuten?|minutos?)\b"
)


@dataclass(frozen=True, slots=True)
class InstrumentWish:
    """An instrument by its name in the vocabulary, the sounds that count as it (the typical first), and its role."""

    name: str
    sounds: tuple[str, ...]
    role: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What was read from a prompt. Fields that the prompt is silent about are None, 0, 1 or empty.

    `energy` -1..1 is added to the style's, `tempo_factor` multiplies its tempo. `only` says that the wanted instruments
    are the whole band. `understood` are phrases as they were read, `unknown` words that nothing was made of,
    `remarks` sentences for the user.
    """

    styles: tuple[str, ...] = ()
    unwanted_styles: frozenset[str] = frozenset()
    moods: tuple[str, ...] = ()
    eras: tuple[str, ...] = ()
    tempo_bpm: float | None = None
    tempo_factor: float = 1.0
    key: Key | None = None
    mode: str | None = None
    beats_per_bar: int | None = None
    duration_s: float | None = None
    wanted: tuple[InstrumentWish, ...] = ()
    unwanted: tuple[InstrumentWish, ...] = ()
    only: bool = False
    energy: float = 0.0
    flags: frozenset[str] = frozenset()
    understood: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A wish while it is being read."""

    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    styles: list[str] = field(default_factory=list)
    unwanted_styles: set[str] = field(default_factory=set)
    moods: list[str] = field(default_factory=list)
    eras: list[str] = field(default_factory=list)
    wanted: list[InstrumentWish] = field(default_factory=list)
    unwanted: list[InstrumentWish] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    spelt: dict[str, str] = field(default_factory=dict)  # words as they were typed, by their plain form


def read_prompt(prompt: str) -> Wish:
    """Read a prompt in English, German, Spanish or French. Never fails; what it can't read is in `unknown`."""
    draft = _Draft(_quotes_gone(prompt))
    draft.spelt = {plain(word): word for word in re.findall(r"\w+", draft.text)}
    _take_key(draft)
    draft.text = plain(draft.text)
    _take_tempo(draft)
    _take_duration(draft)
    _read_words(draft)
    _remark_unknown(draft, prompt)
    lists: dict[str, Any] = {
        name: tuple(dict.fromkeys(getattr(draft, name)))
        for name in ("styles", "moods", "eras", "wanted", "unwanted", "understood", "unknown", "remarks")
    }
    unwanted = {instrument.name for instrument in lists["unwanted"]}
    lists["wanted"] = tuple(instrument for instrument in lists["wanted"] if instrument.name not in unwanted)
    return Wish(**lists, unwanted_styles=frozenset(draft.unwanted_styles), flags=frozenset(draft.flags), **draft.fields)


def _quotes_gone(prompt: str) -> str:
    return re.sub(r"[\"'’`´“”„()\[\]*_]", " ", prompt)


def _cut(draft: _Draft, match: re.Match[str]) -> None:
    draft.understood.append(match[0].strip())
    draft.text = draft.text[: match.start()] + " , " + draft.text[match.end() :]


def _take_key(draft: _Draft) -> None:
    """Find a key's name; the short form ("in Am") needs its capital letter."""
    text = plain(draft.text)
    if match := _KEY.search(text):
        draft.fields["key"] = parse_key(match[0])
    elif match := _SOLFEGE.search(text):
        sign = {"sostenido": "#", "diese": "#", "bemol": "♭", "b": "♭"}.get(match[2] or "", match[2] or "")
        draft.fields["key"] = parse_key(f"{_SOLFEGE_LETTERS[match[1]]}{sign} {match[3]}")
    if match and draft.fields.get("key") is not None:
        draft.text = text
        _cut(draft, match)
    elif match := _SHORT_KEY.search(draft.text):
        draft.fields["key"] = parse_key("".join(part or "" for part in match.groups()))
        _cut(draft, match)


def _take_tempo(draft: _Draft) -> None:
    match = _BPM.search(draft.text)
    if match is None:
        return
    asked = float((match[1] or match[2]).replace(",", "."))
    tempo = min(max(asked, 30.0), 300.0)
    if tempo != asked:
        draft.remarks.append(
            f"A tempo of {asked:g} BPM is out of reach; I took {tempo:g} BPM (30 to 300 can be played)."
        )
    draft.fields["tempo_bpm"] = tempo
    _cut(draft, match)


def _take_duration(draft: _Draft) -> None:
    match = _DURATION.search(draft.text)
    if match is None:
        return
    seconds = float(match[1]) * (60 if match[2].startswith("m") else 1)
    draft.fields["duration_s"] = min(max(seconds, 1.0), 300.0)
    _cut(draft, match)


def _read_words(draft: _Draft) -> None:
    """Go through the words once; after "no" or "without" instruments are unwanted until another kind of word comes."""
    words, tokens = vocabulary(), tokens_of(draft.text)
    negated, position = False, 0
    while position < len(tokens):
        meaning, length = words.longest(tokens[position:])
        phrase = " ".join(tokens[position : position + length])
        position += length
        if meaning is None:
            meaning = _guessed(words, phrase, draft)
        if meaning is None or meaning.kind == "negation":
            negated = meaning is not None
            continue
        if meaning.kind in ("link", "ignored"):
            negated = negated and meaning.kind == "link"
            continue
        _note(draft, words, meaning, phrase, negated)
        negated = negated and meaning.kind == "instrument"


def _guessed(words: Vocabulary, word: str, draft: _Draft) -> Meaning | None:
    if word == "," or word.isdigit():
        return None
    guess = words.guess(word)
    if guess is None:
        draft.unknown.append(word)
        return None
    draft.remarks.append(f"I read “{draft.spelt.get(word, word)}” as “{guess}”.")
    return words.meanings[(guess,)]


def _note(draft: _Draft, words: Vocabulary, meaning: Meaning, phrase: str, negated: bool) -> None:
    """Write one understood phrase into the draft."""
    draft.understood.append(f"no {phrase}" if negated else phrase)
    entry = words.settings.get(meaning.kind, {}).get(meaning.name, {})
    if meaning.kind == "instrument":
        wish = InstrumentWish(meaning.name, tuple(entry["sounds"]), entry["role"])
        (draft.unwanted if negated else draft.wanted).append(wish)
    elif meaning.kind == "style":
        if negated:
            draft.unwanted_styles.add(meaning.name)
        else:
            draft.styles.append(meaning.name)
    elif meaning.kind == "only":
        _note_only(draft, phrase)
    elif meaning.kind == "unsupported":
        if not negated:
            draft.remarks.append(entry["sentence"])
    elif meaning.kind == "flag":
        _note_flag(draft, meaning.name, negated)
    elif not negated:
        _note_setting(draft, meaning, entry)


def _note_only(draft: _Draft, phrase: str) -> None:
    """ "Only piano" is the whole band; "a guitar solo" is a guitar that leads it."""
    before = draft.text.split(phrase)[0].split()
    if phrase != "solo" or not draft.wanted or not before or before[-1] not in draft.understood[-2]:
        draft.fields["only"] = True
        return
    draft.wanted[-1] = replace(draft.wanted[-1], role="lead")


def _note_flag(draft: _Draft, name: str, negated: bool) -> None:
    if negated:
        return
    if name in ("major", "minor"):
        draft.fields["mode"] = name
    draft.flags.add(name)


def _note_setting(draft: _Draft, meaning: Meaning, entry: dict[str, Any]) -> None:
    """Moods, tempo and energy words, eras and metres."""
    fields = draft.fields
    if meaning.kind == "mood":
        draft.moods.append(meaning.name)
        if "mode" in entry:
            fields.setdefault("mode", entry["mode"])
    if meaning.kind == "era":
        draft.eras.append(meaning.name)
    if meaning.kind == "metre" and meaning.name == "odd":
        draft.remarks.append("The band counts 3/4, 4/4 and 6/8; I took the style's own metre instead.")
    elif meaning.kind == "metre":
        fields["beats_per_bar"] = int(meaning.name)
    fields["energy"] = fields.get("energy", 0.0) + entry.get("energy", 0.0) + entry.get("delta", 0.0)
    fields["tempo_factor"] = fields.get("tempo_factor", 1.0) * entry.get("tempo", 1.0) * entry.get("factor", 1.0)


def _remark_unknown(draft: _Draft, prompt: str) -> None:
    if prompt.strip() and not any(sign.isalnum() for sign in prompt) and not draft.understood:
        draft.remarks.append("I could not read words in your prompt; a few words such as “calm jazz” help me.")
        draft.unknown.clear()
    elif draft.unknown:
        words = ", ".join(f"“{draft.spelt.get(word, word)}”" for word in dict.fromkeys(draft.unknown))
        draft.remarks.append(f"I did not understand {words}.")
