"""A stage with the scripted engine, and the bot on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.client import BandmateClient
from tests.bot.wire.stage import WireStage, open_wire_stage, scripted


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WireStage]:
    async with open_wire_stage(tmp_path, engine="scripted", **scripted(tmp_path)) as opened:
        yield opened


@pytest.fixture
async def bot(stage: WireStage) -> AsyncIterator[BandmateClient]:
    async with stage.running_bot() as client:
        yield client
