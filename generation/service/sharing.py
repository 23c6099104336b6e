"""What takes and people have to do with each other: families, credits, consent, preferences, taking a take back."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from generation.errors import BandmateError, RequestRefused
from generation.family import Family, Member, credits_of
from generation.service.remembered import Remembered
from generation.sharing import PendingWish

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.ledger import Ledger

log = structlog.get_logger()


class Sharing:
    """The service's desk for it; the front ends reach it as `service.sharing`."""

    def __init__(self, ledger: Ledger, store: AudioStore) -> None:
        self._ledger, self._store = ledger, store
        self.remembered = Remembered(ledger)

    async def family(self, take_id: str) -> Family:
        """The takes that are related to this one, at most MAX_MEMBERS. Raises TakeNotFound."""
        await self._ledger.takes.get(take_id)
        return await self._ledger.families.around(take_id)

    async def tree_png(self, family: Family) -> bytes:
        """The family as a picture."""
        from generation.pictures.tree import tree_png

        return await asyncio.to_thread(tree_png, family)

    async def lineage(self, take_id: str) -> tuple[Member, ...]:
        """A take and all that it was made from, the oldest first."""
        return await self._ledger.families.lineage(take_id)

    async def credits(self, take_id: str) -> tuple[str, ...]:
        """Who did what for a take, one line each, as it stands in its file's tags."""
        return credits_of(await self.lineage(take_id))

    async def newest_of(self, front_end: str, person_id: str, guild_id: str | None) -> tuple[Member, ...]:
        """A person's own takes in a guild (None: in direct messages), the newest 25, without those taken back."""
        return await self._ledger.families.newest_of(front_end, person_id, guild_id)

    async def newest_in(self, front_end: str, channel_id: str) -> tuple[Member, ...]:
        """The takes that were made in a channel or thread, the newest 25, without those taken back."""
        return await self._ledger.families.newest_in(front_end, channel_id)

    async def is_retracted(self, take_id: str) -> bool:
        """Whether its owner took it back."""
        return bool(await self._ledger.families.retracted([take_id]))

    async def require_standing(self, take_ids: Collection[str]) -> None:
        """Raises RequestRefused when one of the takes was taken back: nothing new may be built on it."""
        if take_ids and await self._ledger.families.retracted(take_ids):
            raise RequestRefused("This take was taken back by its owner: nothing new can be built on it.")

    async def require_known(self, take_ids: Collection[str]) -> None:
        """Raises RequestRefused when one of the takes was never made or is gone: nothing can come from it."""
        known = await self._ledger.takes.known([name for name in take_ids if "\0" not in name])
        for take_id in take_ids:
            if take_id not in known:
                raise RequestRefused(f"There is no take {take_id[:40]!r} to build on: it was deleted or never made.")

    async def retract(self, take_id: str, person_id: str) -> None:
        """Take a take back: its audio goes, nothing new can be built on it, the tree keeps its place.

        Again is fine. Raises TakeNotFound, and BandmateError when the files can't be removed.
        """
        await self._ledger.takes.get(take_id)
        hashes = await self._ledger.families.retract(take_id, person_id)
        try:
            freed = [await asyncio.to_thread(self._store.remove, audio_hash) for audio_hash in hashes]
        except OSError as error:
            raise BandmateError("It is taken back, but its file can't be removed: tell the operator.") from error
        log.info("take taken back", take_id=take_id, freed_bytes=sum(freed))

    async def chosen_at(
        self, front_end: str, places: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """What was chosen at each of the places ("guild" | "channel" | "person", id); nothing is waited for."""
        return self.remembered.at(front_end, places)

    async def choose(self, front_end: str, place: tuple[str, str], changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is chosen at a place (None takes a choice back); returns all that is chosen there."""
        chosen = await self._ledger.preferences.choose(front_end, place, changes)
        self.remembered.note(front_end, place, chosen)
        return chosen

    async def keep_pending(self, wish: PendingWish) -> None:
        """Keep an order until its form is sent or its owner has answered."""
        await self._ledger.pending.add(wish)

    async def pending(self, wish_id: str) -> PendingWish:
        """An order that waits. Raises RequestRefused when it was answered or waited too long."""
        return await self._ledger.pending.get(wish_id)

    async def take_pending(self, wish_id: str) -> bool:
        """Take an order out of waiting; False when somebody was faster."""
        return await self._ledger.pending.take(wish_id)
