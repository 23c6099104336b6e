"""The checkpoints that are loaded on the device, each with its running batch: loaded, warmed up, let go."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.graphs import StepGraphs
from generation.engines.musicgen.loading import Checkpoint, choose_precision, load_checkpoint
from generation.engines.musicgen.memory import checkpoint_bytes, free_bytes, rows_that_fit
from generation.engines.musicgen.options import MusicgenOptions
from generation.heap import reclaim_what_was_spared
from generation.request import Sampling

WARM_UP_FRAMES = 8
Result = TypeVar("Result")


@dataclass(eq=False)
class Station:
    """A loaded checkpoint and the takes that it is making."""

    checkpoint: Checkpoint
    batch: Batch
    last_used_s: float = field(default_factory=time.monotonic)
    frames_per_s: float = 0.0
    was_halved: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether no row is in it or waits for it."""
        batch = self.batch
        return not (batch.rows or batch.waiting or batch.joining)

    def step(self) -> None:
        """A step of the batch."""
        self.last_used_s = time.monotonic()
        self.attempt(lambda: self.batch.step())

    def attempt(self, work: Callable[[], Result]) -> Result | None:
        """Do some work on the device. None the first time that memory runs out: then half the rows are left.

        The rows of the old batch are gone then; their performances notice and begin their windows again. Work that came
        to nothing has to be done again.
        """
        try:
            return work()
        except torch.OutOfMemoryError:
            if self.was_halved:
                raise
        self._halve()  # not within except: while an error is handled, its frames keep the old batch in memory
        return None

    def _halve(self) -> None:
        """Give the cache's memory back, then take half as much."""
        self.was_halved = True
        max_rows = max(self.batch.cache.max_rows // 2, 1)
        del self.batch
        if self.checkpoint.weights.device.type == "cuda":
            torch.cuda.empty_cache()
        self.batch = make_batch(self.checkpoint, max_rows)

    def describe(self) -> str:
        """A line for the doctor: model, precision, device, speed."""
        weights, rows = self.checkpoint.weights, self.batch.cache.max_rows
        return (
            f"MusicGen {self.checkpoint.name}, {weights.precision}, on {weights.device}, up to {rows} takes at once,"
            f" {self.frames_per_s:.0f} codec frames a second for one take (50 is real time)"
        )


class Shelf:
    """Loads checkpoints when they are asked for, and lets them go when they are idle or another one needs the room."""

    def __init__(self, device: str, options: MusicgenOptions) -> None:
        self.device, self.options = torch.device(device), options
        self.stations: dict[str, Station] = {}
        if options.threads and self.device.type == "cpu":
            torch.set_num_threads(options.threads)

    def station(self, name: str) -> Station | None:
        """The station of a checkpoint, loaded now if need be; None when takes of others have to end first.

        Raises:
            EngineUnavailable: it can't be read.
        """
        if name not in self.stations:
            if not self._make_room(name):
                return None
            checkpoint = load_checkpoint(name, self.options, self.device)
            row_bytes = Cache.num_bytes(checkpoint.shape, checkpoint.weights.precision)
            max_rows = rows_that_fit(row_bytes, self.options.max_jobs, self.device)
            self.stations[name] = Station(checkpoint, make_batch(checkpoint, max_rows))
            warm_up(self.stations[name])
        self.stations[name].last_used_s = time.monotonic()
        return self.stations[name]

    def in_use(self) -> list[Station]:
        """The stations that have something to do."""
        return [station for station in self.stations.values() if not station.is_idle]

    def let_go_of_idle(self) -> None:
        """Unload what has been idle for longer than the operator wants."""
        limit_s, now_s = self.options.idle_unload_s, time.monotonic()
        idle_s = {name: now_s - station.last_used_s for name, station in self.stations.items() if station.is_idle}
        for name, seconds in idle_s.items():  # by name: what held the station itself here would keep its memory
            if limit_s and seconds > limit_s:
                self._unload(name)

    def _make_room(self, name: str) -> bool:
        """Unload idle checkpoints, the longest unused first, until another one fits; False if it fits only later."""
        needed = checkpoint_bytes(name, choose_precision(self.options.precision, self.device), self.device)
        by_age = sorted(self.stations, key=lambda other: self.stations[other].last_used_s)
        for other in by_age:
            if free_bytes(self.device) < needed and self.stations[other].is_idle:
                self._unload(other)
        return free_bytes(self.device) >= needed or not self.stations

    def _unload(self, name: str) -> None:
        del self.stations[name]
        reclaim_what_was_spared()  # its codec holds itself in circles, in which its memory would stay
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def make_batch(checkpoint: Checkpoint, max_rows: int) -> Batch:
    """An empty batch; on a GPU its steps are captured as graphs."""
    weights = checkpoint.weights
    decoder = Decoder(weights, Cache(weights.shape, weights.precision, max_rows, weights.device))
    if weights.device.type == "cuda":
        return Batch(decoder, StepGraphs(decoder, is_capturing=True))
    return Batch(decoder)


def warm_up(station: Station) -> None:
    """Decode a few frames, so that the first take doesn't pay for what is made once, and measure the speed."""
    checkpoint, batch = station.checkpoint, station.batch
    conditions = checkpoint.conditioner.prepare("warm up")
    prompt = torch.zeros(checkpoint.shape.num_codebooks, 0, dtype=torch.int64, device=checkpoint.weights.device)
    generator = torch.Generator().manual_seed(0)
    row = Row(prompt, WARM_UP_FRAMES, Sampling(), generator, conditions.prompt_memory, conditions.prefix)
    batch.join(row)
    step_s: list[float] = []
    while not batch.is_done(row):
        start_s = time.perf_counter()
        batch.step()
        if checkpoint.weights.device.type == "cuda":
            torch.cuda.synchronize(checkpoint.weights.device)
        step_s.append(time.perf_counter() - start_s)
    batch.leave(row)
    station.frames_per_s = 1 / min(step_s)
