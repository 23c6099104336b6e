"""A stage with an open jam room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.discord_stage import Stage, open_stage
from tests.bot.jams.den import Den


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture
async def den(stage: Stage) -> Den:
    """A room of Alice's: 120 BPM, D minor, 4 bars, lo-fi."""
    await stage.alice.slash(
        stage.channel, "jam start", tempo=120.0, key="D minor", bars=4, style="lo-fi", title="Den of @everyone"
    )
    return Den(stage)
