"""The ledger's tests run twice: on a SQLite file and on a PostgreSQL server, with the same words."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from generation.ledger import Ledger
from tests.support.databases import new_database

_numbers = itertools.count()
OpenLedger = Callable[..., Awaitable[Ledger]]


class Clock:
    """A clock that goes when it is told to; seconds since the epoch. `jump` puts it forward or back, no time passes."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self._jumped_s = 0.0

    def jump(self, seconds: float) -> None:
        self.now += seconds
        self._jumped_s += seconds

    def elapsed(self) -> float:
        """Seconds on a clock that never jumps."""
        return self.now - self._jumped_s

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite3'}"
    return new_database(request.getfixturevalue("server"), f"ledger_{next(_numbers)}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_ledger(ledger_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[OpenLedger]:
    """Opens a further service's ledger on the same database; `locks` tells machines apart."""
    async with AsyncExitStack() as stack:

        async def opened(locks: str = "this machine") -> Ledger:
            clocks = {"clock": clock, "elapsed": clock.elapsed}
            ledger = Ledger(ledger_url, locks_folder=tmp_path / locks, instance_s=60, busy_limit_s=5, **clocks)
            return await stack.enter_async_context(ledger)

        yield opened


@pytest.fixture
async def ledger(open_ledger: OpenLedger) -> Ledger:
    return await open_ledger()
