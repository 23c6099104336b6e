"""/queue, /cancel and the Cancel button: who may, twice, too late, after a restart."""

from __future__ import annotations

import discord

from generation.service import JobState
from tests.bot.discord_stage import Stage


async def test_queue_shows_what_runs_and_waits_here(stage: Stage) -> None:
    assert "Nothing waits" in (await stage.bob.slash(stage.channel, "queue")).response.content
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    await stage.bob.slash(stage.channel, "compose", prompt="fast punk")
    stage.service.go_on("job1", fraction=0.5, stage="drums")
    shown = await stage.bob.slash(stage.channel, "queue")
    assert shown.ephemeral
    first, second = shown.response.content.splitlines()
    assert "slow blues" in first and "50 %" in first and "drums" in first
    assert "fast punk" in second and "Number 2 in line" in second


async def test_queue_keeps_what_is_asked_in_hidden_channels(stage: Stage) -> None:
    hidden = discord.PermissionOverwrite(view_channel=False)
    channel = stage.guild.create_text_channel("band", overwrites={stage.bob: hidden})
    await stage.alice.slash(channel, "compose", prompt="secret song")
    assert "secret" not in (await stage.bob.slash(stage.channel, "queue")).response.content
    assert "secret" in (await stage.alice.slash(stage.channel, "queue")).response.content


async def test_the_command_cancels_and_the_progress_message_says_so(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    await stage.alice.slash(stage.channel, "cancel")
    await stage.env.advance_time(6)
    assert "Cancelled." in asked.response.content and asked.response.components == []


async def test_the_owner_cancels_by_the_button(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    await stage.alice.click(asked.response, label="Cancel")
    assert stage.service.last_job.status.state is JobState.CANCELLED
    assert "Cancelled by" in asked.response.content and asked.response.components == []
    await stage.env.advance_time(30)
    assert "Cancelled by" in asked.response.content and stage.takes() == []


async def test_a_stranger_cannot_cancel_and_a_moderator_can(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    refused = await stage.bob.click(asked.response, label="Cancel")
    assert refused.ephemeral and "Only the one who asked for it and moderators" in refused.response.content
    assert stage.service.last_job.status.state is JobState.QUEUED
    role = stage.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    moderator = stage.guild.add_member(stage.env.create_user("mod"), roles=[role])
    await moderator.click(asked.response, label="Cancel")
    assert stage.service.last_job.status.state is JobState.CANCELLED


async def test_cancelling_twice_and_too_late(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    await stage.service.cancel("job1")
    again = await stage.alice.click(asked.response, label="Cancel")
    assert again.ephemeral and "cancelled already" in again.response.content

    await stage.alice.slash(stage.channel, "compose", prompt="fast punk")
    await stage.made()
    late = await stage.alice.slash(stage.channel, "cancel", job="job2")
    assert late.ephemeral and "too late" in late.response.content


async def test_the_cancel_button_lives_on_in_a_new_process(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    await stage.restart()
    await stage.alice.click(asked.response, label="Cancel")
    assert stage.service.last_job.status.state is JobState.CANCELLED
    assert "slow blues" in asked.response.content and "Cancelled by" in asked.response.content


async def test_cancel_takes_ones_newest_and_offers_ones_own(stage: Stage) -> None:
    assert "Nothing of yours" in (await stage.alice.slash(stage.channel, "cancel")).response.content
    for prompt in ("slow blues", "fast punk"):
        await stage.alice.slash(stage.channel, "compose", prompt=prompt)
    await stage.bob.slash(stage.channel, "compose", prompt="waltz")
    choices = await stage.alice.autocomplete(stage.channel, "cancel", "job", "")
    assert [choice["name"] for choice in choices] == ["compose slow blues", "compose fast punk"]
    await stage.alice.slash(stage.channel, "cancel")
    assert [job.status.state.value for job in stage.service.jobs.values()] == ["queued", "cancelled", "queued"]


async def test_cancelling_the_job_of_another_server(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    elsewhere = stage.env.create_guild("Another server")
    channel = elsewhere.create_text_channel("general")
    mallory = elsewhere.add_member(elsewhere.owner)
    answer = await mallory.slash(channel, "cancel", job="job1")
    assert "There is no such job here" in answer.response.content
    assert stage.service.last_job.status.state is JobState.QUEUED


async def test_help_and_about_are_made_from_what_is_there(stage: Stage) -> None:
    helped = await stage.alice.slash(stage.channel, "help")
    told = "\n".join(page.content for page in (helped.response, *helped.followups))
    for command in stage.alice.available_commands(stage.channel):
        assert f"/{command}" in told
    assert "`clip` `prompt`" in told and "creativity" in told
    about = (await stage.alice.slash(stage.channel, "about")).response.content
    assert "arranger" in about and "MIT" in about and "scope=bot" in about
