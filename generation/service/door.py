"""The door: whether an order is let into the line, asked twice.

    before anything is fetched     engine, licence, line, limits, cool-down      cheap, promises nothing
    when the job is put in line    the same, in one transaction                  the word that holds

Between the two lie the download, the decoding and the listening, which nobody pays for who would be refused anyway.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from generation.config import ServiceConfig
from generation.engines.base import Capabilities
from generation.errors import RequestRefused
from generation.hearing import Hearing
from generation.jobs import Origin
from generation.limits import RANGES, limits_of
from generation.request import Request
from generation.service import admission
from generation.service.outlook import Outlook
from generation.service.sharing import Sharing

if TYPE_CHECKING:
    from generation.ledger import JobRow, Ledger

EVERY_FRONT_END, SERVICE = "all", ("service", "all")
"""Where the preferences keep what operators have set for the whole service."""
Engines = Callable[[], Mapping[str, Capabilities]]


class Door:
    """`engines` and `unavailable` say what can be made here now, and why the rest can't."""

    def __init__(
        self,
        config: ServiceConfig,
        ledger: Ledger,
        outlook: Outlook,
        sharing: Sharing,
        engines: Engines,
        unavailable: Callable[[], Mapping[str, str]],
    ) -> None:
        self._config, self._ledger, self._outlook, self._sharing = config, ledger, outlook, sharing
        self._engines, self._unavailable = engines, unavailable

    @property
    def usual(self) -> dict[str, float]:
        """The limits of the settings, by name."""
        return {name: float(getattr(self._config, name)) for name in RANGES}

    @property
    def chosen(self) -> dict[str, float]:
        """The limits that operators have set for the whole service, by name."""
        chosen = self._sharing.remembered.at(EVERY_FRONT_END, [SERVICE]).get(SERVICE, {})
        return {name: float(value) for name, value in chosen.items() if name in RANGES}

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the whole service, by name: what operators have set, else the settings."""
        return self.usual | self.chosen

    async def require_room(self, request: Request, origin: Origin, place: Mapping[str, float]) -> None:
        """Raises what `put_in_line` would raise, as far as it can be known before the clips are let in."""
        from generation.ledger import Amount

        admission.check(request, self._engines(), self._unavailable())
        await self._require_parents(request)
        least_s = admission.least_music_s(request, self._engines()[request.engine])
        wanted = Amount(least_s, self._outlook.guess_s(request.engine, least_s, request.model) or 0.0)
        async with self._told(origin):
            await self._ledger.jobs.require_room(origin, wanted, limits_of(self.limits, place))

    async def put_in_line(
        self, request: Request, origin: Origin, key: str, place: Mapping[str, float]
    ) -> tuple[JobRow, bool]:
        """The job of a request, and whether it is new. `place`: the limits of the place, as in limits_of.

        Raises RequestRefused, EngineUnavailable, TooBusy.
        """
        from generation.ledger import NewJob

        admission.check(request, self._engines(), self._unavailable())
        await self._require_parents(request)
        music_s = admission.music_s(request, self._engines()[request.engine], await self._hearings(request))
        job = NewJob(
            secrets.token_hex(8),
            key,
            admission.cleaned(origin),
            request,
            music_s,
            priority=1 if music_s > self._config.long_job_s else 0,
            home=self._ledger.instance.instance_id,
            expected_s=self._outlook.guess_s(request.engine, music_s, request.model),
        )
        async with self._told(origin):
            return await self._ledger.jobs.submit(job, limits_of(self.limits, place))

    async def _require_parents(self, request: Request) -> None:
        await self._sharing.require_known(request.parent_take_ids)
        await self._sharing.require_standing(request.parent_take_ids)

    async def _hearings(self, request: Request) -> tuple[Hearing, ...]:
        clips = await self._ledger.clips.find(request.clip_ids)
        if set(request.clip_ids) - set(clips):
            raise RequestRefused("A clip of this is not here any more: attach it again.")
        return tuple(clips[clip_id].hearing for clip_id in request.clip_ids)

    @asynccontextmanager
    async def _told(self, origin: Origin) -> AsyncIterator[None]:
        """What the ledger refuses inside, in a sentence."""
        from generation.ledger import BudgetSpent, LimitReached, TooSoon

        try:
            yield
        except LimitReached as reached:
            minutes = await self._outlook.minutes_until_room(reached.scope, origin)
            raise admission.too_busy(reached.scope, reached.limit, minutes) from None
        except BudgetSpent as spent:
            raise admission.over_budget(spent) from None
        except TooSoon as soon:
            raise admission.too_soon(soon.cooldown_s, soon.wait_s) from None
