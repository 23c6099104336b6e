"""The supervisor of a device's worker process: starts it, watches it, tells it what to do, replaces it when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog

from generation.config import ServiceConfig
from generation.engines.base import Capabilities
from generation.request import Operation
from generation.worker.child import Child
from generation.worker.messages import (
    Alive,
    Broken,
    Drop,
    Dropped,
    GaveUp,
    Hello,
    Loaded,
    Logged,
    Made,
    Make,
    Message,
    Setup,
)

log = structlog.get_logger()

MODULE = "generation.worker.process"
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
"""Between two lives: a process that dies at once, again and again, must not keep the machine busy."""
GOOD_LIFE_S = 60.0


@dataclass(frozen=True, slots=True)
class Death:
    """How a worker process ended. `cause`: half a sentence for people ("it crashed"); `detail` for the log."""

    cause: str
    detail: str


class Reports(Protocol):
    """What a supervisor tells the one who gave it its jobs. Nothing here may wait: the watchdog would bark."""

    def heard(self, worker: Worker, message: Message) -> None:
        """A message of the worker."""

    def died(self, worker: Worker, job_ids: Collection[str], death: Death) -> None:
        """The process ended with these jobs in it; a new one starts by itself."""


class Worker:
    """One device: the process that owns it now, what it can do, and the jobs it was given."""

    def __init__(self, device: str, config: ServiceConfig, reports: Reports) -> None:
        self.device = device
        self.capabilities: dict[str, Capabilities] = {}
        self.unavailable: dict[str, str] = {}
        self.loaded: set[str] = set()
        self._config, self._reports = config, reports
        self._jobs: dict[str, str] = {}  # job id -> engine
        self._child: Child | None = None
        self._is_ready = asyncio.Event()
        self._is_closing = False
        self._life: asyncio.Task[None] | None = None
        self._num_ended = 0  # jobs that this life brought to an end
        self._doing, self._limit_s, self._sign_at_s = "starting", config.start_limit_s, time.monotonic()

    async def open(self) -> None:
        """Start the process and wait for its first words, up to the start limit."""
        self._life = asyncio.create_task(self._live(), name=f"worker {self.device}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.start_limit_s):
                await self._is_ready.wait()

    async def close(self) -> None:
        """End the process for good; jobs that are still in it are not reported."""
        self._is_closing = True
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        await self._bury()

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        return None if self._child is None else self._child.pid

    @property
    def is_ready(self) -> bool:
        """Whether the process lives and has said what it can do."""
        return self._is_ready.is_set()

    @property
    def job_ids(self) -> Collection[str]:
        """The jobs in the process."""
        return self._jobs.keys()

    def free_rows(self) -> dict[str, int]:
        """How many more jobs each engine takes now."""
        if not self.is_ready or self._is_closing:
            return {}
        held = list(self._jobs.values())
        return {name: engine.max_jobs - held.count(name) for name, engine in self.capabilities.items()}

    def make(self, order: Make) -> None:
        """Give the process a job."""
        self._jobs[order.job_id] = str(order.request["engine"])
        self._tell(order)

    def drop(self, job_id: str) -> None:
        """Make the process forget a job; its row is free when it says so."""
        if job_id in self._jobs:
            self._tell(Drop(job_id))

    def _tell(self, message: Message) -> None:
        if self._child is not None:
            self._child.tell(message)

    async def _live(self) -> None:
        """One process after another."""
        pause_s = FIRST_PAUSE_S
        while True:
            begun_s = time.monotonic()
            death = await self._one_life()
            await self._bury()
            self._mourn(death)
            was_good = self._num_ended > 0 or time.monotonic() - begun_s > GOOD_LIFE_S
            pause_s = FIRST_PAUSE_S if was_good else min(pause_s * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _one_life(self) -> Death:
        self._note_sign("starting", self._config.start_limit_s)
        self._num_ended = 0
        try:
            threads, network = self._config.threads_per_worker, self._config.worker_network
            self._child = await Child.start(MODULE, num_threads=threads, network=network)
        except OSError as error:
            return Death("it could not be started", str(error))
        self._child.tell(setup_of(self._config, self.device))
        ends = [asyncio.create_task(self._listen(self._child)), asyncio.create_task(self._watch())]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        except Exception as error:  # a new process is the answer to whatever this one said
            log.exception("a worker's words could not be followed", device=self.device)
            return Death("it crashed", f"{type(error).__name__}: {error}")
        finally:
            for task in ends:
                task.cancel()

    async def _listen(self, child: Child) -> Death:
        async for message in child.messages():
            self._sign_at_s = time.monotonic()
            match message:
                case Alive(doing, limit_s):
                    self._note_sign(doing, limit_s)
                case Hello():
                    self._greet(message)
                case Broken(reason):
                    return Death(_cause(reason), reason)
                case Logged():
                    pass  # written down where it came in
                case _:
                    self._take_note(message)
        return Death("it crashed", f"the process ended while it was doing: {self._doing}")

    async def _watch(self) -> Death:
        """Returns when the process has been silent for longer than it may.

        Two looks in a row, because after a stall of our own loop its words lie unread for a moment.
        """
        num_late = 0
        while num_late < 2:
            await asyncio.sleep(min(max(self._limit_s / 8, 0.02), 1.0))
            is_late = time.monotonic() - self._sign_at_s > self._limit_s
            num_late = num_late + 1 if is_late else 0
        return Death("it stopped answering", f"no sign of life for {self._limit_s:g} s while doing: {self._doing}")

    def _greet(self, hello: Hello) -> None:
        self.capabilities = {name: capabilities_from_json(item) for name, item in hello.capabilities.items()}
        self.unavailable = hello.unavailable
        self._is_ready.set()
        self._reports.heard(self, hello)
        log.info("worker ready", device=self.device, pid=self.pid, engines=sorted(self.capabilities))

    def _take_note(self, message: Message) -> None:
        match message:
            case Made() | GaveUp() | Dropped():
                self._jobs.pop(message.job_id, None)
                self._num_ended += 1
            case Loaded(engine, seconds):
                self.loaded.add(engine)
                log.info("engine loaded", engine=engine, device=self.device, seconds=round(seconds, 2))
        self._reports.heard(self, message)

    def _note_sign(self, doing: str, limit_s: float) -> None:
        self._doing, self._limit_s, self._sign_at_s = doing, limit_s, time.monotonic()

    async def _bury(self) -> None:
        self._is_ready.clear()
        self.loaded.clear()
        child, self._child = self._child, None
        if child is not None:
            await child.end()

    def _mourn(self, death: Death) -> None:
        lost = tuple(self._jobs)
        self._jobs.clear()
        log.error("worker died", device=self.device, cause=death.cause, detail=death.detail, job_ids=lost)
        self._reports.died(self, lost, death)


def setup_of(config: ServiceConfig, device: str) -> Setup:
    """What a worker process for a device has to know."""
    return Setup(
        device=device,
        engines={name: dict(options.values) for name, options in config.engines.items()},
        preload=list(config.preload_engines),
        registry=config.engine_registry,
        audio_folder=str(config.audio_folder),
        target_lufs=config.target_lufs,
        ceiling_dbfs=config.ceiling_dbfs,
        preview_interval_s=config.preview_interval_s,
        step_limit_s=config.step_limit_s,
        load_limit_s=config.load_limit_s,
        checks=asdict(config.checks),
    )


def capabilities_from_json(data: dict[str, Any]) -> Capabilities:
    """What an engine says of itself, from the worker's greeting."""
    lists = {"models": tuple(data["models"]), "styles": tuple(data["styles"])}
    return Capabilities(**{**data, **lists, "operations": frozenset(Operation(item) for item in data["operations"])})


def _cause(reason: str) -> str:
    return "it ran out of memory" if "Memory" in reason else "it met an error it could not go on from"
