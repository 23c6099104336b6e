"""An in-memory stand-in for the service's sharing desk, over the stand-in service's jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from generation.errors import RequestRefused
from generation.family import Family, Member, credits_of
from generation.sharing import PendingWish

if TYPE_CHECKING:
    from tests.support.fake_service import FakeService


class FakeSharing:
    """Sharing's methods over dictionaries."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        self.chosen: dict[tuple[str, str], dict[str, Any]] = {}
        self.waiting: dict[str, PendingWish] = {}
        self.retracted: set[str] = set()
        self.drawn: list[Family] = []

    async def family(self, take_id: str) -> Family:
        await self._service.take(take_id)
        members = self._members()
        related = {take_id}
        while True:
            more = {
                other
                for member in members
                for other in (member.take_id, *member.parents)
                if related & {member.take_id, *member.parents}
            }
            if more <= related:
                return Family(take_id, tuple(member for member in members if member.take_id in related))
            related |= more

    async def tree_png(self, family: Family) -> bytes:
        self.drawn.append(family)
        return b"\x89PNG a tree"

    async def lineage(self, take_id: str) -> tuple[Member, ...]:
        await self._service.take(take_id)
        by_id = {member.take_id: member for member in self._members()}
        found, waiting = set(), [take_id]
        while waiting:
            if (member := by_id.get(waiting.pop())) is not None and member.take_id not in found:
                found.add(member.take_id)
                waiting += member.parents
        return tuple(member for member in by_id.values() if member.take_id in found)  # the oldest first

    async def credits(self, take_id: str) -> tuple[str, ...]:
        return credits_of(await self.lineage(take_id))

    async def newest_of(self, front_end: str, person_id: str, guild_id: str | None) -> tuple[Member, ...]:
        theirs = [m for m in self._members() if m.person_id == person_id and m.guild_id == guild_id]
        return tuple(reversed([member for member in theirs if not member.is_retracted]))[:25]

    async def newest_in(self, front_end: str, channel_id: str) -> tuple[Member, ...]:
        here = [member for member in self._members() if member.channel_id == channel_id and not member.is_retracted]
        return tuple(reversed(here))[:25]

    async def is_retracted(self, take_id: str) -> bool:
        return take_id in self.retracted

    async def require_standing(self, take_ids: Collection[str]) -> None:
        if self.retracted & set(take_ids):
            raise RequestRefused("This take was taken back by its owner: nothing new can be built on it.")

    async def retract(self, take_id: str, person_id: str) -> None:
        await self._service.take(take_id)
        self.retracted.add(take_id)

    async def chosen_at(
        self, front_end: str, places: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], dict[str, Any]]:
        return {place: self.chosen[place] for place in places if place in self.chosen}

    async def choose(self, front_end: str, place: tuple[str, str], changes: Mapping[str, Any]) -> dict[str, Any]:
        merged = {**self.chosen.get(place, {}), **changes}
        self.chosen[place] = {name: value for name, value in merged.items() if value is not None}
        return self.chosen[place]

    async def keep_pending(self, wish: PendingWish) -> None:
        self.waiting[wish.wish_id] = wish

    async def pending(self, wish_id: str) -> PendingWish:
        if wish_id not in self.waiting:
            raise RequestRefused("This was answered already, or waited too long. Ask for it once more.")
        return self.waiting[wish_id]

    async def take_pending(self, wish_id: str) -> bool:
        return self.waiting.pop(wish_id, None) is not None

    def _members(self) -> list[Member]:
        found = []
        for number, job in enumerate(self._service.jobs.values()):
            for take in job.takes:
                request, origin = job.request, job.origin
                found.append(
                    Member(
                        take.take_id, request.operation, request.prompt, request.engine, origin.person_id,
                        origin.person_name, origin.guild_id, origin.channel_id, origin.front_end, float(number),
                        take.duration_s, request.parent_take_ids, take.take_id in self.retracted, origin.reply,
                    )
                )  # fmt: skip
        return found
