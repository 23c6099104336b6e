"""The studio: loops and blends, made of the clips themselves; it composes nothing and needs nothing to be loaded."""

from __future__ import annotations

from generation.engines import EngineOptions
from generation.engines.studio.engine import StudioEngine


def create(device: str, options: EngineOptions) -> StudioEngine:
    """The engine; it runs on the CPU whatever the device is, and has no options."""
    return StudioEngine()
