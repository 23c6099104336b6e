"""A job that a service holds: its row, where it stands, since when it has its device."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.jobs import JobStatus

if TYPE_CHECKING:
    from generation.ledger import JobRow


@dataclass(slots=True)
class Held:
    """A job that this service has leased, until its end is in the ledger. `begun_s`: monotonic seconds."""

    row: JobRow
    status: JobStatus
    begun_s: float
    is_ending: bool = False

    @property
    def device_s(self) -> float:
        """Seconds that it has held its device so far, without the loading of its engine."""
        return time.monotonic() - self.begun_s
