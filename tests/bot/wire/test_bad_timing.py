"""Over sockets: what changes while a take is made, and buttons that are pressed twice at once."""

from __future__ import annotations

import asyncio

import pytest

from generation.service import JobState
from tests.bot.wire.stage import WireStage, has_take

LONG_S = 60.0


pytestmark = pytest.mark.usefixtures("bot")


async def test_permissions_are_taken_away_while_it_is_made(stage: WireStage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="held")
    await asked.wait_response()
    (job,) = await stage.service.open_jobs("discord")
    stage.channel.deny(stage.discord.bot, "send_messages", "attach_files", "read_message_history")
    stage.let_go()
    shown = await asked.wait_response(has_take, LONG_S)
    assert shown.labels[0] == "Again" and stage.results() == [shown]
    async with asyncio.timeout(LONG_S):
        while (await stage.service.status(job.status.job_id)).state is not JobState.DELIVERED:  # noqa: ASYNC110  the ledger says it
            await asyncio.sleep(0.05)
    pressed = await stage.alice.press(shown, "Extend")
    warned = await pressed.wait_response(lambda message: "I am missing" in message.content, LONG_S)
    assert "Send Messages" in warned.content and "Attach Files" in warned.content


async def test_post_and_delete_pressed_twice_at_once(stage: WireStage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain", private=True)
    alone = await asked.wait_response(has_take, LONG_S)
    assert stage.results() == []
    await (await stage.alice.press(alone, "Post")).wait_response(lambda message: "Posted" in message.content, LONG_S)
    again = await (await stage.alice.press(alone, "Post")).wait_response(timeout=LONG_S)
    assert again.ephemeral and "posted already" in again.content
    (posted,) = stage.results()
    both = [await stage.alice.press(posted, "Delete") for _ in range(2)]
    for each in both:
        await each.wait_acknowledged(LONG_S)
    async with asyncio.timeout(LONG_S):
        while not posted.deleted:  # noqa: ASYNC110  whichever press came first has done it
            await asyncio.sleep(0.05)
    assert stage.results() == []
