"""The engines of one worker process: which of them can be used here, and which are loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

import structlog

from generation import engines as registry
from generation.engines.base import Engine
from generation.errors import BandmateError
from generation.heap import spare_what_lives_long
from generation.worker.messages import Setup

log = structlog.get_logger()


@dataclass(slots=True)
class Bench:
    """`engines` by name; `unavailable`: the sentence of each engine that can't be used; `loaded`: ready to play."""

    engines: dict[str, Engine] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)

    def load(self, name: str) -> None:
        """Load an engine; what it brought is no work for the garbage collector in the middle of music."""
        self.engines[name].load()
        self.loaded.add(name)
        spare_what_lives_long()


def open_bench(setup: Setup) -> Bench:
    """Make every engine that the operator offers; one that can't be made keeps the sentence that says why."""
    if setup.registry is not None:
        registry.ENGINES.update(import_module(setup.registry).ENGINES)
    bench = Bench()
    for name, options in setup.engines.items():
        try:
            bench.engines[name] = registry.create_engine(name, setup.device, registry.EngineOptions(options))
        except BandmateError as error:
            bench.unavailable[name] = str(error)
        except Exception:  # one engine's mistake must not take the others along
            log.exception("engine not made", engine=name)
            bench.unavailable[name] = f"The engine {name} can't be used here: its operator finds the reason in the log."
    return bench
