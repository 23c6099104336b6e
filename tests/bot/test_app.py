"""Starting: what the whole process needs is built before anybody is served."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.settings import Settings
from tests.support.discord_server import DiscordServer
from tests.support.fake_service import FakeService


@contextlib.asynccontextmanager
async def fake_service(*_: Any) -> AsyncIterator[FakeService]:
    yield FakeService()


@pytest.mark.parametrize("token", [None, "a-token"])
async def test_a_running_bot_has_little_for_the_garbage_collector_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_frozen: None, token: str | None
) -> None:
    """A full collection over modules, commands and tables would stop the event loop for a tenth of a second."""
    in_sight: list[int] = []

    class Stop(asyncio.Event):
        async def wait(self) -> bool:  # type: ignore[override]
            in_sight.append(len(gc.get_objects()))
            return True

    monkeypatch.setattr(app, "stop_on_signals", Stop)
    monkeypatch.setattr(app, "open_service", fake_service)
    monkeypatch.setattr(app, "configure_logs", lambda *_: None)
    settings = Settings(data_dir=tmp_path, discord_token=token, web={"port": 0}, health={"enabled": False})
    async with DiscordServer() as discord:
        with discord.redirected():
            await app.serve(settings)
    assert gc.get_freeze_count() > 50_000
    assert in_sight and in_sight[0] < 5_000
