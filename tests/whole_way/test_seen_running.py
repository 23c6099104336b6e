"""The running bot as its operator sees it: ready, counted, and one job's lines found in the log by its id."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.support.bot_process import bot_process
from tests.support.discord_server import DiscordServer
from tests.support.scripted_bot import scripted_settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def asked(port: int, path: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def ready(port: int) -> str:
    """What /readyz says once it is 200."""
    async with asyncio.timeout(60):
        while True:
            status, text = await asked(port, "/readyz")
            if status == 200:
                return text
            await asyncio.sleep(0.1)


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


async def test_ready_counted_and_logged_by_the_jobs_id(tmp_path: Path) -> None:
    port = free_port()
    more = {"health__port": str(port), "log__json_lines": "true"}
    settings = scripted_settings(tmp_path / "marks", **more)
    async with DiscordServer(seed=1) as discord:
        guild = discord.add_guild()
        channel = guild.add_channel()
        ada = discord.add_user("ada", guild)
        program = ("tests.support.scripted_bot",)
        async with bot_process(discord, tmp_path / "data", program=program, **settings) as bot:
            assert '"scripted"' in await ready(port)
            interaction = await ada.slash(channel, "compose", prompt="slow 0.2")
            await channel.wait_for_message(lambda message: bool(message.attachments), timeout=60)
            await interaction.wait_response(lambda message: "Here it is" in message.content)
            _, text = await asked(port, "/metrics")
            assert re.search(r'^bandmate_deliveries_total\{code="posted"\} 1.0$', text, re.MULTILINE)
            assert 'bandmate_stage_seconds_count{engine="scripted",stage="delivering"} 1.0' in text
            assert await bot.stop() == 0
    lines = lines_of(bot.log)
    (taken,) = [line for line in lines if line["event"] == "job taken"]
    assert taken["interaction_id"] == interaction.id
    words = {line["event"] for line in lines if line.get("job_id") == taken["job_id"]}
    assert {"job taken", "job started", "job taken in", "job made"} <= words
    of_jobs = [line for line in lines if line["event"].startswith("job ")]
    assert all("job_id" in line for line in of_jobs)
    assert discord.token not in bot.log.read_text()
