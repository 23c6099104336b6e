"""Languages: every file is sound, commands and answers come in one's own, and what has no words stays English."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from bot import languages
from bot.languages import LOCALE, language_of, told
from bot.po import read_po
from tests.bot.discord_stage import Stage

FILES = sorted(LOCALE.glob("*.po"))
HOLE = re.compile(r"\{(\w+)\}")


def test_english_and_two_more() -> None:
    assert languages.languages() == {"en": "English", "de": "Deutsch", "es": "Español"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_fills_in_what_the_english_fills_in(path: Path) -> None:
    entries = list(read_po(path.read_text(encoding="utf-8")))
    assert len({(entry.context, entry.msgid) for entry in entries}) == len(entries) > 500
    (num_forms,) = re.findall(r"nplurals=(\d+);", entries[0].msgstr)
    for entry in entries[1:]:
        assert len(entry.msgstrs) == (int(num_forms) if entry.msgid_plural else 1), entry
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


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("The relay is over: 1 turn by <@1>.", "Die Staffel ist vorbei: 1 Zug von <@1>."),
        ("The relay is over: 3 turns by <@1>.", "Die Staffel ist vorbei: 3 Züge von <@1>."),
        ("- no clips and 1 take", "- keine Clips und 1 Take"),
        ("-# 92 BPM · D minor · 4/4 · 1 bar", "-# 92 BPM · d-Moll · 4/4 · 1 Takt"),
        ("-# 92 BPM · any key · 3/4 · 8 bars", "-# 92 BPM · jede Tonart · 3/4 · 8 Takte"),
    ],
)
def test_numbers_choose_their_form(english: str, german: str) -> None:
    assert told(english, "de") == german


def test_three_plural_forms() -> None:
    polish = 'msgid ""\nmsgstr "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"\n'
    polish += 'msgid "{number} bar"\nmsgid_plural "{number} bars"\n'
    polish += 'msgstr[0] "{number} takt"\nmsgstr[1] "{number} takty"\nmsgstr[2] "{number} taktów"\n'
    told_in = languages.catalogue_of(polish, "pl").line
    assert [told_in(f"{n} bars") for n in (2, 5, 22)] == ["2 takty", "5 taktów", "22 takty"]
    assert told_in("1 bar") == "1 takt"


def test_what_people_typed_is_never_translated() -> None:
    typed = "**Compose** `about love · Cancelled. · 3 bars` · <@1>"
    assert told(typed, "de") == "**Komponieren** `about love · Cancelled. · 3 bars` · <@1>"
    assert (
        told("files is empty: it has no bytes. Upload it again.", "de") == "files ist leer. Lade es noch einmal hoch."
    )
    assert told(languages.Verbatim("files"), "de") == "files"


def test_signs_made_harmless_stay_harmless() -> None:
    assert told(r"-# I don't know the key H\_x; a key is written like D minor or F\# major.", "de").startswith(
        r"-# Ich kenne die Tonart H\_x nicht; man schreibt sie etwa D minor \(d-Moll\)"
    )


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
