"""`bandmate serve` with the scripted engine among the others: the whole bot, with jobs that cost nothing.

python -m tests.support.scripted_bot [--deaf]    settings from BANDMATE_* and DISCORD_TOKEN, as ever

--deaf: with an analysis process that starts at once and hears nothing, where nobody brings a clip.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from bot.app import serve
from bot.settings import Settings
from generation.config import ServiceConfig
from generation.worker import listener


class ScriptedSettings(Settings):
    """Settings whose engines may be those of the tests."""

    def service_config(self) -> ServiceConfig:
        return replace(super().service_config(), engine_registry="tests.support.scripted_engine")


def scripted_settings(marks: Path, *, raw: bool = False, **more: str) -> dict[str, str]:
    """The settings of such a bot, for bot_process; the engine counts its starts in `marks`. `raw`: see its module."""
    marks.mkdir(parents=True, exist_ok=True)
    return {
        "engines": json.dumps({"scripted": {"folder": str(marks), "raw": raw}}),
        "workers__preload_engines": '["scripted"]',
        "workers__devices": '["cpu"]',
        "takes__engine": "scripted",
        "health__port": "0",
        **more,
    }


if __name__ == "__main__":
    if "--deaf" in sys.argv:
        listener.MODULE = "tests.support.silent_analysis"
    asyncio.run(serve(ScriptedSettings.load()))
