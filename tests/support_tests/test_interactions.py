"""The rules that an interaction is under: three seconds, once, fifteen minutes."""

from __future__ import annotations

import asyncio

import discord as dpy
import pytest

from tests.support.discord_server import DiscordServer
from tests.support.discord_server.clock import HANG_S

from .conftest import Scene
from .small_bot import SmallBot


async def _error_of(scene: Scene) -> BaseException:
    while not scene.bot.errors:  # noqa: ASYNC110 - the bot has no event for it
        await asyncio.sleep(0.01)
    return scene.bot.errors[0]


async def test_an_answer_after_the_limit_finds_no_interaction(scene: Scene) -> None:
    scene.discord.acknowledge_within_s = 0.1
    await scene.ana.slash(scene.channel, "ping", slow_s=0.3)
    error = await asyncio.wait_for(_error_of(scene), HANG_S)
    assert isinstance(error, dpy.NotFound)
    assert error.code == 10062


async def test_acknowledging_twice_is_refused(scene: Scene) -> None:
    interaction = await scene.ana.slash(scene.channel, "ping")
    await interaction.wait_response()
    route = dpy.http.Route(
        "POST",
        "/interactions/{interaction_id}/{interaction_token}/callback",
        interaction_id=interaction.id,
        interaction_token=interaction.token,
    )
    with pytest.raises(dpy.HTTPException) as refused:
        await scene.bot.http.request(route, json={"type": 4, "data": {"content": "again"}})
    assert (refused.value.status, refused.value.code) == (400, 40060)


async def test_the_token_dies_after_fifteen_minutes(scene: Scene) -> None:
    interaction = await scene.ana.slash(scene.channel, "hold")
    held = await scene.bot.held.get()
    scene.discord.clock.advance(14 * 60)
    await held.edit_original_response(content="still")
    scene.discord.clock.advance(2 * 60)
    for attempt in (held.edit_original_response(content="late"), held.followup.send("late")):
        with pytest.raises(dpy.HTTPException) as refused:
            await attempt
        assert (refused.value.status, refused.value.code) == (401, 50027)
    assert (await interaction.wait_response()).content == "still"


async def test_original_and_follow_ups_can_be_read_changed_and_deleted(scene: Scene) -> None:
    interaction = await scene.ana.slash(scene.channel, "hold", hidden=True)
    held = await scene.bot.held.get()
    thinking = interaction.original
    assert thinking is not None
    assert thinking.loading
    first = await held.followup.send("first", wait=True)
    assert first.id == thinking.id, "the first follow-up after a deferral edits the deferred message"
    assert thinking.ephemeral
    second = await held.followup.send("second", wait=True)
    await second.edit(content="changed")
    assert [each.content for each in interaction.followups] == ["changed"]
    assert (await held.original_response()).content == "first"
    await second.delete()
    await held.delete_original_response()
    with pytest.raises(dpy.NotFound) as gone:
        await held.edit_original_response(content="x")
    assert gone.value.code == 10008


async def test_times_are_recorded(scene: Scene) -> None:
    interaction = await scene.ana.slash(scene.channel, "ping", slow_s=0.2)
    await interaction.wait_response()
    [callback] = scene.discord.requests_to("POST", "/callback")
    assert callback.interaction_id == interaction.id
    assert callback.since_interaction_s is not None
    [acknowledged_after_s] = scene.discord.acknowledge_times_s
    assert 0.2 <= callback.since_interaction_s <= acknowledged_after_s


async def test_an_event_that_comes_twice_is_answered_once(scene: Scene) -> None:
    scene.discord.faults.duplicate_rate = 1.0
    interaction = await scene.ana.slash(scene.channel, "ping")
    await interaction.wait_response()
    error = await asyncio.wait_for(_error_of(scene), HANG_S)
    assert isinstance(error, dpy.HTTPException)
    assert error.code == 40060
    assert len(scene.channel.messages) == 1


async def test_an_interaction_inside_a_thread(scene: Scene) -> None:
    thread = scene.guild.add_thread(scene.channel, "room", scene.ana)
    await scene.ana.slash(thread, "hold")
    held = await scene.bot.held.get()
    assert isinstance(held.channel, dpy.Thread)
    assert held.channel.parent_id == scene.channel.id
    await held.edit_original_response(content="here")
    assert [message.content for message in thread.messages] == ["here"]
    assert scene.channel.messages == []


async def test_a_body_that_a_route_stumbles_over_is_a_finding() -> None:
    async with DiscordServer() as server:
        bot = SmallBot()
        async with server.running(bot):
            with pytest.raises(dpy.HTTPException) as refused:
                await bot.http.request(dpy.http.Route("POST", "/users/@me/channels"), json={"recipient": "1"})
        assert refused.value.code == 50035
        assert any("KeyError" in str(finding) for finding in server.hard_findings)
