"""The arranger: the embedded engine that composes and plays an arrangement, without weights, on any computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.engines import EngineOptions
    from generation.engines.arranger.engine import ArrangerEngine


def create(device: str, options: EngineOptions) -> ArrangerEngine:
    """Make the engine; it plays on the CPU whatever the device. The soundfont is opened by `load`."""
    from generation.engines.arranger.engine import ArrangerEngine  # numpy and the mixer are imported in the worker only

    return ArrangerEngine(options.values)
