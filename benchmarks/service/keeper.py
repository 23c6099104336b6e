"""A supervisor for the bot of a benchmark: whenever it has ended, it is started again."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.support.bot_process import BotProcess, bot_process
from tests.support.discord_server import DiscordServer

MAX_FAILED_STARTS = 60
"""In a row. A full disk or a locked ledger refuses some, and some are killed; more than that is a fault."""
_PAUSE_S = 0.2


class Keeper:
    """Keeps one bot running. `ready_pids`: the processes that have been READY; `pid`: the one that is now."""

    def __init__(
        self, server: DiscordServer, data_dir: Path, program: tuple[str, ...], settings: dict[str, str]
    ) -> None:
        self._server, self._data_dir, self._program, self._settings = server, data_dir, program, settings
        self._bot: BotProcess | None = None
        self._is_over = False
        self.ready_pids: set[int] = set()
        self.num_starts = self.num_failed_starts = 0

    @property
    def pid(self) -> int | None:
        """The number of the bot's process; None while there is none that is READY."""
        return None if self._bot is None or self._bot.process.returncode is not None else self._bot.process.pid

    async def run(self) -> None:
        """Start it again and again until `close`. Raises RuntimeError when it does not start any more."""
        failed_in_a_row = 0
        while not self._is_over:
            try:
                await self._one_life()
                failed_in_a_row = 0
            except (RuntimeError, TimeoutError) as error:
                failed_in_a_row += 1
                self.num_failed_starts += 1
                if failed_in_a_row > MAX_FAILED_STARTS:
                    raise RuntimeError("the bot does not start any more") from error
                await asyncio.sleep(_PAUSE_S)

    async def _one_life(self) -> None:
        settings = self._settings
        async with bot_process(self._server, self._data_dir, program=self._program, **settings) as bot:
            self._bot = bot
            self.num_starts += 1
            self.ready_pids.add(bot.process.pid)
            try:
                await bot.process.wait()
            finally:
                self._bot = None

    def stop(self) -> bool:
        """SIGTERM, as an operator's restart; False when there is no bot."""
        if self._bot is None or self._bot.process.returncode is not None:
            return False
        self._bot.process.send_signal(signal.SIGTERM)
        return True

    def close(self) -> None:
        """End the bot for good."""
        self._is_over = True
        self.stop()
