"""A service with the scripted engine: a real ledger, a real store, a real worker process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.jobs import Origin
from generation.request import Operation, Request
from tests.support import scripted_engine


def scripted_config(folder: Path, *, engine: dict[str, Any] | None = None, **changes: Any) -> ServiceConfig:
    """The service's settings with the scripted engine and short limits; `engine`: more of its options.

    Its worker keeps takes as they are, unless the options say `"raw": False`.
    """
    counts = folder / "counts"
    counts.mkdir(parents=True, exist_ok=True)
    options = EngineOptions({"folder": str(counts), "raw": True, **(engine or {})})
    settings: dict[str, Any] = {
        "engines": {"scripted": options, "missing": EngineOptions()},
        "preload_engines": ("scripted",),
        "engine_registry": "tests.support.scripted_engine",
        "threads_per_worker": 1,
        "step_limit_s": 30.0,
        "poll_interval_s": 0.2,
        "stop_grace_s": 10.0,
    }
    return ServiceConfig(folder / "data", **{**settings, **changes})


def scripted(prompt: str, **changes: Any) -> Request:
    """A request to the scripted engine; see its module for the words."""
    return Request(Operation.COMPOSE, prompt, engine="scripted", **changes)


def let_go(folder: Path, times: int = 1) -> None:
    """What the scripted engine of this folder holds goes on to its end."""
    scripted_engine.let_go(folder / "counts", times)


def member(person: str = "ann", guild: str | None = "guild", front_end: str = "discord") -> Origin:
    """Somebody who asks."""
    return Origin(front_end, person, person.title(), guild, "channel", {"token": "t"})


def admissions(folder: Path, job_id: str, index: int = 0) -> list[int]:
    """The process numbers under which a take's making was begun, in order."""
    file = folder / "counts" / f"{job_id}-{index}"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def eventually(holds: Callable[[], bool], *, limit_s: float = 60.0) -> None:
    """Wait until something holds. Raises TimeoutError when it does not within the limit."""
    async with asyncio.timeout(limit_s):
        while not holds():  # noqa: ASYNC110  what is waited for happens in another process
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs (one that has ended and was not waited for does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())
