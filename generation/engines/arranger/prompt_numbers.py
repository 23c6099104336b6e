"""What numbers in a prompt say: its key's sign, tempo, length, and the years of an era."""

from __future__ import annotations

import re
from statistics import fmean

from generation.engines.arranger.vocabulary import plain
from generation.engines.arranger.wish import WishDraft
from generation.hearing import Key
from generation.keys import key_named

_UNIT = r"(?:bpm|beats? per minute|schlage(?: (?:pro|die) minute)?|pulsaciones(?: por minuto)?)"
_NUMBER = r"(\d{1,6}(?:[.,]\d+)?)"
_BPM = re.compile(
    rf"(?<![\d.,/])(?:{_NUMBER}\s*(?:-|–|to|bis|and|und|a|y|et)\s*)?{_NUMBER}[\s-]*{_UNIT}"
    rf"|\bbpm\s*[:=]?\s*{_NUMBER}"
    r"|\b(?:tempo|at|bei|um)\s*[:=]?\s*(\d{2,3})\b(?!\s*(?:s|min|er|hz))"
)
TEMPO_RANGE_BPM = (30.0, 300.0)
WIDEST_RANGE = 1.6
"""Two tempos that lie farther apart are no range."""
_MODE = r"(major|maj|minor|min|moll|dur|menor|mayor|mineur|majeur)"
_KEY = re.compile(rf"\b([a-h])\s*[- ]?(#|♯|b|♭|sharp|flat|is|es|s)?[\s-]*{_MODE}\b")
_SHORT_KEY = re.compile(r"\b(?:in|key of|key|en|tonart)\s+([A-H])(#|♯|b|♭)?(m)?(?=$|[\s,.;!])")
_SOLFEGE = re.compile(rf"\b(do|re|mi|fa|sol|la|si)\s*(sostenido|diese|bemol|#|b)?\s*{_MODE}\b")
_GERMAN_MODES = {"moll": "minor", "dur": "major"}
_SOLFEGE_LETTERS = {"do": "c", "re": "d", "mi": "e", "fa": "f", "sol": "g", "la": "a", "si": "h"}
_SECONDS = r"(?:s|secs?|seconds?|sekunden?|segundos?|secondes?)"
_MINUTES = r"(?:min|mins|minutes?|minuten?|minutos?)"
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])(?:[\s-]*(?:min\w*|m|long|lang))?")
_DURATION = re.compile(
    rf"(?<![\d.,])(\d{{1,3}})[\s-]*{_MINUTES}\b(?:\s*(?:and|und|y|et)?\s*(\d{{1,2}})\s*{_SECONDS}\b)?"
    rf"|\b(?!(?:[5-9]0|808|909|303|707)s\b)(\d{{1,3}})[\s-]*{_SECONDS}\b"
)
_WORDED_DURATION = re.compile(
    rf"\b(half an?|halbe|medio|demi)[\s-]*{_MINUTES}\b|\b(?:one|an?|eine|un|une)[\s-]*{_MINUTES}\b"
)
_DECADE = re.compile(
    r"\b(?P<century>19|20)(?P<a>[0-9]0)(?:s|ies)\b|\b(?P<b>[05-9]0)s\b|\b(?P<of>19|20)?(?P<c>[1-9]0)(?:ies|er|ern)\b"
    rf"|\b(?:(?:the|los|anos|les|annees|early|late|mid)\s+)+(?P<d>[2-9]0)s?\b(?!\s*(?:{_UNIT}|{_SECONDS}\b|{_MINUTES}\b))"
)
"""Bare "10s" to "40s" are lengths, "50s" to "90s" decades: nobody asks for ninety seconds so."""
_YEAR = re.compile(r"(?<![\d.,/:])(1[6-9]\d\d|20[0-4]\d)(?:s|er|ern)?\b(?!\s*(?:bpm|hz|kbps))")
_NAMED_DECADES = {
    1920: "twenties", 1930: "thirties", 1940: "forties", 1950: "fifties", 1960: "sixties", 1970: "seventies",
    1980: "eighties", 1990: "nineties", 2000: "noughties",
}  # fmt: skip


def _cut(draft: WishDraft, match: re.Match[str]) -> None:
    draft.understood.append(match[0].strip())
    draft.text = draft.text[: match.start()] + " , " + draft.text[match.end() :]


def take_key(draft: WishDraft) -> None:
    """Find a key's name; the short form ("in Am") needs its capital letter, so the text must not be plain yet."""
    text = plain(draft.text)
    if match := _KEY.search(text):
        draft.fields["key"] = _key(*match.groups())
    elif match := _SOLFEGE.search(text):
        sign = {"sostenido": "#", "diese": "#", "bemol": "b"}.get(match[2], match[2])
        draft.fields["key"] = _key(_SOLFEGE_LETTERS[match[1]], sign, match[3])
    if match:
        draft.text = text
        _cut(draft, match)
    elif match := _SHORT_KEY.search(draft.text):
        draft.fields["key"] = _key(*match.groups())
        _cut(draft, match)


def _key(letter: str, sign: str | None, mode: str | None) -> Key:
    """As orders name keys, and in German: H is B, and B is B flat before "moll" and "dur"."""
    mode = mode or ""
    if letter.lower() == "b" and not sign and mode in _GERMAN_MODES:
        sign = "b"
    letter = "b" if letter.lower() == "h" else letter
    return key_named(f"{letter}{sign or ''} {_GERMAN_MODES.get(mode, mode)}")


def take_tempo(draft: WishDraft) -> None:
    """Find a tempo in BPM; of "90 to 100 BPM" the middle."""
    match = _BPM.search(draft.text)
    if match is None:
        return
    numbers = [float(number.replace(",", ".")) for number in match.groups() if number]
    is_range = max(numbers) < WIDEST_RANGE * min(numbers)  # "808 and 140 BPM" is none
    set_tempo(draft, fmean(numbers) if is_range else numbers[-1])
    if is_range:
        _cut(draft, match)
    else:
        draft.understood.append(draft.text[match.start(2) : match.end()])
        draft.text = draft.text[: match.start(2)] + " , " + draft.text[match.end() :]


def set_tempo(draft: WishDraft, asked_bpm: float) -> None:
    """Write a tempo into the draft, within what can be played."""
    low, high = TEMPO_RANGE_BPM
    tempo = min(max(asked_bpm, low), high)
    if tempo != asked_bpm:
        draft.remarks.append(
            f"A tempo of {asked_bpm:g} BPM is out of reach; I took {tempo:g} BPM (30 to 300 can be played)."
        )
    draft.fields["tempo_bpm"] = tempo


def take_duration(draft: WishDraft) -> None:
    """Find a length: "30 s", "1 min 20 s", "2:30", "half a minute"; 1 to 300 s."""
    if match := _CLOCK.search(draft.text):
        seconds = 60.0 * int(match[1]) + int(match[2])
    elif match := _DURATION.search(draft.text):
        seconds = 60.0 * int(match[1] or 0) + int(match[2] or match[3] or 0)
    elif match := _WORDED_DURATION.search(draft.text):
        seconds = 30.0 if match[1] else 60.0
    else:
        return
    draft.fields["duration_s"] = min(max(seconds, 1.0), 300.0)
    _cut(draft, match)


def take_years(draft: WishDraft) -> None:
    """Write "1987", "1920s", "90er" and "los 90" as the words for their eras, which are read with all others."""

    def named(match: re.Match[str]) -> str:
        century = match["century"] or match["of"]
        decade = int(next(part for part in match.group("a", "b", "c", "d") if part))
        return _era_words(decade + (100 * int(century) if century else 1900 if decade >= 20 else 2000))

    draft.text = _DECADE.sub(named, draft.text)
    draft.text = _YEAR.sub(lambda match: _era_words(int(match[1]) // 10 * 10), draft.text)


def _era_words(decade: int) -> str:
    return f" {era_of(decade).replace('_', ' ')} "


def era_of(decade: int) -> str:
    """The era of the vocabulary that a decade (its first year, 1600..2040) belongs to.

    The bounds of the baroque (to 1750) and classical eras (to 1820) are those of music history; from the
    nineteenth century's rest to 1910 it is the romantic era.
    """
    if decade in _NAMED_DECADES:
        return _NAMED_DECADES[decade]
    bounds = ((1750, "baroque"), (1820, "classical_era"), (1920, "romantic_era"))
    return next((era for end, era in bounds if decade < end), "today")
