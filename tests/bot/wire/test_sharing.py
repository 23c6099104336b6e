"""Over sockets, with the real service: the menu on a voice message, the owner's yes, the tree's picture."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.client import BandmateClient
from generation.audio.decode import decode
from generation.audio.tags import read_tags
from generation.errors import TakeNotFound
from generation.request import AudioFormat
from tests.bot.wire.stage import WireStage, has_take, open_wire_stage, voice_message


async def test_remix_a_voice_message(tmp_path: Path) -> None:
    async with open_wire_stage(tmp_path, engine="arranger") as stage, stage.running_bot():
        voice = await stage.alice.post(stage.channel, "", voice_message())
        opened = await stage.bob.context_menu(voice, "Remix this")
        await opened.wait_form()
        sent = await stage.bob.submit_modal(opened, {"words": "bossa nova"})
        shown = await sent.wait_response(lambda message: "Heard in" in message.content)
        assert "voice-message.ogg" in shown.content and "100 BPM" in shown.content
        take = await stage.channel.wait_for_message(has_take, after=voice, timeout=90)
        heard = await decode(await stage.discord.download(take.attachments[0]))
        assert heard.used_s == pytest.approx(9.6, abs=2.5)  # four bars at 100 BPM, and the last note's end


async def test_extend_a_voice_message_and_then_the_take(stage: WireStage, bot: BandmateClient) -> None:
    voice = await stage.alice.post(stage.channel, "", voice_message())
    await stage.bob.context_menu(voice, "Extend this")
    first = await stage.channel.wait_for_message(has_take, after=voice, timeout=60)
    await stage.alice.context_menu(first, "Extend this")
    second = await stage.channel.wait_for_message(has_take, after=first)
    ids = [message.buttons[0]["custom_id"].rsplit(":", 1)[1] for message in (first, second)]
    assert (await stage.service.take(ids[1])).parents == (ids[0],)


async def test_the_trees_picture_and_taking_a_take_back(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="plain")
    first = await stage.channel.wait_for_message(has_take)
    await stage.bob.press(first, "Extend")
    second = await stage.channel.wait_for_message(has_take, after=first)
    first_id, second_id = (message.buttons[0]["custom_id"].rsplit(":", 1)[1] for message in (first, second))

    shown = await (await stage.bob.slash(stage.channel, "take tree", take=second_id)).wait_response(has_take)
    before = await stage.discord.download(shown.attachments[0])
    picture = Image.open(io.BytesIO(before))
    assert picture.format == "PNG" and picture.width > 600 and "2 takes" in shown.content

    asked = await (await stage.alice.slash(stage.channel, "take retract", take=first_id)).wait_response()
    pressed = await stage.alice.press(asked, "Take it back")
    await pressed.wait_acknowledged()
    await wait_until(lambda: stage.service.sharing.is_retracted(first_id))
    refused = await (await stage.bob.press(first, "Extend")).wait_response()
    assert "taken back by its owner" in refused.content
    with pytest.raises(TakeNotFound):
        await stage.service.render(first_id, AudioFormat.MP3)
    drawn = await (await stage.bob.press(second, "Tree")).wait_response(has_take)
    assert drawn.ephemeral and await stage.discord.download(drawn.attachments[0]) != before
    file = await stage.service.render(second_id, AudioFormat.MP3)
    assert read_tags(file.data).credits == (
        f"Alice: compose (take {first_id})",
        f"Bob: extend (take {second_id})",
    )


async def test_an_owner_who_wants_to_be_asked(stage: WireStage, bot: BandmateClient) -> None:
    shown = await (await stage.alice.slash(stage.channel, "settings me")).wait_response()
    opened = await stage.alice.press(shown, "My clips")
    await opened.wait_form()
    await (await stage.alice.submit_modal(opened, {"leave": "asked"})).wait_response()
    voice = await stage.alice.post(stage.channel, "", voice_message())
    question = await (await stage.bob.context_menu(voice, "Extend this")).wait_response()
    assert "would like to **extend**" in question.content and question.labels == ["Yes, go ahead", "No"]
    await stage.alice.press(question, "Yes, go ahead")
    take = await stage.channel.wait_for_message(lambda message: "Again" in message.labels, after=voice, timeout=60)
    assert stage.bob.mention in take.content


async def test_every_form_of_the_settings(stage: WireStage, bot: BandmateClient) -> None:
    manager = stage.discord.add_user("manager", stage.guild)
    stage.guild.members[manager.id].role_ids.append(stage.guild.add_role("Managers", "manage_guild").id)
    forms = {
        "Defaults": {"seconds": "12", "engine": "scripted"},
        "Limits": {"max_seconds": "20", "max_takes": "2", "max_jobs_per_person": "3"},
        "Channels, roles, people": {"channel_ids": [stage.channel], "blocked_ids": [stage.bob]},
    }
    shown = await (await manager.slash(stage.channel, "settings guild")).wait_response()
    for button, values in forms.items():
        opened = await manager.press(shown, button)
        await opened.wait_form()
        await (await manager.submit_modal(opened, values)).wait_response()
    blocked = await (await stage.bob.slash(stage.channel, "compose", prompt="plain")).wait_response()
    assert blocked.ephemeral and "block list" in blocked.content
    long = await (await stage.alice.slash(stage.channel, "compose", prompt="plain", seconds=25)).wait_response()
    assert "at most 20 s long" in long.content


async def test_a_private_take_and_its_post(stage: WireStage, bot: BandmateClient) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain", private=True)
    mine = await asked.wait_response(has_take)
    assert mine.ephemeral and stage.results() == []
    await stage.alice.press(mine, "Post")
    posted = await stage.channel.wait_for_message(has_take)
    assert "Post" not in posted.labels and posted.labels[0] == "Again"


async def test_a_take_as_a_voice_message(stage: WireStage, bot: BandmateClient) -> None:
    shown = await (await stage.alice.slash(stage.channel, "settings me")).wait_response()
    opened = await stage.alice.press(shown, "Defaults")
    await opened.wait_form()
    sent = await stage.alice.submit_modal(opened, {"voice_message": "true"})
    await sent.wait_response()
    await stage.alice.slash(stage.channel, "compose", prompt="plain")
    voice = await stage.channel.wait_for_message(lambda message: bool(message.flags & (1 << 13)))
    (file,) = voice.attachments
    assert file.filename == "voice-message.ogg" and voice.content == ""
    heard = await decode(await stage.discord.download(file))
    assert heard.used_s == pytest.approx(1.0, abs=0.1)
    card = next(message for message in stage.channel.messages if "Again" in message.labels)
    assert [each.filename.rsplit(".", 1)[1] for each in card.attachments] == ["png"]


async def wait_until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110  another process' state
            await asyncio.sleep(0.05)
