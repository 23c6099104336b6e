"""Languages: every file is sound, commands and answers come in one's own, and what has no words stays English."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from bot import languages
from bot.languages import LOCALE, language_of, read_po, told
from tests.bot.discord_stage import Stage

FILES = sorted(LOCALE.glob("*.po"))
HOLE = re.compile(r"\{(\w+)\}")


def test_english_and_two_more() -> None:
    assert languages.languages() == {"en": "English", "de": "Deutsch", "es": "Español"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_fills_in_what_the_english_fills_in(path: Path) -> None:
    entries = list(read_po(path.read_text(encoding="utf-8")))
    assert len({(entry.context, entry.msgid) for entry in entries}) == len(entries) > 500
    for entry in entries[1:]:
        for msgstr in entry.msgstrs:
            assert msgstr and set(HOLE.findall(msgstr)) <= set(HOLE.findall(entry.msgid_plural or entry.msgid)), entry
        if entry.context == "name":
            assert re.fullmatch(r"[\w-]{1,32}", entry.msgstr) and entry.msgstr == entry.msgstr.lower()


@pytest.mark.parametrize(
    ("locale", "chosen", "code"),
    [
        ("de", None, "de"),
        ("es-419", None, "es"),
        ("fr", None, "en"),
        (None, None, "en"),
        ("fr", "de", "de"),
        ("de", "en", "en"),
        ("de", "xx", "de"),
    ],
)
def test_the_language_of_somebody(locale: str | None, chosen: str | None, code: str) -> None:
    assert language_of(locale, chosen) == code


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Next in line · about 12 s", "Als Nächstes dran · etwa 12 s"),
        ("The length must be between 1 and 9, not 10.", "Die Länge muss zwischen 1 und 9 liegen, nicht 10."),
        ("first.mp3 is empty: it has no bytes. Upload it again.", "first.mp3 ist leer. Lade es noch einmal hoch."),
        ("Made.\nno words for this", "Fertig.\nno words for this"),
        ("", ""),
    ],
)  # fmt: skip
def test_texts_with_and_without_what_is_filled_in(english: str, german: str) -> None:
    assert told(english, "de") == german and told(english, "en") == english and told(english, "xx") == english


def test_what_people_typed_stays_as_it_is() -> None:
    assert told("{what} is empty: it has no bytes. Upload it again.", "de").startswith("{what} ist leer")
    assert told("{0}{} is empty: it has no bytes. Upload it again.", "es") == "{0}{} está vacío. Súbelo otra vez."


def test_a_po_file_with_everything_that_the_format_has() -> None:
    header = '# c\nmsgid ""\nmsgstr ""\n"X-Language-Name: T\\n"\n\n#~ msgid "old"\n#~ msgstr "x"\n'
    text = header + 'msgctxt "name"\nmsgid "a"\nmsgstr "b"\nmsgid "two "\n"lines\\n"\nmsgstr "q\\"q"\n'
    entries = [(entry.context, entry.msgid, entry.msgstr) for entry in read_po(text)]
    assert entries == [("", "", "X-Language-Name: T\n"), ("name", "a", "b"), ("", "two lines\n", 'q"q')]


async def test_commands_are_uploaded_in_all_languages(stage: Stage) -> None:
    sent = next(entry.json for entry in stage.env.http_requests if entry.path.endswith("/commands"))
    by_name = {command["name"]: command for command in sent}
    compose = by_name["compose"]
    assert compose["name_localizations"]["de"] == "komponieren"
    assert compose["description_localizations"]["es-ES"] == "Música para tus palabras; un clip le da tempo y tonalidad"
    assert by_name["Remix this"]["name_localizations"]["de"] == "Remixen"
    assert all(len(text) <= 100 for command in sent for text in command.get("description_localizations", {}).values())


async def test_answers_come_in_the_chosen_language(stage: Stage) -> None:
    stage.service.sharing.chosen["person", str(stage.alice.id)] = {"language": "de"}
    asked = await stage.alice.slash(stage.channel, "compose", prompt="langsamer Blues")
    assert "Als Nächstes dran · etwa 12 s" in asked.response.content
    message = await stage.made()
    assert "Hier ist es: " + message.jump_url in asked.response.content
    refused = await stage.alice.slash(stage.channel, "compose", prompt=" ")
    assert "Sag in wenigen Worten" in refused.response.content
    shown = await stage.alice.slash(stage.channel, "settings me")
    assert "- **Sprache**: Deutsch · *von dir gesetzt*" in shown.response.content
    english = await stage.bob.slash(stage.channel, "compose", prompt="blues")
    assert "Next in line" in english.response.content


def test_a_menu_is_a_text_and_a_command_a_word(stage: Stage) -> None:
    names = {command.name for command in stage.client.tree.get_commands(type=discord.AppCommandType.message)}
    entries = read_po((LOCALE / "de.po").read_text(encoding="utf-8"))
    assert {"Remix this", "Extend this"} <= names & {entry.msgid for entry in entries if not entry.context}
