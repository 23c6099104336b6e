"""All that people, channels, guilds and operators have set, in memory: what is asked before every answer.

Discord wants an answer within 3 s, whatever the ledger does meanwhile; so nobody waits for it to learn what is set.
What is set here is known here at once; what another service on the same ledger wrote is known within REFRESH_S.
A row has some 400 bytes: a hundred thousand people who set something are 40 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import structlog

from generation.errors import BandmateError

if TYPE_CHECKING:
    from generation.ledger import Ledger

log = structlog.get_logger()

REFRESH_S = 5.0
OVERLAP_S = 60.0
"""So far back is looked each time: a change that was begun before another may be committed after it."""
Place = tuple[str, str]


class Remembered:
    """The preferences of one ledger, by front end, scope and id."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._chosen: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._newest_at = 0.0
        self._num_changes = 0

    def at(self, front_end: str, places: Collection[Place]) -> dict[Place, dict[str, Any]]:
        """What was chosen at each of the places; those where nothing was are left out."""
        found = {place: self._chosen.get((front_end, *place)) for place in places}
        return {place: dict(chosen) for place, chosen in found.items() if chosen is not None}

    def note(self, front_end: str, place: Place, chosen: dict[str, Any] | None) -> None:
        """Something was changed here (None: forgotten); it is in the ledger already."""
        self._num_changes += 1
        if chosen is None:
            self._chosen.pop((front_end, *place), None)
        else:
            self._chosen[front_end, *place] = dict(chosen)

    async def refresh(self) -> None:
        """Read what was changed since the last time; all of it when something was forgotten elsewhere.

        Raises LedgerUnavailable.
        """
        while True:
            num_changes = self._num_changes
            rows, num_rows = await self._ledger.preferences.changed_since(self._newest_at - OVERLAP_S)
            if num_changes == self._num_changes:  # else we may have read what has just been replaced
                break
        self._chosen.update({(row.front_end, row.scope, row.scope_id): dict(row.chosen) for row in rows})
        self._newest_at = max([self._newest_at, *(row.changed_at for row in rows)])
        if num_rows != len(self._chosen):
            await self._read_all()

    async def run(self) -> None:
        """Refresh until cancelled; trouble with the ledger is told and waited out."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except BandmateError as error:
                log.error("settings can't be read anew", why=str(error))
            except Exception:  # without it what others set would never be known here
                log.exception("reading the settings anew failed; the next round comes")

    async def _read_all(self) -> None:
        num_changes = self._num_changes
        rows, _ = await self._ledger.preferences.changed_since(float("-inf"))
        if num_changes == self._num_changes:  # else the next round does it
            self._chosen = {(row.front_end, row.scope, row.scope_id): dict(row.chosen) for row in rows}
