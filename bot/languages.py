"""The languages that Bandmate speaks: English, and one for each gettext file in bot/locale/ (adding one is that).

A file's msgid is the English text as it stands in the source, with {placeholders} where something is filled in. Texts
are translated whole, at the edge, where they go out: a text is looked up as it is, then held against those with
placeholders, whose contents stay as they are unless they are texts of ours. So the parts of Bandmate that know nothing
of languages (its engines, its ledger) write plain English sentences, and people read their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"
_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
_NAMES = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its own name for itself, its texts by (context, English text), and the texts with placeholders."""

    name: str
    texts: Mapping[tuple[str, str], str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    def line(self, line: str) -> str:
        """A line in this language; as it is where the language has no words for it."""
        found = self._whole(line)
        if found is None and " · " in line:
            return " · ".join(self._whole(part) or part for part in line.split(" · "))
        return line if found is None else found

    def _whole(self, text: str) -> str | None:
        if ("", text) in self.texts:
            return self.texts["", text]
        for pattern, translated in self.patterns:
            if match := pattern.fullmatch(text):
                return translated.format(**{name: self.line(part) for name, part in match.groupdict().items()})
        return None


def read_po(text: str) -> Iterator[tuple[str, str, str]]:
    """The entries of a .po file (GNU gettext manual, "The Format of PO Files"): context, msgid, msgstr.

    Plural forms and obsolete entries (#~) are left out: our texts have none.
    """
    entry: dict[str, str] = {}
    field = ""
    for raw in [*text.splitlines(), ""]:
        line = raw.strip()
        if line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        if keyword in ("msgctxt", "msgid", "msgstr"):
            if keyword in entry or (keyword == "msgctxt" and "msgstr" in entry):
                yield entry.get("msgctxt", ""), entry.get("msgid", ""), entry.get("msgstr", "")
                entry = {}
            field, line = keyword, rest
        if line.startswith('"') and field:
            entry[field] = entry.get(field, "") + str(ast.literal_eval(line))
        elif not line and "msgstr" in entry:
            yield entry.get("msgctxt", ""), entry.get("msgid", ""), entry["msgstr"]
            entry, field = {}, ""


def pattern_of(msgid: str) -> re.Pattern[str]:
    """What a text with placeholders looks like when they are filled in."""
    return re.compile(_PLACEHOLDER.sub(r"(?P<\1>.+?)", re.escape(msgid)))


@lru_cache(maxsize=1)
def catalogues() -> Mapping[str, Catalogue]:
    """The languages beside English by their code ("de"), read once when they are first needed."""
    return {path.stem: _catalogue(path) for path in sorted(LOCALE.glob("*.po"))}


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
    if catalogue is None:
        return text
    return "\n".join(catalogue.line(line) for line in text.split("\n"))


def of(interaction: discord.Interaction[Any]) -> str:
    """The language of whoever acts: the one they have chosen, as far as their settings were read, else their
    Discord's."""
    chosen = getattr(interaction.extras.get("preferences"), "language", None)
    return language_of(str(interaction.locale), chosen)


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
        place = "name" if context.location in _NAMES and not _is_menu(context.data) else ""
        return catalogue.texts.get((place, string.message))


def _is_menu(command: Any) -> bool:
    """Whether it is a message's menu, whose name is a text and not a word to type."""
    return isinstance(command, app_commands.ContextMenu)


def _catalogue(path: Path) -> Catalogue:
    entries = {
        (context, msgid): msgstr for context, msgid, msgstr in read_po(path.read_text(encoding="utf-8")) if msgstr
    }
    header = entries.pop(("", ""), "")
    name = re.search(r"^X-Language-Name: (.+)$", header, re.MULTILINE)
    with_holes = sorted((msgid for context, msgid in entries if not context and "{" in msgid), key=len, reverse=True)
    patterns = tuple((pattern_of(msgid), entries["", msgid]) for msgid in with_holes)
    return Catalogue(name[1].strip() if name else path.stem, entries, patterns)
