"""The languages that Bandmate speaks: English, and one for each gettext file in bot/locale/ (adding one is that).

A file's msgid is the English text as it stands in the source, with {placeholders} where something is filled in. Texts
are translated whole, at the edge, where they go out: a text is looked up as it is, then held against those with
placeholders, whose contents stay as they are unless they are texts of ours. So the parts of Bandmate that know nothing
of languages (its engines, its ledger) write plain English sentences, also into the ledger, and people read their own.

    "-# Heard in `hum.ogg`: 8.0 s, no steady beat"       what goes out; `…` is what people typed: it is set aside
     └┬┘ └─────────────┬───────────────────────┘
    kept   "Heard in {name}: {what}" -> "Gehört in {name}: {what}", and {what} again by itself
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.po import Entry, plural_rule, read_po

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"
NUMBER = "number"
"""The placeholder that decides the plural form."""
_NUMBERS = frozenset({NUMBER, "low", "high"})
"""Placeholders that stand for numbers alone."""
_THEIRS = frozenset({"file", "layer", "name", "person", "title", "word", "words"})
"""Placeholders in which words of people may stand: they are left as they are."""
_HOLE = re.compile(r"\{(\w+)\}")
_TYPED = re.compile(r"(?<!\\)`(?!/)[^`\n]*`")
"""What people typed, as `texts.quoted` writes it; `/commands` are ours."""
_SET_ASIDE = re.compile("\ue000(\\d+)\ue001")
"""Stands for what was set aside. User words can't have it: `texts.plain` drops signs of private use."""
_MARK = re.compile(r"(?:-# |- |\*\*\d+\*\* · )+")
"""Discord's small print, an item of a list, a take's number: before a text, not part of it."""
_ESCAPE = re.compile(r"\\([\\*_~|`<>@#\[\]()])")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_WORDS = re.compile(r"<[^>]*>|`[^`]*`|\b(?:s|min|h|dB|BPM|LUFS|MiB|MB|Hz)\b")
_NEXT_SENTENCE = re.compile(r"(?<=[.!?]) (?=\S)")
_NAME = "name"
"""The context of what is typed: the names of commands and options."""
_NAMES = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)


class Verbatim(str):
    """Words of people where one of our texts might stand (the name of a layer in a menu): never translated."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with placeholders: what it looks like when they are filled in, and its forms in another language."""

    looks: re.Pattern[str]
    fixed: tuple[str, ...]
    forms: tuple[str, ...]

    def match(self, text: str) -> re.Match[str] | None:
        """What was filled in; the fixed words are looked for first, which is quick."""
        return self.looks.fullmatch(text) if all(words in text for words in self.fixed) else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its own name for itself, its texts by (context, English text), the texts with placeholders, and
    which of several forms goes with a number."""

    name: str
    texts: Mapping[tuple[str, str], str]
    patterns: tuple[Pattern, ...]
    form_for: Callable[[int], int]

    def line(self, line: str) -> str:
        """A line in this language; what the language has no words for stays as it is."""
        typed: list[str] = []

        def set_aside(match: re.Match[str]) -> str:
            typed.append(match[0])
            return f"\ue000{len(typed) - 1}\ue001"

        told = self._line(_TYPED.sub(set_aside, line), [])
        return _SET_ASIDE.sub(lambda match: typed[int(match[1])], told)

    def missing(self, text: str) -> list[str]:
        """The parts of a text that this language has no words for; numbers, links and names of commands need none."""
        found: list[str] = []
        for line in text.split("\n"):
            self._line(_TYPED.sub("\ue0000\ue001", line), found)
        return [part for part in found if _WORD.search(_NO_WORDS.sub("", part))]

    def _line(self, line: str, missing: list[str]) -> str:
        """Whole; without the mark before it; as parts between dots; sentence by sentence; as a list of names."""
        if (found := self.whole(line)) is not None:
            return found
        if mark := _MARK.match(line):
            return mark[0] + self._line(line[mark.end() :], missing)
        for separator, joint in ((re.compile(" · "), " · "), (_NEXT_SENTENCE, " ")):
            if len(parts := separator.split(line)) > 1:
                return joint.join(self._line(part, missing) for part in parts)
        names = [self.texts.get(("", part)) for part in line.split(", ")]
        if all(names):
            return ", ".join(filter(None, names))
        missing.append(line)
        return line

    def whole(self, text: str) -> str | None:
        """A text that the language has words for, also where its signs were made harmless for Discord; else None."""
        found = self._looked_up(text)
        if found is None and "\\" in text:
            bare = self._looked_up(_ESCAPE.sub(r"\1", text))
            found = None if bare is None else re.sub(r"([\\*_~|`<>@#\[\]()])", r"\\\1", bare)
        return found

    def _looked_up(self, text: str) -> str | None:
        if ("", text) in self.texts:
            return self.texts["", text]
        for pattern in self.patterns:
            if match := pattern.match(text):
                filled = match.groupdict()
                form = pattern.forms[self.form_for(_count(filled.get(NUMBER))) if len(pattern.forms) > 1 else 0]
                return form.format(
                    **{name: part if name in _THEIRS else self._line(part, []) for name, part in filled.items()}
                )
        return None


def pattern_of(msgid: str, forms: tuple[str, ...]) -> Pattern:
    """A text with placeholders, and its forms in another language."""
    pieces = _HOLE.split(msgid)  # fixed words and the names of placeholders in turn
    looks, seen = "", set[str]()
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            looks += re.escape(piece)
        elif piece in seen:
            looks += f"(?P={piece})"
        else:
            seen.add(piece)
            looks += rf"(?P<{piece}>{r'[+-]?[0-9][0-9.,]*' if piece in _NUMBERS else '.+?'})"
    return Pattern(re.compile(looks), tuple(words for words in pieces[::2] if words), forms)


@lru_cache(maxsize=1)
def catalogues() -> Mapping[str, Catalogue]:
    """The languages beside English by their code ("de"), read once when they are first needed."""
    return {path.stem: catalogue_of(path.read_text(encoding="utf-8"), path.stem) for path in _files()}


def languages() -> dict[str, str]:
    """All languages: code and own name."""
    return {ENGLISH: "English", **{code: catalogue.name for code, catalogue in catalogues().items()}}


def language_of(locale: str | None, chosen: str | None = None) -> str:
    """The language for somebody: the chosen one if we speak it, else that of their Discord ("es-419": "es"), else
    English."""
    for wanted in (chosen, locale):
        code = (wanted or "").partition("-")[0].lower()
        if code == ENGLISH or code in catalogues():
            return code
    return ENGLISH


def told(text: str, language: str) -> str:
    """A text in a language, line by line; what the language has no words for stays English."""
    catalogue = catalogues().get(language)
    if catalogue is None or isinstance(text, Verbatim):
        return text
    return "\n".join(catalogue.line(line) for line in text.split("\n"))


def name_in(name: str, language: str) -> str:
    """The name of a command or option as Discord shows it in a language."""
    catalogue = catalogues().get(language)
    return name if catalogue is None else catalogue.texts.get((_NAME, name), name)


class Translator(app_commands.Translator):
    """Names and descriptions of commands, options and choices, for Discord to show."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The text in a locale of Discord; None where we have none. Names are looked up under the context "name"."""
        code = locale.value.partition("-")[0]
        catalogue = catalogues().get(code)
        if catalogue is None:
            return None
        place = _NAME if context.location in _NAMES and not _is_menu(context.data) else ""
        return catalogue.texts.get((place, string.message))


def _is_menu(command: Any) -> bool:
    """Whether it is a message's menu, whose name is a text and not a word to type."""
    return isinstance(command, app_commands.ContextMenu)


def _files() -> list[Path]:
    return sorted(LOCALE.glob("*.po"))


def catalogue_of(text: str, code: str) -> Catalogue:
    """The language of a file."""
    entries = [entry for entry in read_po(text) if entry.is_complete]
    header = next((entry.msgstr for entry in entries if not entry.context and not entry.msgid), "")
    name = re.search(r"^X-Language-Name: (.+)$", header, re.MULTILINE)
    texts = {(entry.context, entry.msgid): entry.msgstr for entry in entries if entry.msgid}
    patterns = [pattern for entry in entries if not entry.context for pattern in _patterns(entry)]
    patterns.sort(key=lambda pattern: -sum(map(len, pattern.fixed)))  # the one that says most comes first
    return Catalogue(name[1].strip() if name else code, texts, tuple(patterns), plural_rule(header))


def _patterns(entry: Entry) -> list[Pattern]:
    """The singular and the plural each have a look of their own; both lead to the form that goes with the number."""
    looks = [text for text in (entry.msgid, entry.msgid_plural) if "{" in text]
    return [pattern_of(text, entry.msgstrs) for text in looks]


def _count(number: str | None) -> int:
    """What decides the plural form: the number that was filled in; no number stands for one, a fraction for several."""
    if number is None:
        return 1
    return int(number) if number.isdecimal() else 2
