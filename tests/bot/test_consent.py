"""Who may build on whose clips: anyone, those who were given a yes, nobody."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from generation.request import Operation
from tests.bot.discord_stage import OGG, Stage


def lets(stage: Stage, leave: str) -> None:
    stage.service.sharing.chosen["person", str(stage.alice.id)] = {"leave": leave}


@pytest.fixture
async def take(stage: Stage) -> discord.Message:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    return await stage.made()


async def test_nobody_means_nobody_else(stage: Stage, take: discord.Message) -> None:
    lets(stage, "nobody")
    clip = await stage.alice.send(stage.channel, attachments=[OGG])
    for message in (take, clip):
        refused = await stage.bob.context_menu(stage.channel, "Extend this", message)
        assert refused.ephemeral and "lets nobody else" in refused.response.content
    again = await stage.bob.click(take, label="Again")
    assert "lets nobody else" in again.response.content and len(stage.service.jobs) == 1
    await stage.alice.context_menu(stage.channel, "Extend this", take)
    assert len(stage.service.jobs) == 2


async def asked(stage: Stage, take: discord.Message) -> Any:
    lets(stage, "asked")
    return await stage.bob.context_menu(stage.channel, "Extend this", take)


async def test_the_owner_is_asked_and_their_yes_makes_the_take(stage: Stage, take: discord.Message) -> None:
    question = await asked(stage, take)
    assert not question.ephemeral and len(stage.service.jobs) == 1
    assert f"<@{stage.alice.id}>, <@{stage.bob.id}> would like to **extend**" in question.response.content
    sent = next(entry.json["data"] for entry in reversed(stage.env.http_requests) if entry.path.endswith("/callback"))
    assert sent["allowed_mentions"]["users"] == [stage.alice.id] and not sent["allowed_mentions"].get("parse")
    stage.service.sharing.chosen["person", str(stage.bob.id)] = {"voice_message": True}
    yes = await stage.alice.click(question.response, label="Yes, go ahead")
    assert stage.service.last_job.origin.reply["as_voice"], "the wish is made by the settings of who wished it"
    stage.service.last_job.origin.reply["as_voice"] = False
    job = stage.service.last_job
    assert job.request.operation is Operation.EXTEND and job.origin.person_id == str(stage.bob.id)
    assert job.request.parent_take_ids == ("take1ofjob1",)
    assert "Next in line" in yes.response.content and f"<@{stage.bob.id}>" in yes.response.content
    message = await stage.made()
    assert f"<@{stage.bob.id}>" in message.content


async def test_a_no_makes_nothing(stage: Stage, take: discord.Message) -> None:
    question = await asked(stage, take)
    await stage.alice.click(question.response, label="No")
    assert "got a no" in question.response.content and question.response.components == []
    assert len(stage.service.jobs) == 1 and stage.service.sharing.waiting == {}


async def test_only_the_owner_says_yes(stage: Stage, take: discord.Message) -> None:
    question = await asked(stage, take)
    pressed = await stage.bob.click(question.response, label="Yes, go ahead")
    assert pressed.ephemeral and "Only the owner" in pressed.response.content
    stranger = stage.guild.add_member(stage.env.create_user("carol"))
    for label in ("Yes, go ahead", "No"):
        pressed = await stranger.click(question.response, label=label)
        assert "Only the owner" in pressed.response.content
    assert len(stage.service.jobs) == 1
    await stage.bob.click(question.response, label="No")
    assert "was taken back" in question.response.content


async def test_a_yes_after_a_restart_and_only_once(stage: Stage, take: discord.Message) -> None:
    await asked(stage, take)
    await stage.restart()
    message = stage.messages()[-1]
    await stage.alice.click(message, label="Yes, go ahead")
    assert len(stage.service.jobs) == 2
    assert stage.service.sharing.waiting == {}
    labels = [button.label for row in stage.messages()[-1].components for button in row.children]
    assert labels == ["Cancel"], "there is nothing left to answer"


async def test_the_owners_change_of_mind_counts(stage: Stage, take: discord.Message) -> None:
    question = await asked(stage, take)
    lets(stage, "nobody")
    pressed = await stage.alice.click(question.response, label="Yes, go ahead")
    assert "lets nobody else" in pressed.response.content and len(stage.service.jobs) == 1


async def test_a_private_wish_can_not_ask(stage: Stage, take: discord.Message) -> None:
    lets(stage, "asked")
    refused = await stage.bob.slash(stage.channel, "loop", take="take1ofjob1", private=True)
    assert refused.ephemeral and "ask openly" in refused.response.content


async def test_a_blend_asks_each_owner(stage: Stage, take: discord.Message) -> None:
    carol = stage.guild.add_member(stage.env.create_user("carol"))
    await carol.slash(stage.channel, "compose", prompt="fast blues")
    await stage.made()
    lets(stage, "asked")
    stage.service.sharing.chosen["person", str(carol.id)] = {"leave": "asked"}
    question = await stage.bob.slash(stage.channel, "blend", take1="take1ofjob1", take2="take1ofjob2")
    await stage.alice.click(question.response, label="Yes, go ahead")
    assert f"<@{carol.id}>," in question.response.content and len(stage.service.jobs) == 2
    await carol.click(question.response, label="Yes, go ahead")
    assert stage.service.last_job.request.parent_take_ids == ("take1ofjob1", "take1ofjob2")
    assert stage.service.last_job.origin.person_id == str(stage.bob.id)
