"""Privacy: what is kept of a person, and forgetting it, in the ledger, in the rooms and on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from generation.config import ServiceConfig
from generation.jam.leaving import knows, without_person

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.ledger import Ledger
    from generation.ledger.people import Known
    from generation.service.remembered import Remembered

log = structlog.get_logger()


class Privacy:
    """The service's desk for it. `drop` makes the worker forget a job."""

    def __init__(
        self,
        config: ServiceConfig,
        ledger: Ledger,
        store: AudioStore,
        remembered: Remembered,
        drop: Callable[[str], None],
    ) -> None:
        self._ledger, self._store, self._remembered, self._drop = ledger, store, remembered, drop
        self.keep_audio_days = config.keep_audio_days

    async def known(self, front_end: str, person_id: str) -> Known:
        """What is kept of a person."""
        return await self._ledger.people.known(front_end, person_id)

    async def forget(self, front_end: str, person_id: str) -> Known:
        """Forget a person: clips, takes, settings, open jobs, all traces in rooms; returns what there was.

        Again is fine. Should we be killed between ledger and disk, housekeeping finds the files that nobody has.
        """
        layers = await self._leave_rooms(front_end, person_id)
        forgotten = await self._ledger.people.forget(front_end, person_id)
        self._remembered.note(front_end, ("person", person_id), None)
        for job_id in forgotten.job_ids:
            self._drop(job_id)
        hashes = forgotten.hashes | layers
        freed = await asyncio.to_thread(lambda: sum(self._store.remove(name) for name in hashes))
        log.info("a person was forgotten", num_jobs_stopped=len(forgotten.job_ids), freed_bytes=freed)
        return forgotten.known

    async def _leave_rooms(self, front_end: str, person_id: str) -> set[str]:
        """Take a person out of all rooms; returns the hashes of layers that no room has any more."""
        rooms = [room for room in await self._ledger.jams.all_rooms(front_end) if knows(room, person_id)]
        for room in rooms:
            await self._ledger.jams.change(room.room_id, lambda newest, now: without_person(newest, person_id, now=now))
        theirs = {layer.audio_hash for room in rooms for layer in room.layers if layer.owner_id == person_id}
        left = await self._ledger.jams.all_rooms(front_end) if theirs else []
        return theirs - {layer.audio_hash for room in left for layer in room.layers}
