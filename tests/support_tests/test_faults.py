"""Everything that can go wrong at Discord, as the real client feels it."""

from __future__ import annotations

import asyncio
import io
import time

import aiohttp
import discord as dpy
import pytest

from tests.support.discord_server import LIKE_DISCORD, Attachment, DiscordServer, faults
from tests.support.discord_server.clock import HANG_S

from .conftest import Scene
from .small_bot import SmallBot

MESSAGES = "/channels/{channel_id}/messages"


def _channel(scene: Scene) -> dpy.PartialMessageable:
    return scene.bot.get_partial_messageable(scene.channel.id)


@pytest.mark.parametrize("fault", [faults.INTERNAL_ERROR, faults.BAD_GATEWAY, faults.GATEWAY_TIMEOUT])
async def test_the_client_tries_again_after_500_502_504(scene: Scene, fault: faults.Fault) -> None:
    scene.discord.faults.add(fault, "POST", MESSAGES)
    await _channel(scene).send("once")
    assert len(scene.channel.messages) == 1
    assert [each.fault for each in scene.discord.requests_to("POST", MESSAGES)] == [fault.name, ""]


async def test_an_error_after_applying_posts_a_follow_up_twice_and_a_message_with_its_nonce_once(scene: Scene) -> None:
    interaction = await scene.ana.slash(scene.channel, "hold")
    held = await scene.bot.held.get()
    await held.edit_original_response(content="answer")
    scene.discord.faults.add(faults.INTERNAL_ERROR.after_applying(), "POST", "/webhooks/")
    await held.followup.send("twice")
    assert [message.content for message in interaction.followups] == ["twice", "twice"]
    scene.discord.faults.add(faults.INTERNAL_ERROR.after_applying(), "POST", MESSAGES)
    await _channel(scene).send("guarded", nonce="job-1")
    assert [message.content for message in scene.channel.messages] == ["answer", "twice", "twice", "guarded"]


async def test_503_is_raised_at_once(scene: Scene) -> None:
    scene.discord.faults.add(faults.UNAVAILABLE, "POST", MESSAGES)
    with pytest.raises(dpy.DiscordServerError) as refused:
        await _channel(scene).send("x")
    assert refused.value.status == 503
    assert scene.channel.messages == []


async def test_429_with_via_is_waited_for_and_without_is_a_ban(scene: Scene) -> None:
    scene.discord.faults.add(faults.RATE_LIMITED, "POST", MESSAGES)
    started = time.monotonic()
    await _channel(scene).send("x")
    assert time.monotonic() - started >= faults.RATE_LIMITED.retry_after_s
    scene.discord.faults.add(faults.BANNED, "POST", MESSAGES)
    with pytest.raises(dpy.HTTPException) as banned:
        await _channel(scene).send("y")
    assert banned.value.status == 429
    assert len(scene.channel.messages) == 1


@pytest.mark.parametrize("fault", [faults.TOO_LARGE, faults.MISSING_PERMISSIONS, faults.THREAD_ARCHIVED])
async def test_refusals_of_a_post(scene: Scene, fault: faults.Fault) -> None:
    scene.discord.faults.add(fault, "POST", MESSAGES)
    with pytest.raises(dpy.HTTPException) as refused:
        await _channel(scene).send(file=dpy.File(io.BytesIO(b"x"), "x.ogg"))
    assert (refused.value.status, refused.value.code) == (fault.status, fault.code)


async def test_refusals_of_an_interaction(scene: Scene) -> None:
    scene.discord.faults.add(faults.UNKNOWN_INTERACTION, "POST", "/callback")
    interaction = await scene.ana.slash(scene.channel, "ping")
    while not scene.bot.errors:  # noqa: ASYNC110 - the bot has no event for it
        await asyncio.sleep(0.01)
    assert interaction.expired
    await scene.ana.slash(scene.channel, "hold")
    held = await scene.bot.held.get()
    for fault in (faults.UNKNOWN_MESSAGE, faults.INVALID_WEBHOOK_TOKEN):
        scene.discord.faults.add(fault, "PATCH", "@original")
        with pytest.raises(dpy.HTTPException) as refused:
            await held.edit_original_response(content="x")
        assert refused.value.code == fault.code


@pytest.mark.parametrize(("fault", "num_posted"), [(faults.DROP_BEFORE, 0), (faults.DROP_AFTER, 1)])
async def test_a_cut_connection_before_and_after_applying(scene: Scene, fault: faults.Fault, num_posted: int) -> None:
    scene.discord.faults.add(fault, "POST", MESSAGES)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await _channel(scene).send("x")
    assert len(scene.channel.messages) == num_posted


async def test_the_same_seed_gives_the_same_faults() -> None:
    stories = []
    for seed in (5, 5, 6):
        async with DiscordServer(seed=seed) as server:
            channel = server.add_guild().add_channel()
            bot = SmallBot()
            async with server.running(bot):
                kinds = (faults.UNAVAILABLE, faults.MISSING_PERMISSIONS, faults.DROP_AFTER)
                server.faults.rate(0.3, *kinds)
                for number in range(40):
                    try:
                        await bot.get_partial_messageable(channel.id).send(str(number))
                    except (dpy.HTTPException, aiohttp.ClientError, OSError):
                        continue
                server.faults.clear()
            stories.append([each.fault for each in server.requests_to("POST", MESSAGES)])
            assert sum(server.faults.happened.values()) == sum(1 for fault in stories[-1] if fault)
    assert stories[0] == stories[1] != stories[2]
    assert 4 <= sum(1 for fault in stories[0] if fault) <= 24


async def test_the_gateway_is_cut_by_rate_and_nothing_is_missed(scene: Scene) -> None:
    scene.discord.faults.gateway_drop_rate = 0.5
    interactions = [await scene.ana.slash(scene.channel, "ping") for _ in range(10)]
    for interaction in interactions:
        await interaction.wait_response()
    assert scene.discord.gateway.identifies == 1
    assert scene.discord.gateway.resumes >= 1


async def test_limits_like_discords_are_heeded_by_the_client() -> None:
    async with DiscordServer(rate_limits=LIKE_DISCORD) as server:
        channel = server.add_guild().add_channel()
        bot = SmallBot()
        async with server.running(bot):
            started = time.monotonic()
            await asyncio.gather(*(bot.get_partial_messageable(channel.id).send(str(number)) for number in range(7)))
            took_s = time.monotonic() - started
        statuses = [each.status for each in server.requests_to("POST", MESSAGES)]
        assert statuses.count(200) == 7
        assert statuses.count(429) <= 1
        assert took_s >= 4.0, "the sixth message waits for the next window of five seconds"
        assert server.hard_findings == []


async def test_who_does_not_heed_a_limit_gets_429() -> None:
    async with DiscordServer(rate_limits=LIKE_DISCORD) as server, aiohttp.ClientSession() as session:
        channel = server.add_guild().add_channel()
        url, headers = (
            f"{server.base_url}/api/v10/channels/{channel.id}/messages",
            {"Authorization": f"Bot {server.token}"},
        )
        answers = []
        for _ in range(6):
            async with session.post(url, json={"content": "x"}, headers=headers) as response:
                answers.append(response.status)
                body = await response.json()
        assert answers == [200] * 5 + [429]
        assert 0 < body["retry_after"] <= 5
        assert response.headers["X-RateLimit-Remaining"] == "0"


async def test_links_to_files_are_signed_and_expire(scene: Scene) -> None:
    posted = await scene.ana.post(scene.channel, "", Attachment("a.wav", b"\x00\xffbinary"))
    file = posted.attachments[0]
    url = scene.discord.cdn.url(file)
    async with aiohttp.ClientSession() as session:

        async def status(address: str) -> int:
            async with session.get(address) as response:
                return response.status

        assert await status(url) == 200
        assert await status(url[:-1] + ("0" if url[-1] != "0" else "1")) == 403
        scene.discord.clock.advance(25 * 3600)
        assert await status(url) == 404
        assert await scene.discord.download(file) == b"\x00\xffbinary"
        posted.delete()
        assert await status(scene.discord.cdn.url(file)) == 404


async def test_a_resume_that_is_refused_by_rate_identifies_anew(scene: Scene) -> None:
    scene.discord.faults.refuse_resume_rate = 1.0
    scene.discord.gateway.drop()
    async with asyncio.timeout(HANG_S):
        while scene.discord.gateway.identifies < 2:  # noqa: ASYNC110 - the client has no event for it
            await asyncio.sleep(0.01)
    assert scene.discord.gateway.resumes == 0


async def test_everything_at_once_leaves_the_server_sound(scene: Scene) -> None:
    """Faults of every kind, events twice, cut gateways: whatever the bot makes of it, the server keeps its rules."""
    trouble = scene.discord.faults
    trouble.rate(0.25, *faults.ALL)
    trouble.duplicate_rate, trouble.gateway_drop_rate = 0.2, 0.2
    clip = Attachment("hum.ogg", b"x" * 1000)
    for _ in range(40):
        await scene.ana.slash(scene.channel, "restyle", prompt="lo-fi", clip=clip)
    async with asyncio.timeout(HANG_S):
        while sum(trouble.happened.values()) < 10:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)
    trouble.clear()
    last = await scene.ana.slash(scene.channel, "restyle", prompt="calm", clip=clip)
    await last.wait_followup()
    nonces = [message.nonce for message in scene.channel.messages if message.nonce is not None]
    assert len(nonces) == len(set(nonces)) > 0
    assert scene.discord.hard_findings == []
