"""The checkpoints that are loaded on the device, each with its running batch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from generation.engines.musicgen.batch import Batch
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.loading import Checkpoint, load_checkpoint
from generation.engines.musicgen.options import MusicgenOptions


@dataclass(eq=False)
class Station:
    """A loaded checkpoint and the takes that it is making."""

    checkpoint: Checkpoint
    batch: Batch
    last_used_s: float = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether no row is in it or waits for it."""
        batch = self.batch
        return not (batch.rows or batch.waiting or batch.joining)


class Shelf:
    """Loads checkpoints when they are asked for, and lets them go."""

    def __init__(self, device: str, options: MusicgenOptions) -> None:
        self.device, self.options = torch.device(device), options
        self.stations: dict[str, Station] = {}

    def station(self, name: str) -> Station:
        """The station of a checkpoint, loaded now if need be.

        Raises:
            EngineUnavailable: it can't be read.
        """
        if name not in self.stations:
            checkpoint = load_checkpoint(name, self.options, self.device)
            self.stations[name] = Station(checkpoint, self._batch(checkpoint, self.options.max_jobs))
        self.stations[name].last_used_s = time.monotonic()
        return self.stations[name]

    def in_use(self) -> list[Station]:
        """The stations that have something to do."""
        return [station for station in self.stations.values() if not station.is_idle]

    def _batch(self, checkpoint: Checkpoint, max_rows: int) -> Batch:
        weights = checkpoint.weights
        return Batch(Decoder(weights, Cache(weights.shape, weights.precision, max_rows, self.device)))
