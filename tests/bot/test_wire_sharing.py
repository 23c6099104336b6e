"""Over sockets, with the real service: the menu on a voice message, the owner's yes, the tree's picture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.audio.decode import decode
from tests.bot.test_wire import has_take, voice_message
from tests.bot.wire_stage import WireStage, open_wire_stage, scripted


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WireStage]:
    async with open_wire_stage(tmp_path, engine="scripted", **scripted(tmp_path)) as opened, opened.running_bot():
        yield opened


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


async def test_extend_a_voice_message_and_then_the_take(stage: WireStage) -> None:
    voice = await stage.alice.post(stage.channel, "", voice_message())
    await stage.bob.context_menu(voice, "Extend this")
    first = await stage.channel.wait_for_message(has_take, after=voice)
    await stage.alice.context_menu(first, "Extend this")
    second = await stage.channel.wait_for_message(has_take, after=first)
    ids = [message.buttons[0]["custom_id"].rsplit(":", 1)[1] for message in (first, second)]
    assert (await stage.service.take(ids[1])).parents == (ids[0],)
