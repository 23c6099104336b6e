"""Opens the ledger's database and runs its transactions: SQLite in WAL mode or PostgreSQL, by the URL alone."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.schema import Table

from generation.errors import TryAgain
from generation.install import install_extra

log = structlog.get_logger()
T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

_NUM_CONNECTIONS = 4
_FIRST_PAUSE_S = 0.02
_PASSING_SQLSTATES = ("40001", "40P01", "55P03", "57P01", "57P03", "08000", "08003", "08006", "53300")
"""PostgreSQL's serialization failure, deadlock, lock, shutdown, connection and too-many-connections codes
(PostgreSQL manual, appendix A): the same transaction may go well a moment later."""
_PASSING_WORDS = ("database is locked", "database table is locked", "connection is closed", "connection was closed")


class LedgerUnavailable(TryAgain):
    """The ledger can't be written or read now; the sentence is for the user."""


class Database:
    """One database, opened with `open` and closed with `close`.

    `clock` gives the seconds since the epoch; None: the machine's clock on SQLite, the server's on PostgreSQL, so that
    machines whose clocks differ agree on when a lease ends. `busy_limit_s`: how long a lock is waited for.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] | None = None, busy_limit_s: float = 10.0) -> None:
        self._url, self._clock, self._busy_limit_s = _url_of(url), clock, busy_limit_s
        self._engine: AsyncEngine | None = None
        self._writer = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (one writer at a time)."""
        return self._url.get_backend_name() == "sqlite"

    async def open(self) -> None:
        """Connect and bring the tables up to this version. Raises LedgerUnavailable."""
        from generation.ledger.migrate import migrate

        try:
            self._engine = self._connect_sqlite() if self.is_sqlite else self._connect_server()
        except ModuleNotFoundError as error:
            raise LedgerUnavailable(
                f"The database in database_url needs {error.name}: {install_extra('postgres')} brings what"
                " postgresql+asyncpg://… needs; empty means SQLite."
            ) from error
        await self.write(migrate)

    async def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction that is committed whole or not at all, again when it met a passing fault.

        `work` may run several times and must leave nothing behind but what it does on its connection. A fault between
        commit and answer makes a commit look failed: what `work` does must stand being done twice.
        """
        return await self._with_patience(self._write_once, work)

    async def read(self, work: Work[T]) -> T:
        """Run `work` in one transaction that only reads."""
        return await self._with_patience(self._read_once, work)

    async def now(self, connection: AsyncConnection) -> float:
        """Seconds since the epoch, by the clock that all services on this ledger share."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            return time.time()
        return float((await connection.execute(select(func.extract("epoch", func.clock_timestamp())))).scalar_one())

    def upsert(self, table: Table) -> Any:
        """An insert that knows ON CONFLICT: the same words in both databases."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def _with_patience(self, once: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        give_up_at = time.monotonic() + self._busy_limit_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await once(work)
            except (DBAPIError, OSError) as fault:
                if not _is_passing(fault) or time.monotonic() >= give_up_at:
                    if not (sentence := _sentence(fault)):
                        raise
                    raise LedgerUnavailable(sentence) from fault
                log.warning("the ledger is busy, trying again", fault=str(fault.__cause__ or fault), pause_s=pause_s)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, 1.0)

    async def _write_once(self, work: Work[T]) -> T:
        async with AsyncExitStack() as stack:
            if self.is_sqlite:  # waiting here is fair and cheap; SQLite's own lock is polled with sleeps
                await stack.enter_async_context(self._writer)
            connection = await stack.enter_async_context(self._opened().connect())
            connection = await connection.execution_options(ledger_writes=True)
            async with connection.begin():
                return await work(connection)

    async def _read_once(self, work: Work[T]) -> T:
        async with self._opened().connect() as connection:
            return await work(connection)

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise LedgerUnavailable("The ledger is closed: the service is stopping. Ask again in a minute.")
        return self._engine

    def _connect_server(self) -> AsyncEngine:
        return create_async_engine(self._url, pool_size=_NUM_CONNECTIONS, pool_pre_ping=True)

    def _connect_sqlite(self) -> AsyncEngine:
        if self._url.database and self._url.database != ":memory:":
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(self._url, poolclass=AsyncAdaptedQueuePool, pool_size=_NUM_CONNECTIONS)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine


def _url_of(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:  # its words may hold the password
        raise LedgerUnavailable(
            "database_url is no database's address: leave it empty, or postgresql+asyncpg://user:password@host/name."
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: _begin_sqlite does
    cursor = connection.cursor()
    # FULL: a job that someone was told of outlives a power cut (sqlite.org/pragma.html, "synchronous")
    for pragma in ("busy_timeout=1000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could not wait for it."""
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _is_passing(fault: BaseException) -> bool:
    if isinstance(fault, OSError):  # the server can't be reached
        return True
    sqlstate = getattr(getattr(fault, "orig", None), "sqlstate", None)
    if sqlstate in _PASSING_SQLSTATES or getattr(fault, "connection_invalidated", False):
        return True
    return isinstance(fault, (OperationalError, InterfaceError)) and any(word in str(fault) for word in _PASSING_WORDS)


def _sentence(fault: BaseException) -> str:
    """What to tell the user of a fault of the database; empty for a mistake of ours, which is logged whole."""
    if not isinstance(fault, (OperationalError, InterfaceError, OSError)) and not _is_passing(fault):
        return ""
    text = str(fault)
    if "disk is full" in text or "disk I/O" in text:
        return "The disk of the machine is full: its operator has to make room. Ask again later."
    if "readonly" in text:
        return "The ledger can't be written: its operator has to look at the data folder's rights."
    return "The ledger is busy or can't be reached just now. Ask again in a minute."
