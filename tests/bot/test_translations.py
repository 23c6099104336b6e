"""Nothing that people read is left untranslated, or too long for Discord in any language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot import client as bot_client
from bot import localised
from bot.commands import jam_menu
from bot.languages import Catalogue, catalogues, told
from bot.preferences import Scope
from bot.views import forms, jam_relay, jam_upload, settings_forms, wish_forms
from bot.views.asking import ask_view
from bot.views.family import RetractButton
from bot.views.forget import forget_view
from bot.views.formats import FormatSelect
from bot.views.jam import JamTakeButton, room_view
from bot.views.jam_relay import turn_view
from bot.views.jam_vote import vote_view
from bot.views.jobs import failed_job_view, open_job_view
from bot.views.kept import view_of
from bot.views.private import PostButton
from bot.views.settings import settings_view
from bot.views.takes import takes_view
from bot.voice.buttons import VoiceButton
from bot.wishes import Source
from generation.jam import vote
from generation.request import Operation, Request
from tests.bot.discord_stage import Stage
from tests.support.fake_service import ENGINE
from tests.support.jam_rooms import ANN, room_of, with_layers
from tests.support.jobs import take_of
from tests.support.sentences import HOLE, Said, texts_in

ROOT = Path(__file__).parents[2]
LANGUAGES = sorted(catalogues())
OPERATORS_ONLY = {
    *("app.py", "cli.py", "doctor.py", "generate.py", "health.py", "logs.py", "machine.py", "metrics.py", "replay.py"),
    *("languages.py", "network.py", "po.py", "sections.py", "settings.py"),
    *("backup.py", "copy.py", "database.py", "ffmpeg.py", "loading.py", "options.py", "own_styles.py", "sandbox.py"),
    "tags.py",
}
"""Files whose sentences are read in a terminal or a log."""
STAYS = {
    "A direct message",
    "The channel",
    "The interaction",
    f"{HOLE} refused it ({HOLE}, code {HOLE}: {HOLE}).",
    f"interaction {HOLE} came twice",
    f"the answer to job {HOLE}",
    "pip install 'bandmate[voice]'",
}
"""What only the log and the ledger hold, and commands."""
OWN_NAMES = {"Bandmate", "bandmate", "mp3", "ogg", "wav", "flac", "arranger", "studio", "English", "Deutsch", "Español"}


def said_by_the_bot() -> list[Said]:
    paths = [path for path in sorted((ROOT / "bot").rglob("*.py")) if path.name not in OPERATORS_ONLY]
    return texts_in([path for path in paths if "web" not in path.parts], ROOT)


def said_by_the_library() -> list[Said]:
    paths = [path for path in sorted((ROOT / "generation").rglob("*.py")) if path.name not in OPERATORS_ONLY]
    return texts_in([path for path in paths if "soundfont" not in path.name], ROOT, sentences_only=True)


def untranslated(catalogue: Catalogue, said: Said) -> list[str]:
    """What the language has no words for. Pieces of a longer text (they begin with a space) are looked for in it."""
    text, _ = said.filled()
    if said.template in STAYS or ("name", text) in catalogue.texts:
        return []
    if text.startswith(" "):
        piece = max(said.template.split(HOLE), key=len).strip()
        return [] if any(piece in msgid for _, msgid in catalogue.texts) else [text]
    return [part for part in catalogue.missing(text) if part not in OWN_NAMES]


def test_the_source_is_read() -> None:
    templates = {said.template for said in [*said_by_the_bot(), *said_by_the_library()]}
    assert {"Hear the mix", f"Here a take may be at most {HOLE} long.", "The clip is silent."} <= templates
    assert f"**The family of** `{HOLE}`: {HOLE} takes" in templates and len(templates) > 600


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_that_is_said_has_words_in_every_language(code: str) -> None:
    wanting = {
        f"{said.where}: {part}"
        for said in [*said_by_the_bot(), *said_by_the_library()]
        for part in untranslated(catalogues()[code], said)
    }
    assert not wanting


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_filled_in_comes_out_again(code: str) -> None:
    for said in [*said_by_the_bot(), *said_by_the_library()]:
        text, numbers = said.filled()
        translated = catalogues()[code].line(text)
        assert all(number in translated for number in numbers), (said.where, text, translated)


def row() -> Any:
    """What a take needs of its job."""
    return SimpleNamespace(job_id="job", request=Request(Operation.COMPOSE, "slow blues"))


class SomeInteraction:
    """What a form reads of an interaction."""

    id = 123456789012345678
    client: Any = SimpleNamespace(service=SimpleNamespace(engines={"arranger": ENGINE}))


def all_views() -> Iterator[discord.ui.View]:
    """Every view, with everything that can hang in it."""
    take, room = take_of(row()), with_layers(room_of(), "drums", "bass")
    voting = vote.start_vote(room, ANN, ["a", "b", "c"], limit_s=300, now=0)
    yield from (open_job_view("j"), failed_job_view("j"), ask_view("ab"), forget_view(), turn_view(room))
    yield from (takes_view([take], list(Operation)), takes_view([take] * 4, list(Operation)))
    yield from (room_view(room), vote_view(voting), *(settings_view(scope) for scope in Scope))
    stems = [discord.SelectOption(label=f"{stem} alone (flac)") for stem in ("drums", "electric piano")]
    yield view_of([RetractButton("t"), PostButton("t"), FormatSelect("t", stems), JamTakeButton("t")])
    yield view_of(VoiceButton(action, "ab") for action in ("stop", "loop", "once"))


def all_forms() -> Iterator[discord.ui.Modal]:
    """Every form, filled with what it can offer."""
    interaction: Any = SomeInteraction()
    take, room = take_of(row()), room_of()
    sources = [Source(f"file {number}.mp3", 1, "https://cdn") for number in range(3)]
    yield from (form(interaction, take) for form in (forms.words_form, forms.vary_form, forms.loop_form))
    for title in ("Remix this", "Extend this"):
        yield wish_forms.remix_form(interaction, "w", title, sources, list(wish_forms.REMIXES))
    yield from (jam_relay.turn_form(interaction, room), jam_upload.upload_form(interaction, room, "drums"))
    yield jam_menu.which_form(interaction, "w", sources)
    for kind, scope in settings_forms.FIELDS:
        yield settings_forms.form_of(interaction, kind, scope, {})


def words_of(item: Any) -> Iterator[tuple[str, int]]:
    """The words on an item, and how many characters Discord takes there."""
    match item:
        case discord.ui.Button():
            yield item.label or "", 80
        case discord.ui.Label():
            yield from ((item.text, 45), (item.description or "", 100))
        case discord.ui.TextInput():
            yield item.placeholder or "", 100
        case discord.ui.Select():
            yield item.placeholder or "", 150
            for option in item.options:
                yield from ((option.label, 100), (option.description or "", 100))


def words_on(shown: discord.ui.View | discord.ui.Modal) -> Iterator[tuple[str, int]]:
    if isinstance(shown, discord.ui.Modal):
        yield shown.title, 45
    for item in shown.walk_children():
        yield from words_of(item.item if isinstance(item, discord.ui.DynamicItem) else item)


@pytest.mark.parametrize("code", ["en", *LANGUAGES])
def test_every_button_menu_and_form_has_words_that_fit(code: str) -> None:
    for shown in [*all_views(), *all_forms()]:
        for words, limit in words_on(shown):
            assert len(told(words, code)) <= limit, (code, words, told(words, code))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_button_menu_and_form_is_translated(code: str) -> None:
    for shown in [*all_views(), *all_forms()]:
        english = [words for words, _ in words_on(shown)]
        localised.in_language(shown, code)
        for before, (after, _) in zip(english, words_on(shown), strict=True):
            assert not [part for part in catalogues()[code].missing(before) if part not in WORDS_THAT_STAY], before
            assert after == told(before, code)


WORDS_THAT_STAY = {*OWN_NAMES, "file 0.mp3", "file 1.mp3", "file 2.mp3", "drums", "bass"}


def test_no_kind_of_button_is_forgotten_here() -> None:
    shown = {type(item) for view in all_views() for item in view.children}
    assert shown == set(bot_client.KEPT)


async def test_every_command_and_option_has_a_name_and_words_that_fit(stage: Stage) -> None:
    sent = next(entry.json for entry in stage.env.http_requests if entry.path.endswith("/commands"))
    num_described = 0
    for node in _nodes(sent):
        for name in ("name", "description"):
            if not node.get(name):
                continue
            local = node.get(f"{name}_localizations") or {}
            assert {locale.partition("-")[0] for locale in local} == set(LANGUAGES), (name, node[name])
            limit = 32 if name == "name" else 100
            assert all(1 <= len(text) <= limit for text in [node[name], *local.values()]), node
            num_described += 1
    assert num_described > 150


def _nodes(sent: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Commands, groups and options; the names of choices of formats and metres stay."""
    for node in sent:
        yield node
        yield from _nodes(node.get("options") or [])
