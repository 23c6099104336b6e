"""`bandmate serve` in a process of its own, against the wire-level Discord server: to be killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.discord_server import DiscordServer

START_LIMIT_S = 60.0
ROOT = Path(__file__).parents[2]


class BotProcess:
    """A running `bandmate serve`; its standard error is kept in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log = process, log

    def kill(self) -> None:
        """kill -9 of the bot itself; its workers have to notice by themselves."""
        self.process.send_signal(signal.SIGKILL)

    async def stop(self, limit_s: float = 40.0) -> int:
        """SIGTERM, and the exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), limit_s)


@asynccontextmanager
async def bot_process(
    server: DiscordServer,
    data_dir: Path,
    *,
    token: str | None = None,
    program: Sequence[str] = ("bot.cli", "serve"),
    **settings: str,
) -> AsyncIterator[BotProcess]:
    """Start it and wait until it is READY; `settings` are BANDMATE_* names in lower case ("workers__devices").

    `program`: a module and its arguments, in place of `bandmate serve`.
    """
    log = data_dir.parent / f"{data_dir.name}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANDMATE_")}
    environment |= {"DISCORD_TOKEN": token or server.token, "BANDMATE_DATA_DIR": str(data_dir)}
    environment |= {"BANDMATE_WORKERS__THREADS_PER_WORKER": "1"}
    environment |= {f"BANDMATE_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "tests.support.discord_server.redirect", server.base_url, "--", *program]
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=stream)
    bot = BotProcess(process, log)
    try:
        await until_ready(server, bot)
        yield bot
    finally:
        if process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await bot.stop()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_ready(server: DiscordServer, bot: BotProcess) -> None:
    """Wait for READY; raises RuntimeError with the log when the process ends before."""
    ready = asyncio.create_task(server.gateway.wait_ready(START_LIMIT_S))
    ended = asyncio.create_task(bot.process.wait())
    await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        raise RuntimeError(f"the bot ended with {bot.process.returncode}:\n{bot.log.read_text()[-3000:]}")
    ended.cancel()
    await ready
