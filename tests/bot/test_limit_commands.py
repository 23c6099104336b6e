"""Limits by command: an operator sets them for the whole service, a moderator for their server within those."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest

from tests.bot.discord_stage import Stage
from tests.bot.test_settings_commands import change

NO_DAILY = dict.fromkeys(
    (
        "daily_music_min_per_person",
        "daily_music_min_per_guild",
        "daily_device_s_per_person",
        "daily_device_s_per_guild",
    ),
    "",
)
USUAL = {"max_jobs": "", "max_jobs_per_person": "", "max_jobs_per_guild": "", "cooldown_s": ""}


@pytest.fixture
def moderator(stage: Stage) -> Any:
    role = stage.guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return stage.guild.add_member(stage.env.create_user("mod"), roles=[role])


@pytest.fixture
def operator(stage: Stage) -> Any:
    who = stage.guild.add_member(stage.env.create_user("op"))
    stage.client.config = replace(stage.client.config, operator_ids=(who.id,))
    return who


async def test_an_operator_sets_limits_for_the_whole_service(stage: Stage, operator: Any) -> None:
    shown = await operator.slash(stage.channel, "settings service")
    assert shown.ephemeral and "**Orders of all at a time**: 500 · *built in*" in shown.response.content
    assert "**Music a day for one person**: no limit · *built in*" in shown.response.content
    labels = [button["label"] for row in shown.response.components for button in row["components"]]
    assert labels == ["Limits", "Daily limits", "Forget these settings"]
    text = await change(stage, operator, "service", "Limits", {**USUAL, "max_jobs_per_person": "8", "cooldown_s": "30"})
    assert "**Orders of one person at a time**: 8 · *set by the operator*" in text
    assert "**Between two orders of one person**: 30 s · *set by the operator*" in text
    text = await change(stage, operator, "service", "Daily limits", {**NO_DAILY, "daily_music_min_per_person": "90"})
    assert "**Music a day for one person**: 90 min · *set by the operator*" in text
    assert "8 · *set by the operator*" in text, "the other form's are kept"
    mine = await stage.alice.slash(stage.channel, "settings me")
    assert "**Music a day for one person**: 90 min · *set by the operator*" in mine.response.content
    await operator.click(shown.response, label="Forget these settings")
    assert "set by the operator" not in shown.response.content


async def test_nobody_else_may(stage: Stage, moderator: Any, operator: Any) -> None:
    for who in (stage.alice, moderator):
        refused = await who.slash(stage.channel, "settings service")
        assert refused.ephemeral and "operators of this bot" in refused.response.content
    shown = await operator.slash(stage.channel, "settings service")
    opened = await operator.click(shown.response, label="Limits")
    stage.client.config = replace(stage.client.config, operator_ids=())  # no longer one when the form comes back
    refused = await operator.submit_modal(opened, {**USUAL, "max_jobs": "9"})
    assert "operators of this bot" in refused.response.content and stage.service.sharing.chosen == {}


async def test_a_moderator_lowers_within_the_operators_limits(stage: Stage, moderator: Any) -> None:
    limits = {
        "max_seconds": "",
        "max_takes": "",
        "max_jobs_per_person": "2",
        "max_jobs_per_guild": "10",
        "cooldown_s": "5",
    }
    text = await change(stage, moderator, "guild", "Limits", limits)
    assert "**Orders of one person at a time**: 2 · *set for this server*" in text
    assert "**Orders of one server at a time**: 10 · *set for this server*" in text
    daily = {**NO_DAILY, "daily_music_min_per_person": "10", "daily_device_s_per_guild": "3600"}
    text = await change(stage, moderator, "guild", "Daily limits", daily)
    assert "**Music a day for one person**: 10 min · *set for this server*" in text
    assert "**Device time a day for one server**: 60 min · *set for this server*" in text
    await stage.alice.slash(stage.channel, "compose", prompt="x")
    assert stage.service.limits_asked[-1] == {
        "max_jobs_per_person": 2.0,
        "max_jobs_per_guild": 10.0,
        "cooldown_s": 5.0,
        "daily_music_min_per_person": 10.0,
        "daily_device_s_per_guild": 3600.0,
    }


async def test_a_moderator_cannot_raise_them_above_the_operators(stage: Stage, moderator: Any, operator: Any) -> None:
    await change(stage, operator, "service", "Daily limits", {**NO_DAILY, "daily_music_min_per_person": "30"})
    await change(stage, operator, "service", "Limits", {**USUAL, "cooldown_s": "20"})
    shown = await moderator.slash(stage.channel, "settings guild")
    for button, values, words in (
        (
            "Daily limits",
            {**NO_DAILY, "daily_music_min_per_person": "31"},
            "Music minutes a day per person: at most 30",
        ),
        ("Daily limits", {**NO_DAILY, "daily_music_min_per_person": "0"}, "at most 30"),
        ("Limits", {"max_jobs_per_person": "6"}, "Orders of one person: at most 5"),
        ("Limits", {"cooldown_s": "10"}, "at least 20"),
    ):
        opened = await moderator.click(shown.response, label=button)
        refused = await moderator.submit_modal(opened, values)
        assert refused.ephemeral and words in refused.response.content
        assert "as the operator of this bot has set it" in refused.response.content
    assert ("guild", str(stage.guild.id)) not in stage.service.sharing.chosen


async def test_an_operator_who_lowers_later_wins(stage: Stage, moderator: Any, operator: Any) -> None:
    await change(stage, moderator, "guild", "Daily limits", {**NO_DAILY, "daily_music_min_per_guild": "60"})
    await change(stage, operator, "service", "Daily limits", {**NO_DAILY, "daily_music_min_per_guild": "40"})
    shown = await moderator.slash(stage.channel, "settings guild")
    assert "**Music a day for one server**: 40 min · *set by the operator*" in shown.response.content


@pytest.mark.parametrize("value", ["-1", "100001", "much", "nan"])
async def test_a_number_out_of_range_is_told(stage: Stage, operator: Any, value: str) -> None:
    shown = await operator.slash(stage.channel, "settings service")
    opened = await operator.click(shown.response, label="Daily limits")
    refused = await operator.submit_modal(opened, {**NO_DAILY, "daily_music_min_per_person": value})
    assert "Music minutes a day per person must be a number from 0 to 100000" in refused.response.content
    assert stage.service.sharing.chosen == {}
