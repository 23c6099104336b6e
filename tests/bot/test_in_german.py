"""What a German member sees: Alice's Discord is German, Bob's is English; a channel's language is for what all see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from generation.ledger.people import Known
from tests.bot.discord_stage import OGG, Stage
from tests.bot.jams.den import Den, ogg


@pytest.fixture
def german_alice(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Stage:
    """The stage; Discord says "de" with everything that Alice does."""
    read = discord.Interaction._from_data

    def with_locale(self: discord.Interaction[Any], data: Any) -> None:
        read(self, data)
        if self.user.name == "alice":
            self.locale = discord.Locale.german

    async def known(front_end: str, person_id: str) -> Known:
        return Known(num_clips=2, num_takes=1, num_choices=0, since=1.0)

    monkeypatch.setattr(discord.Interaction, "_from_data", with_locale)
    monkeypatch.setattr(stage.service, "privacy", SimpleNamespace(known=known, keep_audio_days=30), raising=False)
    return stage


def words_on(message: discord.Message) -> list[str]:
    """Labels of buttons, and the placeholders of menus."""
    items = [item for row in message.components for item in row.children]  # type: ignore[union-attr]
    return [getattr(item, "label", None) or item.placeholder for item in items]


async def test_check_in_progress_and_result(german_alice: Stage) -> None:
    stage = german_alice
    asked = await stage.alice.slash(stage.channel, "restyle", clip=OGG, prompt="slow blues")
    shown = asked.response.content
    assert "**Umstylen** `slow blues`" in shown and "Gehört in `voice-message.ogg`" in shown
    assert "120 BPM, d-Moll, -14.2 LUFS" in shown and "Als Nächstes dran · etwa 12 s" in shown
    assert words_on(stage.messages()[-1]) == ["Abbrechen"]
    result = await stage.made(("I heard no steady beat in the clip, so the band keeps its own time.",))
    assert "KI-generiert" in result.content and "keinen festen Schlag gehört" in result.content
    row = ["Noch einmal", "Variieren", "Weiterspielen", "Umstylen", "Loop"]
    assert words_on(result) == [*row, "Format", "Stammbaum", "Löschen"]


async def test_a_refusal_a_failure_and_what_is_private(german_alice: Stage) -> None:
    stage = german_alice
    refused = await stage.alice.slash(stage.channel, "loop")
    assert "Gib einen Clip oder einen Take an" in refused.response.content
    asked = await stage.alice.slash(stage.channel, "compose", prompt="blues")
    stage.service.fail(stage.service.last_job_id, "The engine could not start this take: try other words or values.")
    await stage.env.settle()
    assert "Die Engine konnte diesen Take nicht beginnen" in asked.response.content
    privacy = await stage.alice.slash(stage.channel, "privacy")
    assert "**Was ich von dir aufbewahre**" in privacy.response.content
    assert "- 2 Clips und 1 Take, das Erste vom <t:1:D>" in privacy.response.content
    assert " the " not in privacy.response.content
    assert "What I keep" in (await stage.bob.slash(stage.channel, "privacy")).response.content
    forget = await stage.alice.slash(stage.channel, "forget-me")
    assert "endgültig" in forget.response.content


async def test_a_form(german_alice: Stage) -> None:
    stage = german_alice
    await stage.bob.slash(stage.channel, "compose", prompt="blues")
    result = await stage.made()
    assert words_on(result)[:2] == ["Again", "Vary"]  # Bob asked for it
    form = (await stage.alice.click(result, label="Vary")).modal
    assert "Diesen Take variieren" in str(form) and "Wie weit darf es sich vom Take entfernen?" in str(form)
    english = (await stage.bob.click(result, label="Vary")).modal
    assert "Vary this take" in str(english)


async def test_a_room_speaks_the_language_of_whoever_opened_it(german_alice: Stage) -> None:
    stage = german_alice
    opened = await stage.alice.slash(stage.channel, "jam start", tempo=120.0, key="D minor", bars=4, title="Keller")
    assert "hat einen Raum geöffnet" in opened.response.content and "d-Moll · 4/4 · 4 Takte" in opened.response.content
    den = Den(stage)
    assert "Neue Spur" in await den.say(stage.alice, "add", clip=ogg("files"))
    card = await den.card()
    assert "Leitung <@" in card.content and "1 von " in card.content
    assert words_on(card) == ["Mix anhören", "Meins zurück", "Eine Spur stumm schalten oder wieder hören"]
    assert "Added layer" in await den.say(stage.bob, "add", clip=ogg("bass"))
    menu = (await den.card()).components[-1].children[0]  # type: ignore[union-attr]
    assert [option.label for option in menu.options] == ["files", "bass"]  # names are nobody's to translate
    assert "Geschlossen: " in await den.say(stage.alice, "close")
    post = next(message for message in den.messages() if "ist geschlossen" in message.content)
    assert "**Mitwirkende**" in post.content


async def test_what_all_see_is_in_the_channels_language(german_alice: Stage) -> None:
    stage = german_alice
    stage.service.sharing.chosen["channel", str(stage.channel.id)] = {"language": "es"}
    await stage.alice.slash(stage.channel, "compose", prompt="blues")
    result = await stage.made()
    assert "generado por IA" in result.content and words_on(result)[0] == "Otra vez"
    await stage.bob.slash(stage.channel, "jam start", title="Sala")
    card = await Den(stage).card()
    assert "Anfitrión <@" in card.content
    stage.service.sharing.chosen["person", str(stage.alice.id)] = {"language": "de"}
    privacy = await stage.alice.slash(stage.channel, "privacy")
    assert "Was ich von dir aufbewahre" in privacy.response.content
