"""The service: takes requests in, sees that they are made, and hands takes to the front ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import structlog

from generation.config import ServiceConfig
from generation.engines.base import Capabilities
from generation.errors import TooBusy
from generation.hearing import Hearing
from generation.jobs import CheckIn, FinishedJob, JobState, JobStatus, Origin, Rendered
from generation.request import AudioFormat, Request, Take
from generation.service.backing import Backings
from generation.service.bell import Bell
from generation.service.board import Board, keep
from generation.service.dispatch import Dispatcher
from generation.service.door import Door
from generation.service.housekeeping import Housekeeper
from generation.service.in_hand import Incoming
from generation.service.jams import JamRooms
from generation.service.outbox import Outbox
from generation.service.outlook import Outlook
from generation.service.previews import Previews
from generation.service.privacy import Privacy
from generation.service.reception import Reception
from generation.service.rendering import render_take, tags_of, take_midi, take_voice_waveform, take_waveform_png
from generation.service.replay import Replay, replay_take
from generation.service.sharing import Sharing
from generation.service.ticket import Ticket
from generation.service.vitals import Vitals
from generation.telemetry import Telemetry, counted_refusals

if TYPE_CHECKING:
    from generation.ledger import JobRow

log = structlog.get_logger()

NO_LIMITS: Mapping[str, float] = {}
"""A place without limits of its own."""


class Service:
    """Opened with `async with`; everything a front end may do goes through it."""

    def __init__(self, config: ServiceConfig, telemetry: Telemetry | None = None) -> None:
        self._config = config
        self.telemetry = telemetry or Telemetry()
        self._is_closing = False
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the ledger, take up what an earlier run left, start the workers.

        Raises BandmateError when the data folder or the ledger can't be opened.
        """
        async with AsyncExitStack() as stack:
            await self._open_ledger(stack)
            await self._open_desks(stack)
            await self._open_workers(stack)
            self._start_rounds(stack)
            self._stack = stack.pop_all()
        return self

    async def _open_ledger(self, stack: AsyncExitStack) -> None:
        from generation.audio.store import AudioStore
        from generation.ledger import Ledger

        self._store = AudioStore(self._config.audio_folder)
        self._ledger = await stack.enter_async_context(Ledger.of(self._config))
        self._board, self._outlook = Board(), Outlook(self._ledger, self._config)
        await self._outlook.open()

    async def _open_desks(self, stack: AsyncExitStack) -> None:
        """What front ends come to before anything is made: clips, families and settings, rooms."""
        self._reception = Reception(self._config, self._ledger, self._store)
        self.sharing = Sharing(self._ledger, self._store)
        await self.sharing.remembered.refresh()
        self.jams = JamRooms(self._ledger, self._store, self._reception, self.clip_of_take)
        self.backings = Backings(self._store, self._reception)
        stack.push_async_callback(self.jams.close)
        stack.push_async_callback(self._reception.close)
        await self._reception.open()

    async def _open_workers(self, stack: AsyncExitStack) -> None:
        """What makes takes, what lets orders in, what hands out what is made."""
        config, ledger, ended = self._config, self._ledger, Bell()
        self.previews = Previews(config, ledger, lambda: self.engines)
        stack.push_async_callback(self.previews.close)
        self._dispatcher = Dispatcher(config, ledger, self._board, self._outlook, self.previews, ended, self.telemetry)
        stack.push_async_callback(self._dispatcher.close)
        await self._dispatcher.open()
        self.door = Door(config, ledger, self._outlook, self.sharing, lambda: self.engines, lambda: self._unavailable)
        self._outbox = Outbox(config, ledger, ended)
        self.vitals = Vitals(ledger, self._dispatcher)
        self.privacy = Privacy(config, ledger, self._store, self.sharing.remembered, self._forget_job)

    def _start_rounds(self, stack: AsyncExitStack) -> None:
        """What is done again and again beside all that."""
        self.housekeeper = Housekeeper(self._config, self._ledger, self._store, self.previews)
        rounds = {
            "housekeeping": self.housekeeper.run(),
            "board": keep(self._board, self._news, self._config.poll_interval_s),
            "settings": self.sharing.remembered.run(),
        }
        for name, work in rounds.items():
            stack.push_async_callback(_stop, asyncio.create_task(work, name=name))

    async def __aexit__(self, *exc: object) -> None:
        """Stop taking, hand back or finish what runs, close everything in reverse order."""
        self._is_closing = True
        await self._stack.aclose()

    @property
    def engines(self) -> Mapping[str, Capabilities]:
        """The engines that can be used here and now, by name."""
        return {
            name: item for worker in reversed(self._dispatcher.workers) for name, item in worker.capabilities.items()
        }

    async def check_in(self, upload: bytes | Incoming, *, name: str, owner: Origin) -> CheckIn:
        """Fetch, decode, keep and analyse an upload. Raises ClipRefused, TooBusy with their sentences."""
        begun_s = time.monotonic()
        with counted_refusals(self.telemetry):
            check_in = await self._reception.check_in(upload, name=name, owner=owner)
        self.telemetry.stage_ended("check-in", time.monotonic() - begun_s)
        return check_in

    async def hearing(self, clip_id: str) -> Hearing:
        """What was heard in a clip that was let in. Raises ClipRefused when it is gone."""
        return (await self._ledger.clips.get(clip_id)).hearing

    async def clip_of_take(self, take_id: str, *, owner: Origin) -> CheckIn:
        """A take as a clip, to build on it. Raises TakeNotFound."""
        await self.sharing.require_standing([take_id])
        return await self._reception.clip_of_take(await self.take(take_id), owner=owner)

    async def require_room(
        self, request: Request, origin: Origin, *, key: str, place: Mapping[str, float] = NO_LIMITS
    ) -> None:
        """Raises now what `submit` would raise, as far as it can be told before the clips are let in."""
        with counted_refusals(self.telemetry):
            if await self._ledger.jobs.find(key) is None:
                self._require_open()
                await self.door.require_room(request, origin, place)

    async def submit(
        self, request: Request, origin: Origin, *, key: str, place: Mapping[str, float] = NO_LIMITS
    ) -> Ticket:
        """Put a job into the ledger. The same `key` (the interaction's id) always gives the same job.

        `place`: the limits that hold where it is asked for, beside those of the whole service, by name (generation.
        limits.OF_A_PLACE). Raises RequestRefused, EngineUnavailable, TooBusy.
        """
        with counted_refusals(self.telemetry):
            if (known := await self._ledger.jobs.find(key)) is not None:
                return self.ticket(known.job_id)
            self._require_open()
            row, is_new = await self.door.put_in_line(request, origin, key, place)
        if is_new:
            log.info("job taken", job_id=row.job_id, operation=request.operation.value, engine=request.engine)
            self._dispatcher.wake()
        return self.ticket(row.job_id)

    def _require_open(self) -> None:
        if self._is_closing:
            raise TooBusy("I'm just restarting. Ask again in a minute.")

    def ticket(self, job_id: str) -> Ticket:
        """The handle of a job, also of one from an earlier run."""
        return Ticket(job_id, self)

    def watch(self, job_id: str) -> AsyncIterator[JobStatus]:
        """The newest status of a job whenever it changes, up to its last; see Ticket.updates."""
        return self._board.watch(job_id, lambda: self.status(job_id))

    async def status(self, job_id: str) -> JobStatus:
        """Where a job stands. Raises TakeNotFound for an unknown job."""
        row = await self._ledger.jobs.get(job_id)
        return await self._status_of(row)

    async def origin(self, job_id: str) -> Origin:
        """Who asked for a job. Raises TakeNotFound."""
        return (await self._ledger.jobs.get(job_id)).origin

    async def request(self, job_id: str) -> Request:
        """What was asked. Raises TakeNotFound."""
        return (await self._ledger.jobs.get(job_id)).request

    async def update_reply(self, job_id: str, reply: dict[str, Any]) -> None:
        """Replace what the front end needs to answer (once it knows the id of its progress message)."""
        await self._ledger.answers.update_reply(job_id, reply)

    async def cancel(self, job_id: str) -> bool:
        """Cancel a queued or running job; False when it was too late."""
        if not await self._ledger.jobs.cancel(job_id, device_s=self._dispatcher.device_s(job_id)):
            return False
        log.info("job cancelled", job_id=job_id)
        self._dispatcher.drop(job_id)
        self._board.show((await self._ledger.jobs.get(job_id)).status)
        return True

    async def open_jobs(
        self, front_end: str, *, person_id: str | None = None, guild_id: str | None = None
    ) -> tuple[FinishedJob, ...]:
        """Jobs of a front end that are queued or running (no takes yet), running first, then in the line's order;
        of one person or one guild where given. For `/queue` and `/cancel`."""
        rows = await self._ledger.jobs.active_of(front_end, person_id=person_id, guild_id=guild_id)
        jobs = [FinishedJob(await self._status_of(row), row.request, row.origin) for row in rows]
        return tuple(sorted(jobs, key=lambda job: (job.status.state is JobState.QUEUED, job.status.place)))

    def finished(self, front_end: str) -> AsyncIterator[FinishedJob]:
        """Jobs of this front end that wait for an answer, first those an earlier run left, then new ones as they end.
        Each is handed out once per run; endless."""
        return self._outbox.finished(front_end)

    async def mark_delivered(self, job_id: str, message_id: str) -> None:
        """The answer is in the channel: the job is done. Also for failures that were told."""
        await self._ledger.answers.mark_delivered(job_id, message_id)

    async def mark_undeliverable(self, job_id: str, reason: str) -> None:
        """The answer could not be posted anywhere; the take is kept for `/take`."""
        await self._ledger.answers.mark_undeliverable(job_id, reason)

    async def take(self, take_id: str) -> Take:
        """A take by id. Raises TakeNotFound."""
        return await self._ledger.takes.get(take_id)

    async def takes_of(self, job_id: str) -> tuple[Take, ...]:
        """The takes of a job, by index."""
        return await self._ledger.takes.of_job(job_id)

    async def render(
        self, take_id: str, audio_format: AudioFormat, *, max_bytes: int | None = None, stem: str | None = None
    ) -> Rendered:
        """Encode and tag a take (or one of its stems), down the format ladder until it fits. Raises TakeNotFound."""
        ffmpeg = self._config.decode_limits.ffmpeg_path if self._config.decode_limits else None
        take = await self.take(take_id)
        tags = tags_of(take, stem, await self.sharing.credits(take_id))
        return await render_take(
            self._store, take, audio_format, max_bytes=max_bytes, stem=stem, ffmpeg=ffmpeg, tags=tags
        )

    async def replay(self, take_id: str, origin: Origin | None = None) -> Replay:
        """Make a take again by its recipe and say whether it is the same. Raises TakeNotFound, TooBusy."""
        return await replay_take(self, self._store, await self.take(take_id), origin)

    async def waveform_png(self, take_id: str) -> bytes:
        """A picture of the take's waveform."""
        return await take_waveform_png(self._store, await self.take(take_id))

    async def voice_waveform(self, take_id: str) -> bytes:
        """The take's outline for a voice message: at most 256 bytes. Raises TakeNotFound."""
        return await take_voice_waveform(self._store, await self.take(take_id))

    async def midi(self, take_id: str) -> bytes:
        """A take's notes as a MIDI file. Raises TakeNotFound when its engine wrote none."""
        return await take_midi(self._store, await self.take(take_id))

    def _forget_job(self, job_id: str) -> None:
        self._dispatcher.drop(job_id)
        self._board.show(JobStatus(job_id, JobState.CANCELLED))

    @property
    def _unavailable(self) -> dict[str, str]:
        return {name: why for worker in self._dispatcher.workers for name, why in worker.unavailable.items()}

    async def _status_of(self, row: JobRow) -> JobStatus:
        """The ledger's word, with what only we know: the progress of our own jobs, the place of those in line."""
        if row.state is JobState.RUNNING:
            return self._dispatcher.held.get(row.job_id, row.status)
        if row.state is JobState.QUEUED:
            forecast = (await self._outlook.forecasts()).get(row.job_id)
            if forecast is not None:
                estimate_s = None if forecast.made_in_s is None else float(round(forecast.made_in_s))
                return replace(row.status, place=forecast.place, estimate_s=estimate_s)
        return row.status

    async def _news(self, watched: set[str]) -> AsyncIterator[JobStatus]:
        """What the ledger says of these jobs: places and times of the waiting, all of other services' jobs."""
        others = watched - set(self._dispatcher.held)
        for row in await self._ledger.jobs.many(others) if others else ():
            status = await self._status_of(row)
            if row.job_id not in self._dispatcher.held:  # else it was begun meanwhile, and its worker tells more
                yield status


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
