"""Limits over sockets, with the real service: who sets them, what they say, and that nothing is fetched in vain."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from bot.client import BandmateClient
from tests.bot.wire.stage import WireStage, has_take, voice_message
from tests.support.discord_server import Message, User


async def fill_in(stage: WireStage, who: User, scope: str, button: str, values: dict[str, str]) -> Message:
    """Ask for settings, press a button, fill in its form; the settings as they are shown then, or the refusal."""
    asked = await who.slash(stage.channel, f"settings {scope}")
    shown = await asked.wait_response()
    opened = await who.press(shown, button)
    await opened.wait_form()
    sent = await who.submit_modal(opened, values)
    await sent.wait_acknowledged()
    return await sent.wait_response()


async def refusal(stage: WireStage, who: User, command: str, **options: Any) -> str:
    asked = await who.slash(stage.channel, command, **options)
    return (await asked.wait_response()).content


async def test_the_owner_of_the_application_sets_a_daily_limit_that_holds_at_once(
    stage: WireStage, bot: BandmateClient
) -> None:
    refused = await (await stage.alice.slash(stage.channel, "settings service")).wait_response()
    assert refused.ephemeral and "operators of this bot" in refused.content
    values = {"daily_music_min_per_person": "0.5"}
    shown = await fill_in(stage, stage.discord.operator, "service", "Daily limits", values)
    assert shown.ephemeral and "30 s · *set by the operator*" in shown.content

    await stage.alice.slash(stage.channel, "compose", prompt="plain")
    await stage.channel.wait_for_message(has_take)
    told = await refusal(stage, stage.alice, "extend", clip=voice_message(), seconds=30)
    assert told == (
        "You may have 30 s of music a day. 1 s went into the last 24 hours. "
        "29 s is left: ask for less now, or again in about 24 h."
    )
    assert stage.discord.downloads == [], "what would be refused is not fetched"
    await stage.bob.slash(stage.channel, "compose", prompt="plain", seconds=30)
    await stage.channel.wait_for_message(has_take, after=stage.results()[0])

    shown = await fill_in(stage, stage.discord.operator, "service", "Daily limits", {"daily_music_min_per_person": ""})
    assert "no limit · *built in*" in shown.content
    await stage.alice.slash(stage.channel, "compose", prompt="plain", seconds=60)
    await stage.channel.wait_for_message(lambda _: len(stage.results()) == 3)


async def test_a_moderator_sets_what_one_person_may_have_on_their_server(stage: WireStage, bot: BandmateClient) -> None:
    manager = stage.discord.add_user("manager", stage.guild)
    stage.guild.members[manager.id].role_ids.append(stage.guild.add_role("Managers", "manage_guild").id)
    await fill_in(stage, stage.discord.operator, "service", "Limits", {"max_jobs_per_person": "4", "cooldown_s": ""})
    refused = await fill_in(stage, manager, "guild", "Limits", {"max_jobs_per_person": "5"})
    assert refused.content == "Orders of one person: at most 4, as the operator of this bot has set it."
    await fill_in(stage, manager, "guild", "Limits", {"max_jobs_per_person": "1", "cooldown_s": "3600"})
    elsewhere = stage.discord.add_guild("Elsewhere")
    elsewhere.add_member(stage.alice)
    there = elsewhere.add_channel("jam")

    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow 30")
    await asked.wait_response()
    assert "You have one take waiting" in await refusal(stage, stage.alice, "extend", clip=voice_message())
    (job,) = await stage.service.open_jobs("discord")
    await stage.service.cancel(job.status.job_id)
    told = await refusal(stage, stage.alice, "extend", clip=voice_message())
    assert re.match(r"There is one order every 1 h for each of you\. Ask again in (1 h|59 min)", told)
    assert stage.discord.downloads == []
    await stage.alice.slash(there, "compose", prompt="plain")
    await there.wait_for_message(has_take)


async def test_an_engine_that_is_not_here_and_a_clip_too_many_cost_no_download(
    stage: WireStage, bot: BandmateClient
) -> None:
    assert "theremin" in await refusal(stage, stage.alice, "extend", clip=voice_message(), engine="theremin")
    told = await refusal(stage, stage.alice, "extend", clip=voice_message(), key="H dur")
    assert told.startswith(r"I don't know the key 'H dur': write it like D minor, F\# major or Bbm")
    assert stage.discord.downloads == [] and await stage.service.open_jobs("discord") == ()


async def test_it_is_acknowledged_although_the_ledger_does_not_answer(
    stage: WireStage, bot: BandmateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, read = asyncio.Event(), stage.service._ledger.db.read

    async def slow_read(work: Any) -> Any:
        await answers.wait()
        return await read(work)

    monkeypatch.setattr(stage.service._ledger.db, "read", slow_read)
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain", private=True)
    await asked.wait_acknowledged()
    answers.set()
    take = await asked.wait_response(has_take)
    assert take.ephemeral and stage.results() == []
