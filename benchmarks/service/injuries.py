"""What breaks beside Discord: processes that are killed, a disk that fills up, a ledger that somebody else holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.service.processes import family

DISK_MIB = 4096
LOOK_S = 0.01
"""An ffmpeg of the tests' takes lives for a tenth of a second."""
NUM_TRIES = 100
_PAGE_BYTES = 4096


class Disk:
    """A small disk of its own for the data folder (a tmpfs, where this process may mount one), which can be filled.

    Where nothing can be mounted, the processes are forbidden to let any file grow instead (RLIMIT_FSIZE): their writes
    fail in the same places, with EFBIG in place of ENOSPC.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = False

    @property
    def what(self) -> str:
        """How it is filled, in words for the table."""
        return f"tmpfs of {DISK_MIB} MiB made as small as what is on it" if self.is_mounted else "RLIMIT_FSIZE"

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Put the disk under the folder, and take it away in the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.is_mounted = _succeeds("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "bandmate-chaos", self.folder)
        try:
            yield
        finally:
            if self.is_mounted:
                _succeeds("umount", "-l", self.folder)

    @asynccontextmanager
    async def full(self, bot_pid: int | None) -> AsyncIterator[None]:
        """Within it nothing more can be written."""
        if self.is_mounted:
            used = shutil.disk_usage(self.folder).used
            await asyncio.to_thread(_succeeds, "mount", "-o", f"remount,size={max(used, _PAGE_BYTES)}", self.folder)
            try:
                yield
            finally:
                await asyncio.to_thread(_succeeds, "mount", "-o", f"remount,size={DISK_MIB}m", self.folder)
            return
        limited = [pid for what, pid in family(bot_pid) if what in ("bot", "worker")] if bot_pid else []
        for pid in limited:
            _let_files_grow(pid, most_bytes=0)
        try:
            yield
        finally:
            for pid in limited:
                _let_files_grow(pid, most_bytes=resource.RLIM_INFINITY)


async def lock_sqlite(file: Path, seconds: float) -> bool:
    """Hold the ledger's write lock, as a careless backup or an operator's shell does; False when it was not free."""
    intruder = sqlite3.connect(file, isolation_level=None, timeout=0)
    try:
        await _insist_on_lock(intruder)
        await asyncio.sleep(seconds)
        intruder.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        intruder.close()
    return True


async def _insist_on_lock(intruder: sqlite3.Connection) -> None:
    """The bot's own transactions are short: between two of them there is room. Raises OperationalError."""
    for _ in range(NUM_TRIES - 1):
        with contextlib.suppress(sqlite3.OperationalError):
            intruder.execute("BEGIN IMMEDIATE")
            return
        await asyncio.sleep(LOOK_S)
    intruder.execute("BEGIN IMMEDIATE")


async def lock_postgres(url: str, seconds: float) -> bool:
    """Hold the table of jobs, then cut every other connection off, as a restart of the server does."""
    engine = create_async_engine(url)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            await connection.execute(text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"))
            await asyncio.sleep(seconds)
            await connection.execute(text(f"{others} current_database()"))
    except DBAPIError:
        return False
    finally:
        await engine.dispose()
    return True


async def hunt(what: str, into_s: float, *, limit_s: float, ready: set[int]) -> bool:
    """Wait for a process of a kind among our descendants and kill it, `into_s` after it was seen; False at the limit.

    "starting bot" is one that is not in `ready`, the processes that have been READY.
    """
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        for pid in _of_kind(what, ready):
            await asyncio.sleep(into_s)
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if not _has_ended(pid):
                    os.kill(pid, signal.SIGKILL)
                    return True
        await asyncio.sleep(LOOK_S)
    return False


def _of_kind(what: str, ready: set[int]) -> list[int]:
    """The processes of this kind that run now: the bots are our children, all others are theirs."""
    bots = [pid for kind, pid in family(os.getpid()) if kind == "bot" and pid != os.getpid()]
    if what == "bot":
        return [pid for pid in bots if pid in ready]
    if what == "starting bot":
        return [pid for pid in bots if pid not in ready]
    return [pid for bot in bots for kind, pid in family(bot) if kind == what]


def _has_ended(pid: int) -> bool:
    """Whether it waits only for its parent to notice its end; see proc_pid_stat(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def _let_files_grow(pid: int, *, most_bytes: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
