"""MusicGen (arXiv:2306.05284) with a decoding loop of our own: many takes in one batch, faster than `generate`.

The order of reading: delay (the pattern), decoder (one step), batch (who takes part), performance (one take), engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.engines import EngineOptions
from generation.engines.musicgen.engine import MusicgenEngine
from generation.engines.musicgen.options import MusicgenOptions, require_licence

if TYPE_CHECKING:
    from generation.engines.base import Engine


def create(device: str, options: EngineOptions) -> Engine:
    """The engine for a device ("cpu", "cuda:0"); reads no weights yet.

    Raises:
        EngineUnavailable: a setting is wrong, or the licence is not accepted; the sentence says which.
    """
    wanted = MusicgenOptions.of(options.values)
    require_licence(wanted)
    return MusicgenEngine(device, wanted)
