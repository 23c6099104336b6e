"""A running service for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.service import Service
from tests.support.scripted_service import scripted_config


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """One that finishes takes as it does for people."""
    async with Service(scripted_config(tmp_path, engine={"raw": False})) as running:
        yield running
