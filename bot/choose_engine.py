"""Which engine makes a take: the one that is wanted where it can, else the usual one, else any that can."""

from __future__ import annotations

from generation.request import Operation
from generation.service import Service


def engines_for(service: Service, operation: Operation, usual: str) -> list[str]:
    """The engines that can do it, the usual one first, the others by name."""
    able = [name for name, engine in service.engines.items() if operation in engine.operations]
    return sorted(able, key=lambda name: (name != usual, name))


def engine_for(service: Service, operation: Operation, usual: str, wanted: str | None = None) -> str:
    """The engine to ask; when none can, the wanted or the usual one: the service has the sentence that says why."""
    able = engines_for(service, operation, usual)
    if wanted in able or not able:
        return wanted or usual
    return able[0]
