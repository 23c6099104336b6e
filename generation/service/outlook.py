"""The outlook: the whole line as it stands, from the ledger and the measured speeds, with places and times."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from generation import scheduling
from generation.config import ServiceConfig
from generation.engines.base import Capabilities
from generation.jobs import Origin
from generation.scheduling import Forecast, Line, Running, Waiting

if TYPE_CHECKING:
    from generation.ledger import JobRow, Ledger, Queue, QueuedJob
    from generation.ledger.speeds import SpeedKey

_FRESH_S = 0.5
"""A forecast this old is still given out: a hundred tickets ask for the same one."""
_MAX_SHARE = 0.05
"""The share of one core that forecasts may take, however long the line is."""


class Outlook:
    """Places and times of the waiting jobs. `rows`: by engine, on all devices of this service; `usual_models`: what
    an engine takes when no model is asked for, where it has any."""

    def __init__(self, ledger: Ledger, config: ServiceConfig) -> None:
        self._ledger, self._config = ledger, config
        self._speeds: dict[SpeedKey, float] = {}
        self._forecasts: dict[str, Forecast] = {}
        self._stale_at_s = float("-inf")
        self._is_looking = False
        self.rows: Mapping[str, int] = {}
        self.usual_models: Mapping[str, str] = {}

    async def open(self) -> None:
        """Read the speeds that were measured so far."""
        self._speeds = await self._ledger.speeds.all()

    def know(self, engines: Iterable[tuple[str, Capabilities]]) -> None:
        """The engines of all workers: how many rows there are of each, and which model each takes by itself."""
        rows, models = Counter[str](), dict[str, str]()
        for name, engine in engines:
            rows[name] += engine.max_jobs
            if engine.models:
                models[name] = engine.models[0]
        self.rows, self.usual_models = rows, models

    async def note_speed(self, row: JobRow, wall_s: float) -> None:
        """Correct an engine's speed by a job that took `wall_s` seconds."""
        if row.music_s > 0 and row.device is not None:
            key = (row.engine, self._model(row.engine, row.model), row.device)
            await self._ledger.speeds.note(key, wall_s / row.music_s)
            self._speeds = await self._ledger.speeds.all()

    def guess_s(self, engine: str, music_s: float, model: str | None = None) -> float | None:
        """How long so much music should hold the fastest device; None when nothing was measured; `model` as asked."""
        wanted = (engine, self._model(engine, model))
        measured = [speed for (*maker, _), speed in self._speeds.items() if tuple(maker) == wanted]
        return music_s * min(measured) if measured else None

    def expected_s(self, row: JobRow | QueuedJob) -> float | None:
        """How long a job should take, by its device's speed or the fastest known; None when nothing was measured."""
        own = self._speeds.get((row.engine, self._model(row.engine, row.model), row.device or ""))
        return self.guess_s(row.engine, row.music_s, row.model) if own is None else row.music_s * own

    def _model(self, engine: str, wanted: str | None) -> str:
        return wanted or self.usual_models.get(engine, "")

    def line(self, queue: Queue) -> Line:
        """The queue in the words of the scheduling."""
        return Line(
            now=queue.now,
            waiting=tuple(self._waiting(row) for row in queue.waiting),
            running=tuple(self._running(row, queue.now) for row in queue.running),
            turns=queue.turns,
            rows=self.rows,
            patience_s=self._config.long_job_patience_s,
        )

    async def forecasts(self) -> Mapping[str, Forecast]:
        """Place and time of every waiting job."""
        if time.monotonic() >= self._stale_at_s and not self._is_looking:
            self._is_looking = True
            try:
                await self._look()
            finally:
                self._is_looking = False
        return self._forecasts

    async def _look(self) -> None:
        line = self.line(await self._ledger.jobs.queue())
        begun_s = time.monotonic()
        self._forecasts = await asyncio.to_thread(scheduling.forecast, line)  # 50 ms for 500 jobs
        ended_s = time.monotonic()
        self._stale_at_s = ended_s + max(_FRESH_S, (ended_s - begun_s) / _MAX_SHARE)

    async def minutes_until_room(self, scope: str, origin: Origin) -> int | None:
        """Minutes, at least 1, until a guild (or a person) has one job less in line, or for everybody ("all") until all
        that waits or runs now is made; None when unknown."""
        line = self.line(await self._ledger.jobs.queue())
        if scope == "all":
            seconds = scheduling.seconds_until_empty(line)
        else:
            from generation.ledger.rows import guild_key, person_key

            seconds = scheduling.seconds_until_next(line, (person_key if scope == "person" else guild_key)(origin))
        return None if seconds is None else max(1, round(seconds / 60))

    def remaining_s(self, row: JobRow | QueuedJob, fraction: float, elapsed_s: float) -> float | None:
        """Seconds that a running job still needs."""
        return scheduling.remaining_s(fraction, elapsed_s, self.expected_s(row))

    def _waiting(self, row: QueuedJob) -> Waiting:
        person, guild = row.turn_keys
        return Waiting(
            row.job_id,
            person,
            guild,
            row.engine,
            row.submitted_at,
            expected_s=self.expected_s(row),
            is_long=row.priority > 0,
            is_suspect=row.worker_deaths > 0,
        )

    def _running(self, row: QueuedJob, now: float) -> Running:
        person, guild = row.turn_keys
        left_s = self.remaining_s(row, row.fraction, now - (row.started_at or now))
        return Running(row.job_id, person, guild, row.engine, None if left_s is None else now + left_s)
