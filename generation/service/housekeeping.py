"""The housekeeper: removes audio that is old or too much, and files that nothing in the ledger knows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from generation import retention
from generation.config import ServiceConfig
from generation.errors import BandmateError

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.ledger import Ledger
    from generation.ledger.housekeeping import Inventory
    from generation.service.previews import Previews

log = structlog.get_logger()

ORPHAN_AGE_S = 86_400.0
"""A file that the ledger has not named for a day belongs to a job that was killed before it could be recorded."""
FIRST_ROUND_S = 60.0
JUMP_S = 3600.0
"""A clock that was put forward makes everything old at once: by more than this, a round is left out."""
GIB = 2**30


class Housekeeper:
    """Goes round at intervals. Recipes and trees stay: only audio goes."""

    def __init__(self, config: ServiceConfig, ledger: Ledger, store: AudioStore, previews: Previews) -> None:
        self._config, self._ledger, self._store, self._previews = config, ledger, store, previews
        self._clock_ahead_s = time.time() - time.monotonic()

    async def run(self) -> None:
        """Go round until cancelled; trouble is told and the next round tries again."""
        pause_s = min(FIRST_ROUND_S, self._config.housekeeping_interval_s)
        with contextlib.suppress(OSError, BandmateError):  # the next round tells it
            await asyncio.to_thread(self._store.sweep)
            await self._previews.sweep()
        while True:
            await asyncio.sleep(pause_s)
            pause_s = self._config.housekeeping_interval_s
            if self._clock_has_jumped():
                log.warning("the clock has jumped: nothing is removed until the next round")
                continue
            try:
                await self.go_round()
            except (BandmateError, OSError) as error:
                log.error("old audio can't be removed", why=str(error))
            except Exception:
                log.exception("a round of housekeeping failed; the next one comes")

    def _clock_has_jumped(self) -> bool:
        """Whether the clock was put forward or back since this was asked last."""
        before_s, self._clock_ahead_s = self._clock_ahead_s, time.time() - time.monotonic()
        return abs(self._clock_ahead_s - before_s) > JUMP_S

    async def go_round(self) -> int:
        """One round; returns the bytes that became free. Raises LedgerUnavailable, OSError."""
        sizes = await asyncio.to_thread(lambda: dict(self._store.hashes()))  # first: what comes later is not touched
        known = await self._ledger.housekeeping.inventory()
        freed = await self._remove_expired(known, sizes)
        freed += await asyncio.to_thread(self._remove_orphans, known, sizes)
        await asyncio.to_thread(self._store.sweep)
        await self._previews.sweep()
        await self._ledger.spendings.forget_old()
        return freed

    async def _remove_expired(self, known: Inventory, sizes: Mapping[str, int]) -> int:
        kept = [
            retention.Kept(
                item.name,
                item.used_at,
                sum(sizes.get(file, 0) for file in item.files),
                frozenset(item.needs),
                is_held=bool(item.files & known.held),
            )
            for item in known.audio.values()
            if item.name in sizes
        ]
        days, gib = self._config.keep_audio_days, self._config.max_audio_gib
        gone = retention.to_remove(
            kept,
            now=known.now,
            max_age_s=days * 86_400 if days else None,
            max_bytes=round(gib * GIB) if gib else None,
        )
        if not gone:
            return 0
        await self._ledger.housekeeping.forget_clips(gone)
        shared = {file for name, item in known.audio.items() if name not in set(gone) for file in item.files}
        files = {file for name in gone for file in known.audio[name].files} - shared - known.held
        freed = await asyncio.to_thread(lambda: sum(self._store.remove(file) for file in files))
        log.info("old audio removed", num_clips_and_takes=len(gone), freed_bytes=freed)
        return freed

    def _remove_orphans(self, known: Inventory, sizes: Mapping[str, int]) -> int:
        named = known.held.union(*(item.files for item in known.audio.values()))
        oldest = time.time() - ORPHAN_AGE_S
        orphans = [name for name in sizes if name not in named and self._store.written_at(name) < oldest]
        freed = sum(self._store.remove(name) for name in orphans)
        if orphans:
            log.info("audio that belongs to nothing removed", num_files=len(orphans), freed_bytes=freed)
        return freed
