"""Remix this, Extend this: on uploads, voice messages, videos, other bots' files, our own takes; and on nothing."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from generation.request import Operation
from tests.bot.discord_stage import OGG, Stage

WORDS = {"words": "bossa nova", "operation": ["restyle"]}


async def remixed(stage: Stage, message: Any, values: dict[str, Any]) -> Any:
    """Bob remixes a message with these answers to the form."""
    opened = await stage.bob.context_menu(stage.channel, "Remix this", message)
    assert opened.modal is not None
    return await stage.bob.submit_modal(opened, values)


@pytest.mark.parametrize("name", ["hum.ogg", "band.mp4", "riff.flac", "voice-message.ogg"])
async def test_remix_asks_for_words_and_makes_a_take(stage: Stage, name: str) -> None:
    message = await stage.alice.send(stage.channel, attachments=[(name, OGG[1])])
    answered = await remixed(stage, message, WORDS)
    request = stage.service.last_job.request
    assert request.operation is Operation.RESTYLE and request.prompt == "bossa nova"
    assert stage.service.clips[request.clip_ids[0]] == OGG[1] and request.parent_take_ids == ()
    assert stage.service.last_job.origin.person_id == str(stage.bob.id)
    assert name in answered.response.content and "Next in line" in answered.response.content
    assert (await stage.made()).attachments[0].filename.startswith("restyle")


async def test_remix_offers_other_ways(stage: Stage) -> None:
    message = await stage.alice.send(stage.channel, attachments=[OGG])
    await remixed(stage, message, {"words": "brass band", "operation": ["accompany"]})
    assert stage.service.last_job.request.operation is Operation.ACCOMPANY


async def test_extend_goes_on_at_once(stage: Stage) -> None:
    message = await stage.alice.send(stage.channel, attachments=[OGG])
    asked = await stage.bob.context_menu(stage.channel, "Extend this", message)
    assert stage.service.last_job.request.operation is Operation.EXTEND
    assert "Next in line" in asked.response.content


async def test_several_files_ask_which(stage: Stage) -> None:
    files = [("notes.txt", b"hello"), ("one.ogg", b"OggS one"), ("two.ogg", b"OggS two")]
    message = await stage.alice.send(stage.channel, attachments=files)
    opened = await stage.bob.context_menu(stage.channel, "Extend this", message)
    assert "1 · one.ogg" in str(opened.modal) and "2 · two.ogg" in str(opened.modal)
    assert "notes.txt" not in str(opened.modal)
    await stage.bob.submit_modal(opened, {"file": ["1"]})
    request = stage.service.last_job.request
    assert request.operation is Operation.EXTEND and stage.service.clips[request.clip_ids[0]] == b"OggS two"


async def test_our_own_take_is_the_parent(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    take = await stage.made()
    await stage.bob.context_menu(stage.channel, "Extend this", take)
    request = stage.service.last_job.request
    assert request.parent_take_ids == ("take1ofjob1",) and request.prompt == "slow blues"


async def test_of_several_takes_one_is_chosen(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "vary", clip=OGG, takes=3)
    message = await stage.made()
    await remixed(stage, message, {**WORDS, "file": ["2"]})
    assert stage.service.last_job.request.parent_take_ids == ("take3ofjob1",)


async def test_a_take_that_was_forgotten_is_still_a_file(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    message = await stage.made()
    stage.service.jobs.clear()
    await stage.bob.context_menu(stage.channel, "Extend this", message)
    request = stage.service.last_job.request
    assert request.parent_take_ids == () and len(request.clip_ids) == 1


@pytest.mark.parametrize("menu", ["Remix this", "Extend this"])
@pytest.mark.parametrize("files", [(), (("cat.png", b"\x89PNG"),)])
async def test_a_message_without_audio(stage: Stage, menu: str, files: tuple[Any, ...]) -> None:
    message = await stage.alice.send(stage.channel, "listen to this", attachments=files)
    asked = await stage.bob.context_menu(stage.channel, menu, message)
    assert asked.ephemeral and "has no audio" in asked.response.content and stage.service.jobs == {}


async def test_no_engine_that_can_remix(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await stage.alice.send(stage.channel, attachments=[OGG])
    monkeypatch.setattr(type(stage.client), "operations", frozenset({Operation.COMPOSE}))
    asked = await stage.bob.context_menu(stage.channel, "Remix this", message)
    assert asked.ephemeral and asked.response.content == "No engine that runs here can remix."


async def test_a_file_that_only_looks_like_audio(stage: Stage) -> None:
    message = await stage.alice.send(stage.channel, attachments=[("song.mp3", b"<html>")])
    asked = await stage.bob.context_menu(stage.channel, "Extend this", message)
    assert "song.mp3 is not audio" in asked.response.content and stage.service.jobs == {}


async def test_the_form_outlives_a_restart(stage: Stage) -> None:
    message = await stage.alice.send(stage.channel, attachments=[OGG])
    opened = await stage.bob.context_menu(stage.channel, "Remix this", message)
    await stage.restart()
    await stage.bob.submit_modal(opened, WORDS)
    assert stage.service.last_job.request.prompt == "bossa nova"


async def test_somebody_elses_form_is_refused(stage: Stage) -> None:
    message = await stage.alice.send(stage.channel, attachments=[OGG])
    await stage.bob.context_menu(stage.channel, "Remix this", message)
    (wish,) = stage.service.sharing.waiting.values()
    opened = await stage.alice.context_menu(stage.channel, "Remix this", message)
    stage.service.sharing.waiting = dict.fromkeys(stage.service.sharing.waiting, wish)
    answered = await stage.alice.submit_modal(opened, WORDS)
    assert "somebody else's" in answered.response.content and stage.service.jobs == {}


def menus(stage: Stage) -> set[str]:
    return {command.name for command in stage.client.tree.get_commands(type=discord.AppCommandType.message)}


async def test_only_menus_that_an_engine_can_serve(stage: Stage) -> None:
    assert {"Remix this", "Extend this"} <= menus(stage)
    stage.service.engines = {"studio": stage.service.engines["studio"]}
    await stage.restart()
    assert not {"Remix this", "Extend this"} & menus(stage)
