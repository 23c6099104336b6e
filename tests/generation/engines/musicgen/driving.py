"""Driving an engine by hand, as the worker does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generation.clip import Clip
from generation.engines import EngineOptions
from generation.engines.base import Done, EngineJob, Event
from generation.engines.musicgen import create
from generation.engines.musicgen.engine import MusicgenEngine
from generation.request import Operation, Request

MAX_STEPS = 5_000


def make_engine(*folders: Path, **values: Any) -> MusicgenEngine:
    settings = {"models": [str(folder) for folder in folders], "accept_licence": True, "precision": "float32"} | values
    engine = create("cpu", EngineOptions(settings))
    assert isinstance(engine, MusicgenEngine)
    engine.load()
    return engine


def make_job(job_id: str, operation: Operation, *clips: Clip, seed: int = 1, **values: Any) -> EngineJob:
    values = {"prompt": "lo fi hip hop"} | values
    clip_ids = tuple(f"clip{number}" for number in range(len(clips)))
    request = Request(operation, clip_ids=clip_ids, engine="musicgen", seed=seed, **values)
    return EngineJob(job_id, request, seed, clips)


def run(engine: MusicgenEngine, *jobs: EngineJob) -> list[Event]:
    """Admit the jobs and step until each has ended; all events in order."""
    for job in jobs:
        engine.admit(job)
    events: list[Event] = []
    for _ in range(MAX_STEPS):
        if not engine.waiting and not engine.running:
            return events
        events.extend(engine.step())
    raise AssertionError(f"not done after {MAX_STEPS} steps")


def takes(events: list[Event]) -> dict[str, Done]:
    """The finished takes by job."""
    return {event.job_id: event for event in events if isinstance(event, Done)}
