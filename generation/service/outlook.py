"""The outlook: the whole line as it stands, from the ledger and the measured speeds, with places and times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from generation import scheduling
from generation.config import ServiceConfig
from generation.scheduling import Forecast, Line, Running, Waiting

if TYPE_CHECKING:
    from generation.ledger import JobRow, Ledger, Queue, QueuedJob

_FRESH_S = 0.5
"""A forecast this old is still given out: a hundred tickets ask for the same one."""
_MAX_SHARE = 0.05
"""The share of one core that forecasts may take, however long the line is."""


class Outlook:
    """Places and times of the waiting jobs. `rows`: by engine, on all devices of this service."""

    def __init__(self, ledger: Ledger, config: ServiceConfig) -> None:
        self._ledger, self._config = ledger, config
        self._speeds: dict[tuple[str, str], float] = {}
        self._forecasts: dict[str, Forecast] = {}
        self._stale_at_s = float("-inf")
        self._is_looking = False
        self.rows: Mapping[str, int] = {}

    async def open(self) -> None:
        """Read the speeds that were measured so far."""
        self._speeds = await self._ledger.speeds.all()

    async def note_speed(self, row: JobRow, wall_s: float) -> None:
        """Correct an engine's speed by a job that took `wall_s` seconds."""
        if row.music_s > 0 and row.device is not None:
            await self._ledger.speeds.note(row.engine, row.device, wall_s / row.music_s)
            self._speeds = await self._ledger.speeds.all()

    def expected_s(self, row: JobRow | QueuedJob) -> float | None:
        """How long a job should take, by its device's speed or the fastest known; None when nothing was measured."""
        measured = [speed for (engine, _), speed in self._speeds.items() if engine == row.engine]
        if not measured:
            return None
        return row.music_s * self._speeds.get((row.engine, row.device or ""), min(measured))

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

    async def minutes_of_queue(self) -> int | None:
        """Minutes until everything that waits or runs now is made, at least 1; None when unknown."""
        seconds = scheduling.seconds_until_empty(self.line(await self._ledger.jobs.queue()))
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
