"""The outlook: the whole line as it stands, from the ledger and the measured speeds, with places and times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from generation import scheduling
from generation.config import ServiceConfig
from generation.jobs import Origin
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

    def guess_s(self, engine: str, music_s: float) -> float | None:
        """How long so much music should hold the fastest device; None when nothing was measured."""
        measured = [speed for (name, _), speed in self._speeds.items() if name == engine]
        return music_s * min(measured) if measured else None

    def expected_s(self, row: JobRow | QueuedJob) -> float | None:
        """How long a job should take, by its device's speed or the fastest known; None when nothing was measured."""
        own = self._speeds.get((row.engine, row.device or ""))
        return self.guess_s(row.engine, row.music_s) if own is None else row.music_s * own

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
