"""The board: the newest status of the jobs that somebody watches; older unread ones are dropped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager

import structlog

from generation.errors import BandmateError
from generation.jobs import JobStatus

log = structlog.get_logger()


async def keep(board: Board, news: Callable[[set[str]], AsyncIterator[JobStatus]], pause_s: float) -> None:
    """Put up what the ledger says of watched jobs (`news`), again and again; trouble with it is waited out."""
    while True:
        await asyncio.sleep(pause_s)
        try:
            async for status in news(set(board.watched)):
                board.show(status)
        except BandmateError as error:
            log.error("statuses can't be read", why=str(error))
        except Exception:  # without the board nobody hears that a place has changed
            log.exception("statuses could not be put up; the next round comes")


class _Reader:
    """One watcher of one job: the newest status it has not read."""

    def __init__(self) -> None:
        self._unread: JobStatus | None = None
        self._has_news = asyncio.Event()

    def show(self, status: JobStatus) -> None:
        self._unread = status
        self._has_news.set()

    async def next(self) -> JobStatus:
        while self._unread is None:
            self._has_news.clear()
            await self._has_news.wait()
        status, self._unread = self._unread, None
        return status


class Board:
    """Statuses by job, for whoever watches them."""

    def __init__(self) -> None:
        self._readers: dict[str, set[_Reader]] = defaultdict(set)

    @property
    def watched(self) -> Collection[str]:
        """The jobs that somebody watches."""
        return self._readers.keys()

    def show(self, status: JobStatus) -> None:
        """Put up a status."""
        for reader in self._readers.get(status.job_id, ()):
            reader.show(status)

    async def watch(self, job_id: str, ask: Callable[[], Awaitable[JobStatus]]) -> AsyncIterator[JobStatus]:
        """Where the job stands now (`ask` is called once we listen), then every newer status; ends with the last."""
        with self._reading(job_id) as reader:
            last = await ask()
            yield last
            while not last.has_ended:
                status = await reader.next()
                if status != last:
                    yield status
                last = status

    @contextmanager
    def _reading(self, job_id: str) -> Iterator[_Reader]:
        reader = _Reader()
        self._readers[job_id].add(reader)
        try:
            yield reader
        finally:
            self._readers[job_id].discard(reader)
            if not self._readers[job_id]:
                del self._readers[job_id]
