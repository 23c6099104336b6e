"""Engines that make takes, and the registry of them: adding one is one module and one line here."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module, util
from typing import Any, cast

from generation.engines.base import Engine
from generation.errors import EngineUnavailable
from generation.install import install_extra


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """Where an engine lives (`module`, imported only in the worker; it has `create(device, options) -> Engine`),
    the packages it needs, and the extra of Bandmate that brings them."""

    module: str
    needs: tuple[str, ...] = ()
    extra: str = ""

    @property
    def install(self) -> str:
        """The line that installs what it needs."""
        return install_extra(self.extra)

    def missing(self) -> tuple[str, ...]:
        """The needed packages that are not installed; looks them up without importing them."""
        return tuple(name for name in self.needs if util.find_spec(name) is None)


ENGINES: dict[str, EngineEntry] = {
    "arranger": EngineEntry("generation.engines.arranger"),
    "studio": EngineEntry("generation.engines.studio"),
    "musicgen": EngineEntry(
        "generation.engines.musicgen",
        ("torch", "transformers", "safetensors", "onnx"),
        "musicgen",
    ),
    "bark": EngineEntry("generation.engines.bark", ("torch", "transformers", "safetensors"), "musicgen"),
}


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the operator set for an engine (its table in the TOML), as plain values that cross to the worker."""

    values: dict[str, Any] = field(default_factory=dict)


def create_engine(name: str, device: str, options: EngineOptions) -> Engine:
    """Import an engine's module and make it for a device ("cpu", "cuda:0"). Heavy imports wait for its `load`.

    Raises:
        EngineUnavailable: no such engine, or a package is missing; the sentence has the line that installs it.
    """
    entry = ENGINES.get(name)
    if entry is None:
        raise EngineUnavailable(f"There is no engine called {name!r}; there are {', '.join(sorted(ENGINES))}.")
    if missing := entry.missing():
        raise EngineUnavailable(f"The engine {name} needs {', '.join(missing)}: {entry.install}")
    return cast(Engine, import_module(entry.module).create(device, options))
