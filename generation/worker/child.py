"""A child process that speaks lines of JSON: started, heard, told, killed. Nothing here waits without a limit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Self

import structlog

from generation.worker.inside import OFFLINE, PARENT_PID
from generation.worker.messages import MAX_MESSAGE_BYTES, Logged, Message, NotUnderstood, from_line, to_line

log = structlog.get_logger()
_KILL_LIMIT_S = 5.0
_SECRET_WORDS = ("TOKEN", "PASSWORD", "SECRET", "API_KEY", "DATABASE_URL")


class ChildGone(Exception):
    """The process has ended or closed its end."""


class Child:
    """One running child process in a session of its own, so that a Ctrl-C in the terminal does not reach it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *, num_threads: int, network: bool = False) -> Self:
        """Run `python -m module` with its numeric libraries held to `num_threads` threads.

        Without `network` it gives up the making of network sockets before anything else.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(num_threads) | ({} if network else {OFFLINE: "1"}),
            limit=MAX_MESSAGE_BYTES,
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def tell(self, message: Message) -> None:
        """Send a message; one to a process that is gone is dropped, its end is noticed by whoever listens."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(to_line(message))

    async def messages(self) -> AsyncIterator[Message]:
        """What the process says, until it ends or says something that is no message."""
        if self._process.stdout is None:
            raise ChildGone("the process was started without a pipe")
        while True:
            try:
                line = await self._process.stdout.readline()
                if not line.endswith(b"\n"):  # the end, perhaps in the middle of a line
                    return
                message = from_line(line)
            except (NotUnderstood, ValueError) as fault:  # ValueError: longer than the limit
                log.error("a child process talks nonsense", pid=self.pid, fault=str(fault))
                return
            if isinstance(message, Logged):
                self._log(message)
            yield message

    def _log(self, event: Logged) -> None:
        """Write the child's event into our own log, where secrets are hidden."""
        level = logging.getLevelNamesMapping().get(event.level.upper(), logging.ERROR)
        log.log(level, event.event, **{**event.fields, "worker_pid": self.pid})

    async def end(self, *, grace_s: float = 0.0) -> int:
        """End the process: close its stdin, wait `grace_s`, then kill it and all it started. Returns its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if grace_s > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    return await self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            async with asyncio.timeout(_KILL_LIMIT_S):
                return await self._process.wait()
        except TimeoutError:  # stuck in the kernel, with a broken driver or disk
            log.error("a killed process does not end", pid=self.pid)
            return -signal.SIGKILL


def _environment(num_threads: int) -> dict[str, str]:
    """The child's environment: thread counts must be set before the libraries are imported."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")
    inherited = {name: value for name, value in os.environ.items() if not _is_private(name)}
    return {**inherited, **dict.fromkeys(names, str(num_threads)), PARENT_PID: str(os.getpid())}


def _is_private(name: str) -> bool:
    """Whether an environment variable is none of an engine's business: our settings, and whatever sounds secret."""
    return name.startswith("BANDMATE_") or any(word in name.upper() for word in _SECRET_WORDS)
