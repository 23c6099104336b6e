"""The gateway over both compressions: identify, resume with replay, reconnect, refusals."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord as dpy
import pytest

from tests.support.discord_server import DiscordServer

from .conftest import Scene
from .small_bot import SmallBot

PROJECT_ROOT = Path(__file__).resolve().parents[2]


async def _until(holds: object, what: str, timeout_s: float = 60.0) -> None:
    assert callable(holds)
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - the other side is a process of its own
            await asyncio.sleep(0.01)
    assert holds(), what


@asynccontextmanager
async def bot_process(server: DiscordServer, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The small bot in a process of its own, pointed at the server by `redirect`."""
    command = [*options, server.base_url, "--", "tests.support_tests.small_bot", server.token]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.discord_server.redirect", *command, cwd=PROJECT_ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_events_missed_by_a_dropped_socket_are_replayed(scene: Scene) -> None:
    scene.discord.gateway.drop()
    missed = [await scene.ana.slash(scene.channel, "ping") for _ in range(3)]
    for interaction in missed:
        assert (await interaction.wait_response()).content == "pong"
    gateway = scene.discord.gateway
    assert (gateway.identifies, gateway.resumes, set(gateway.compressions)) == (1, 1, {"zstd-stream"})
    await _until(lambda: scene.bot.num_resumed == 1, "the client heard RESUMED")
    assert len(scene.channel.messages) == 3


@pytest.mark.parametrize("options", [(), ("--without-zstd",)], ids=["zstd", "zlib"])
async def test_a_bot_in_its_own_process_resumes_and_survives_a_kill(
    discord_server: DiscordServer, options: tuple[str, ...]
) -> None:
    guild = discord_server.add_guild()
    channel = guild.add_channel()
    ana, gateway = discord_server.add_user("ana", guild), discord_server.gateway
    async with bot_process(discord_server, *options) as first:
        await gateway.wait_ready()
        shown = await (await ana.slash(channel, "show")).wait_response()
        gateway.drop()
        assert (await (await ana.slash(channel, "ping")).wait_response()).content == "pong"
        assert gateway.resumes == 1
        first.kill()
        await first.wait()
    async with bot_process(discord_server, *options):
        await _until(lambda: gateway.identifies == 2, "the new process has identified")
        assert (await (await ana.press(shown, "Again")).wait_response()).content == "again take 9"
    assert set(gateway.compressions) == {"zlib-stream" if options else "zstd-stream"}
    assert discord_server.commands.writes == 1


async def test_reconnect_and_invalid_session(scene: Scene) -> None:
    gateway = scene.discord.gateway
    gateway.ask_reconnect()
    await _until(lambda: gateway.resumes == 1, "resumed after RECONNECT")
    gateway.invalidate(resumable=True)
    await _until(lambda: gateway.resumes == 2, "resumed after a resumable INVALID_SESSION")
    gateway.invalidate()
    await _until(lambda: gateway.identifies == 2, "identified again after INVALID_SESSION")
    assert (await (await scene.ana.slash(scene.channel, "ping")).wait_response()).content == "pong"


async def test_heartbeats() -> None:
    async with DiscordServer(heartbeat_interval_s=0.1) as server:
        bot = SmallBot()
        async with server.running(bot):
            await _until(lambda: server.gateway.heartbeats >= 3, "three heartbeats")
            assert 0 < bot.latency < 1


async def test_a_wrong_token_cannot_log_in(discord_server: DiscordServer) -> None:
    with discord_server.redirected():
        async with SmallBot() as bot:
            with pytest.raises(dpy.LoginFailure):
                await bot.start("wrong")


async def test_intents_that_were_not_granted_are_refused() -> None:
    async with DiscordServer() as server:
        bot = SmallBot(intents=dpy.Intents(guilds=True, message_content=True))
        with pytest.raises(dpy.PrivilegedIntentsRequired):
            async with server.running(bot):
                pass


async def test_discord_py_is_restored(discord_server: DiscordServer) -> None:
    before = dpy.http.Route.BASE, dpy.gateway.DiscordWebSocket.DEFAULT_GATEWAY, dpy.Asset.BASE
    with discord_server.redirected():
        assert dpy.http.Route.BASE.startswith("http://127.0.0.1")
    assert before == (dpy.http.Route.BASE, dpy.gateway.DiscordWebSocket.DEFAULT_GATEWAY, dpy.Asset.BASE)
    assert "discord.com" in dpy.http.Route.BASE


async def test_nothing_is_left_running() -> None:
    before = asyncio.all_tasks()
    async with DiscordServer() as server:
        channel = server.add_guild().add_channel()
        ana = server.add_user("ana", *server.guilds.values())
        async with server.running(SmallBot()):
            await (await ana.slash(channel, "ping")).wait_response()
    assert asyncio.all_tasks() == before
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", int(server.base_url.rsplit(":", 1)[1]))


async def test_who_waits_in_vain_is_told_what_there_is(discord_server: DiscordServer) -> None:
    guild = discord_server.add_guild()
    channel = guild.add_channel()
    ana = discord_server.add_user("ana", guild)
    await ana.post(channel, "hello")
    with pytest.raises(TimeoutError, match="hello"):
        await channel.wait_for_message(lambda message: bool(message.attachments), timeout=0.05)
