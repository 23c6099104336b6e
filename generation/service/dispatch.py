"""The dispatcher: leases jobs for free rows, hands them to workers, keeps the leases, writes down what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from generation import scheduling
from generation.config import ServiceConfig
from generation.errors import BandmateError
from generation.jobs import ATTENDED, JobState, JobStatus
from generation.previews import place_of
from generation.request import Take
from generation.service.bell import Bell
from generation.service.board import Board
from generation.service.held import Held
from generation.service.orphans import take_up_abandoned
from generation.service.outlook import Outlook
from generation.service.previews import Previews
from generation.service.takes import takes_of_made
from generation.telemetry import Telemetry
from generation.worker.messages import Dropped, GaveUp, Hello, Loaded, Made, Make, Message, Moved, Previewed
from generation.worker.supervisor import Death, Worker

if TYPE_CHECKING:
    from generation.ledger import Ledger, Queue

log = structlog.get_logger()

RENEWALS_PER_LEASE = 3
"""Two renewals may fail before a lease ends."""
_RETRY_PAUSE_S = 1.0


class Dispatcher:
    """Runs the workers of one service. Everything it writes carries the fence of its lease."""

    def __init__(
        self,
        config: ServiceConfig,
        ledger: Ledger,
        board: Board,
        outlook: Outlook,
        previews: Previews,
        ended: Bell,
        telemetry: Telemetry,
    ) -> None:
        self._config, self._ledger, self._board, self._outlook = config, ledger, board, outlook
        self._previews = previews
        self._ended, self._wanted, self._telemetry = ended, Bell(), telemetry
        self._held: dict[str, Held] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self.workers = [Worker(device, config, self) for device in config.devices]

    async def open(self) -> None:
        """Take up what an earlier run left, start the workers and the loops."""
        await self._ledger.instance.forget_dead()
        await self._take_up_abandoned()
        await asyncio.gather(*(worker.open() for worker in self.workers))
        self._spawn(self._forever("scheduling", self._schedule))
        self._spawn(self._forever("renewing", self._renew))

    async def close(self) -> None:
        """Take nothing new, let what runs end within the grace, hand back the rest, end the workers."""
        self._is_closing = True
        deadline_s = time.monotonic() + self._config.stop_grace_s
        ring = self._ended.listen()
        while self._held and (left_s := deadline_s - time.monotonic()) > 0:
            await self._ended.heard(ring, limit_s=left_s)
            ring = self._ended.listen()
        await asyncio.gather(*(worker.close() for worker in self.workers))
        for held in list(self._held.values()):
            await self._end(held, self._hand_back(held))  # one that was cancelled a moment ago stops nothing
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def held(self) -> dict[str, JobStatus]:
        """Where the jobs that are made here stand, each until its end is in the ledger."""
        return {job_id: held.status for job_id, held in self._held.items()}

    def device_s(self, job_id: str) -> float:
        """Seconds that a job has held its device so far; 0 when it is not made here."""
        return self._held[job_id].device_s if job_id in self._held else 0.0

    def wake(self) -> None:
        """A job was put in line."""
        self._wanted.ring()

    def drop(self, job_id: str) -> None:
        """A job was cancelled: make its worker forget it."""
        for worker in self.workers:
            worker.drop(job_id)

    def heard(self, worker: Worker, message: Message) -> None:
        """A worker's message; see Reports."""
        if isinstance(message, Hello):
            self._count_rows()
        elif isinstance(message, Loaded):
            for job_id in worker.job_ids:  # loading an engine says nothing of its speed
                if job_id in self._held:
                    self._held[job_id].begun_s = time.monotonic()
        elif (held := self._held.get(getattr(message, "job_id", ""))) is not None and not held.is_ending:
            self._note(held, message)
        if isinstance(message, Hello | Made | GaveUp | Dropped):  # a row is free
            self._wanted.ring()

    def died(self, worker: Worker, job_ids: Collection[str], death: Death) -> None:
        """A worker's end; see Reports."""
        self._telemetry.worker_died(worker.device, death.cause)
        for job_id in job_ids:
            if (held := self._held.get(job_id)) is not None:
                self._end(held, self._note_death(held, death.cause))

    def _note(self, held: Held, message: Message) -> None:
        match message:
            case Moved(_, fraction, made_s, stage):
                left_s = self._outlook.remaining_s(held.row, fraction, held.device_s)
                self._show(held, fraction=fraction, made_s=made_s, stage=stage, estimate_s=left_s)
            case Previewed(_, audio_hash):
                self._show(held, preview_hash=audio_hash)
            case Made():
                self._end(held, self._record_made(held, message))
            case GaveUp(_, sentence, retry):
                work = self._note_death(held, "", sentence) if retry else self._record_failed(held, sentence)
                self._end(held, work)
            case Dropped():
                self._end(held, self._note_dropped(held))

    def _show(self, held: Held, **changes: Any) -> None:
        held.status = replace(held.status, **changes)
        self._board.show(held.status)

    async def _schedule(self) -> None:
        """Give every free row the next job, then wait for a reason to look again."""
        ring = self._wanted.listen()
        if not self._is_closing:
            await self._take_up_abandoned()
            for worker in self.workers:
                while any(rows > 0 for rows in worker.free_rows().values()) and await self._start_next(worker):
                    pass
        await self._wanted.heard(ring, limit_s=self._config.poll_interval_s)

    async def _start_next(self, worker: Worker) -> bool:
        """Lease the next job for a worker and hand it over; False when there is none for it."""
        free_rows, is_idle = worker.free_rows(), not worker.job_ids
        if any(held.row.worker_deaths > 0 for held in self._held.values() if held.row.device == worker.device):
            return False  # a suspect is running: it runs alone

        def choose(queue: Queue) -> Sequence[str]:
            line = self._outlook.line(queue)
            jobs = scheduling.startable(line, free_rows, device_is_idle=is_idle)
            return [job.job_id for job in jobs if job.job_id not in self._held]

        me, lease_s = self._ledger.instance.instance_id, self._config.lease_s
        row = await self._ledger.leases.lease(choose, owner=me, device=worker.device, lease_s=lease_s)
        if row is None:
            return False
        held = Held(row, replace(row.status, estimate_s=self._outlook.expected_s(row)), time.monotonic())
        self._held[row.job_id] = held
        self._board.show(held.status)
        self._telemetry.stage_ended("waiting", max((row.started_at or 0.0) - row.submitted_at, 0.0), row.engine)
        log.info("job started", job_id=row.job_id, device=worker.device, attempt=row.attempts, fence=row.fence)
        try:
            await self._hand_over(held, worker)
        except BaseException:
            self._end(held, self._hand_back(held))
            raise
        return True

    async def _hand_over(self, held: Held, worker: Worker) -> None:
        wanted = held.row.request.clip_ids
        clips = await self._ledger.clips.find(wanted)
        if missing := [clip_id for clip_id in wanted if clip_id not in clips]:
            log.warning("clips gone", job_id=held.row.job_id, clips=missing)
            self._end(held, self._record_failed(held, "A clip of this job is not here any more: attach it again."))
            return
        hashes = [clips[clip_id].audio_hash for clip_id in wanted]
        hearings = [clips[clip_id].hearing.to_json() for clip_id in wanted]
        if worker.is_ready:
            is_watched = held.row.front_end not in ATTENDED  # a terminal and a replay show no previews
            previews = place_of(held.row.job_id, held.row.fence) if is_watched else None
            worker.make(Make(held.row.job_id, held.row.request.to_json(), hashes, hearings, previews))
        else:  # it died while we asked the ledger
            self._end(held, self._hand_back(held))

    async def _record_made(self, held: Held, made: Made) -> None:
        takes: tuple[Take, ...] = takes_of_made(held.row, made, self._licence(held.row.engine))
        wall_s = held.device_s
        row = await self._ledger.leases.record_made(held.row.job_id, held.row.fence, takes, device_s=wall_s)
        log.info("job made", job_id=row.job_id, num_takes=len(takes), seconds=round(wall_s, 2))
        self._telemetry.made(row.engine, held.row.device or "", wall_s, row.made_s)
        await self._outlook.note_speed(held.row, wall_s)
        self._board.show(row.status)

    async def _record_failed(self, held: Held, sentence: str) -> None:
        job_id, fence, device_s = held.row.job_id, held.row.fence, held.device_s
        row = await self._ledger.leases.record_failed(job_id, fence, sentence, device_s=device_s)
        log.info("job failed", job_id=row.job_id, sentence=sentence)
        self._board.show(row.status)

    async def _note_death(self, held: Held, cause: str, sentence: str = "") -> None:
        """A worker died under the job, or it asks for another try: back in line, or set aside."""
        deaths, device_s = self._config.max_worker_deaths, held.device_s
        told = sentence or (
            f"I tried this {held.row.worker_deaths + 1} times and had to set it aside: each time {cause}."
            " Try it shorter, or with another engine."
        )
        row = await self._ledger.leases.note_worker_death(
            held.row.job_id, held.row.fence, max_deaths=deaths, sentence=told, device_s=device_s
        )
        log.warning("job back in line" if row.state is JobState.QUEUED else "job set aside", job_id=row.job_id)
        self._board.show(row.status)

    async def _hand_back(self, held: Held) -> None:
        row = await self._ledger.leases.hand_back(held.row.job_id, held.row.fence)
        log.warning("job handed back", job_id=row.job_id, fraction=round(held.status.fraction, 2))

    async def _note_dropped(self, held: Held) -> None:
        """The ledger knew before its worker: the job was cancelled, or its lease was lost."""
        log.info("job dropped", job_id=held.row.job_id)

    def _end(self, held: Held, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Write a job's end down, however long the ledger takes; its lease is kept up meanwhile."""
        held.is_ending = True
        return self._spawn(self._finish(held, work))

    async def _finish(self, held: Held, work: Coroutine[Any, Any, None]) -> None:
        """Every end of a held job comes through here. It is held until nothing of it is left: a job that goes back in
        line is not leased again before."""
        from generation.ledger import LeaseLost

        try:
            await work
        except LeaseLost as lost:
            self._telemetry.lease_ended("lost")
            log.warning("the lease was lost: what was made is dropped", job_id=held.row.job_id, why=str(lost))
        except BandmateError as error:  # the ledger could not be written: the lease ends and the job is made again
            log.error("a job's end could not be written", job_id=held.row.job_id, why=str(error))
        except Exception:  # as above: the sweep finds a job of ours that nobody holds
            log.exception("a job's end could not be written", job_id=held.row.job_id)
        finally:
            await self._previews.drop(held.row)
            self._held.pop(held.row.job_id, None)
            self._ended.ring()
            self._wanted.ring()

    async def _renew(self) -> None:
        """Keep the leases and our own sign of life."""
        from generation.ledger import Renewal

        await asyncio.sleep(min(self._config.lease_s, self._config.instance_s) / RENEWALS_PER_LEASE)
        await self._ledger.instance.say_alive()
        held = {job_id: (held.row.fence, held.status) for job_id, held in self._held.items()}
        renewals = [
            Renewal(job_id, fence, status.fraction, status.made_s, status.stage, status.preview_hash)
            for job_id, (fence, status) in held.items()
        ]
        for job_id in await self._ledger.leases.renew(renewals, lease_s=self._config.lease_s) if renewals else ():
            if (lost := self._held.get(job_id)) is not None and not lost.is_ending:
                self._telemetry.lease_ended("lost")
                log.warning("lease lost", job_id=job_id)
                self.drop(job_id)

    async def _take_up_abandoned(self) -> None:
        if await take_up_abandoned(self._ledger, self._config, self._telemetry, self._held):
            self._ended.ring()

    async def _forever(self, name: str, turn: Any) -> None:
        """Do a thing over and over; trouble with the ledger is waited out."""
        while True:
            try:
                await turn()
            except BandmateError as error:
                log.error("a loop of the service had to wait", loop=name, why=str(error))
                await asyncio.sleep(_RETRY_PAUSE_S)
            except Exception:
                log.exception("a loop of the service failed and goes on", loop=name)
                await asyncio.sleep(_RETRY_PAUSE_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _count_rows(self) -> None:
        self._outlook.know(item for worker in self.workers for item in worker.capabilities.items())

    def _licence(self, engine: str) -> str:
        return next(worker.capabilities[engine].licence for worker in self.workers if engine in worker.capabilities)
