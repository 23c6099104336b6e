"""/settings me, channel, guild: shown with where each value comes from, changed by forms, and kept to."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from generation.request import AudioFormat
from tests.bot.discord_stage import OGG, Stage

INHERIT = {name: ["-"] for name in ("engine", "audio_format", "voice_message", "language")}


@pytest.fixture
def moderator(stage: Stage) -> Any:
    role = stage.guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return stage.guild.add_member(stage.env.create_user("mod"), roles=[role])


async def change(stage: Stage, who: Any, scope: str, button: str, values: dict[str, Any]) -> str:
    """Ask for the settings, press a button, fill in its form; what is shown then."""
    shown = await who.slash(stage.channel, f"settings {scope}")
    opened = await who.click(shown.response, label=button)
    answered = await who.submit_modal(opened, values)
    return str(answered.response.content if answered.ephemeral else shown.response.content)


async def test_everything_is_shown_with_where_it_comes_from(stage: Stage) -> None:
    shown = await stage.alice.slash(stage.channel, "settings me")
    assert shown.ephemeral
    assert "**Engine**: arranger · *built in*" in shown.response.content
    assert "**Who may build on your clips**: anyone" in shown.response.content
    labels = [button["label"] for row in shown.response.components for button in row["components"]]
    assert labels == ["Defaults", "My clips", "Forget these settings"]


async def test_own_defaults_are_used_where_an_order_says_nothing(stage: Stage) -> None:
    text = await change(stage, stage.alice, "me", "Defaults", {**INHERIT, "audio_format": ["flac"], "seconds": "12,5"})
    assert "**Format**: flac · *set by you*" in text and "**Engine**: arranger · *built in*" in text
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    request = stage.service.last_job.request
    assert (request.audio_format, request.duration_s) == (AudioFormat.FLAC, 12.5)
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues", seconds=8.0, format="ogg")
    request = stage.service.last_job.request
    assert (request.audio_format, request.duration_s) == (AudioFormat.OGG, 8.0)
    await stage.alice.slash(stage.channel, "restyle", clip=OGG, prompt="funk")
    assert stage.service.last_job.request.duration_s is None, "a clip gives its own length"
    await stage.bob.slash(stage.channel, "compose", prompt="slow blues")
    assert stage.service.last_job.request.audio_format is AudioFormat.MP3


async def test_guild_then_channel_then_person(stage: Stage, moderator: Any) -> None:
    await change(stage, moderator, "guild", "Defaults", {**INHERIT, "audio_format": ["ogg"], "seconds": "30"})
    await change(stage, moderator, "channel", "Defaults", {**INHERIT, "audio_format": ["wav"], "seconds": ""})
    text = await change(stage, stage.alice, "me", "Defaults", {**INHERIT, "engine": ["arranger"], "seconds": ""})
    assert "**Engine**: arranger · *set by you*" in text
    assert "**Format**: wav · *set for this channel*" in text
    assert "**Length of new music**: 30 s · *set for this server*" in text
    other = stage.guild.create_text_channel("other")
    await stage.alice.slash(other, "compose", prompt="x")
    assert stage.service.last_job.request.audio_format is AudioFormat.OGG


async def test_forgetting_ones_settings(stage: Stage) -> None:
    await change(stage, stage.alice, "me", "Defaults", {**INHERIT, "audio_format": ["flac"], "seconds": ""})
    shown = await stage.alice.slash(stage.channel, "settings me")
    await stage.alice.click(shown.response, label="Forget these settings")
    assert "**Format**: mp3 · *built in*" in shown.response.content
    assert stage.service.sharing.chosen["person", str(stage.alice.id)] == {}


async def test_who_may_build_on_my_clips(stage: Stage) -> None:
    text = await change(stage, stage.alice, "me", "My clips", {"leave": ["asked"]})
    assert "those whom you say yes to · *set by you*" in text
    clip = await stage.alice.send(stage.channel, attachments=[OGG])
    asked = await stage.bob.context_menu(stage.channel, "Extend this", clip)
    assert "would like to **extend**" in asked.response.content


async def test_limits_of_a_server(stage: Stage, moderator: Any) -> None:
    limits = {"max_seconds": "20", "max_takes": "2", "max_jobs_per_person": "3"}
    text = await change(stage, moderator, "guild", "Limits", limits)
    assert "**Longest take**: 20 s · *set for this server*" in text
    long = await stage.alice.slash(stage.channel, "compose", prompt="x", seconds=30.0)
    assert long.ephemeral and "at most 20 s long" in long.response.content
    many = await stage.alice.slash(stage.channel, "vary", clip=OGG, takes=3)
    assert "at most 2 at once" in many.response.content
    assert stage.service.jobs == {}
    await stage.alice.slash(stage.channel, "compose", prompt="x", seconds=20.0, takes=2)
    assert stage.service.limits_asked == [{"max_jobs_per_person": 3.0}]
    take = await stage.made()
    picked = await stage.bob.click(take, label="Take 1")
    opened = await stage.bob.click(picked.response, label="Vary")
    varied = await stage.bob.submit_modal(opened, {"strength": ["0.5"], "count": ["4"], "words": ""})
    assert "at most 2 at once" in varied.response.content and len(stage.service.jobs) == 1


@pytest.mark.parametrize("value", ["0", "301", "soon", "nan", "-5"])
async def test_a_number_out_of_range_is_told(stage: Stage, value: str) -> None:
    shown = await stage.alice.slash(stage.channel, "settings me")
    opened = await stage.alice.click(shown.response, label="Defaults")
    refused = await stage.alice.submit_modal(opened, {**INHERIT, "seconds": value})
    assert refused.ephemeral and "must be a number from 1 to 300" in refused.response.content
    assert stage.service.sharing.chosen == {}


async def test_channels_roles_and_the_block_list(stage: Stage, moderator: Any) -> None:
    band = stage.guild.create_role("Band")
    other = stage.guild.create_text_channel("other")
    access = {"channel_ids": [stage.channel], "role_ids": [band], "blocked_ids": [stage.bob]}
    text = await change(stage, moderator, "guild", "Channels, roles, people", access)
    assert f"<#{stage.channel.id}>" in text and f"<@&{band.id}>" in text and f"<@{stage.bob.id}>" in text
    member = stage.guild.add_member(stage.env.create_user("carol"), roles=[band])
    blocked = await stage.bob.slash(stage.channel, "compose", prompt="x")
    assert blocked.ephemeral and "block list" in blocked.response.content
    elsewhere = await member.slash(other, "compose", prompt="x")
    assert (
        f"I play in <\\#{stage.channel.id}\\> only" in elsewhere.response.content
        or "only" in elsewhere.response.content
    )
    roleless = await stage.alice.slash(stage.channel, "compose", prompt="x")
    assert "only some roles" in roleless.response.content and stage.service.jobs == {}
    await member.slash(stage.channel, "compose", prompt="x")
    take = await stage.made()
    pressed = await stage.bob.click(take, label="Again")
    assert "block list" in pressed.response.content
    menu = await stage.bob.context_menu(stage.channel, "Extend this", take)
    assert "block list" in menu.response.content
    await moderator.slash(other, "compose", prompt="x")
    assert len(stage.service.jobs) == 2, "who manages the server may ask everywhere"


@pytest.mark.parametrize(("scope", "right"), [("guild", "Manage Server"), ("channel", "Manage Channels")])
async def test_only_managers_see_and_change_a_places_settings(stage: Stage, scope: str, right: str) -> None:
    refused = await stage.alice.slash(stage.channel, f"settings {scope}")
    assert refused.ephemeral and f"you need {right}" in refused.response.content
