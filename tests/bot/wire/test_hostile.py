"""Hostile words over sockets: nothing that anybody types mentions, links or invites; blocked words are refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.client import BandmateClient
from tests.bot.wire.stage import WireStage, has_take, open_wire_stage, scripted
from tests.support.discord_server import Message

HOSTILE = (
    "@everyone @here slow 0.1",
    "<@{bob}> <@&{guild}> <#{channel}> slow 0.1",
    "`` ` <@{bob}> ` `` ```@everyone```",
    "**b** __u__ ~~s~~ ||spoiler|| [click](https://evil.example/x) # big",
    "discord.gg/abcdef https://discord.gg/abcdef discord.com/invite/abcdef",
    "a\u200b\u200c\u200d\ufeffb\u202egnp.exe\u202c",
    "line\none\n> quote\n-# small\n@everyone",
    "<t:0:R> </delete:1> <:emoji:1> <a:b:2> :joy:",
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WireStage]:
    limits = {"max_jobs_per_person": 50}
    async with open_wire_stage(tmp_path, engine="scripted", **scripted(tmp_path), **limits) as opened:
        yield opened


def outside_code(text: str) -> str:
    """What Discord reads as markup: the text without its inline code."""
    return re.sub(r"`[^`\n]*`", "", text)


def all_messages(stage: WireStage) -> list[Message]:
    return [message for channel in stage.discord.channels.values() for message in channel.messages]


async def test_no_prompt_pings_links_or_invites(stage: WireStage, bot: BandmateClient) -> None:
    names = {"bob": stage.bob.id, "guild": stage.guild.id, "channel": stage.channel.id}
    for prompt in HOSTILE:
        await stage.alice.slash(stage.channel, "compose", prompt=prompt.format(**names))
    await stage.channel.wait_for_message(lambda _: len(stage.results()) == len(HOSTILE), timeout=90)
    for message in all_messages(stage):
        assert message.pings <= set(), message
        read = outside_code(message.content).replace(f"<@{stage.alice.id}>", "")
        assert not re.search(r"@everyone|@here|<@|<#|</|<t:|discord\.gg|evil\.example|\|\||~~", read), message.content
        assert not re.search("[\u200b-\u200f\u202a-\u202e\ufeff]", message.content), ascii(message.content)
        for file in message.attachments:
            assert re.fullmatch(r"[a-z0-9.-]+", file.filename), file.filename


async def test_every_take_says_its_licence_and_that_it_was_generated(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow 0.1")
    message = await stage.channel.wait_for_message(has_take)
    assert "MIT" in message.content and "AI-generated" in message.content
    shown = await stage.alice.slash(stage.channel, "take show", take=re.findall(r"take `([^`]+)`", message.content)[0])
    again = await shown.wait_response(has_take)
    assert "MIT" in again.content and "AI-generated" in again.content
    for posted in (message, again):
        data = await stage.discord.download(posted.attachments[0])
        assert b"AI-generated" in data or "AI-generated".encode("utf-16-le") in data
        assert b"MIT" in data or "MIT".encode("utf-16-le") in data


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ("defaults-nobody", "no such form any more"),
        ("gold-person", "no such form any more"),
        ("limits-person", "can't be set there"),
        ("limits-guild", "Manage Server"),
        ("limits-service", "operators of this bot"),
    ],
)
async def test_a_forged_settings_form_sets_nothing(
    stage: WireStage, bot: BandmateClient, about: str, sentence: str
) -> None:
    shown = await (await stage.alice.slash(stage.channel, "settings me")).wait_response()
    opened = await stage.alice.press(shown, "Defaults")
    await opened.wait_form()
    assert opened.form is not None
    ours = str(opened.form["custom_id"])
    opened.form["custom_id"] = ours.replace(":defaults-person:", f":{about}:")
    answered = await stage.alice.submit_modal(opened, {})
    message = await answered.wait_response()
    assert message.ephemeral and sentence in message.content and opened.form["custom_id"] != ours


async def test_moderators_block_words_and_nobody_gets_around(stage: WireStage, bot: BandmateClient) -> None:
    operator = stage.discord.operator

    async def told(who: object, command: str, **options: str) -> str:
        asked = await who.slash(stage.channel, command, **options)  # type: ignore[attr-defined]
        message = await asked.wait_response()
        assert message.ephemeral or command == "compose"
        return str(message.content)

    assert "Manage Server" in await told(stage.alice, "words block", word="kazoo")
    assert "No word" in await told(operator, "words list")
    assert "is blocked" in await told(operator, "words block", word="Kazoo")
    assert "`Kazoo`" in await told(operator, "words list")
    assert "blocked a word" in await told(stage.alice, "compose", prompt="a k\u200ba.z0o solo")
    assert await stage.service.open_jobs("discord") == () and stage.results() == []

    message = await _take(stage, "kazoos 0.1")
    assert "not on this server's list" in await told(operator, "words allow", word="Trumpet")
    assert "allowed" in await told(operator, "words allow", word="Kazoo")
    assert "blocked a word" not in await told(stage.alice, "compose", prompt="kazoo")
    assert message in stage.results()


async def _take(stage: WireStage, prompt: str) -> Message:
    await stage.alice.slash(stage.channel, "compose", prompt=prompt)
    return await stage.channel.wait_for_message(has_take)
