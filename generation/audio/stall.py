"""Notices a child process that works and works and says nothing: what a file does that is all headers and no sound."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sized
from functools import cache
from pathlib import Path

LOOK_S = 0.01
_REFERENCE_S = 0.005
"""What `_loop` takes on the machine on which the limits were measured."""
_PROC = Path("/proc")


async def stalled(pid: int, said: Sized, limit_cpu_s: float, kill: Callable[[], None]) -> None:
    """Returns, after `kill`, when the process has worked for `limit_cpu_s` since `said` grew last.

    Processor time, its children's too: a machine that is busy with other things makes nobody a suspect. Where there is
    no /proc it waits for ever.
    """
    length, since_s = len(said), 0.0
    while True:
        await asyncio.sleep(LOOK_S)
        worked_s = cpu_s(pid)
        if len(said) > length:
            length, since_s = len(said), worked_s
        elif worked_s - since_s > limit_cpu_s:
            kill()
            return


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and its descendants that run now; 0 when it is gone."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        own_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime: proc_pid_stat(5)
        children = (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return own_s + sum(cpu_s(int(child)) for child in children)


@cache
def slowness() -> float:
    """How much slower this machine is than the one on which limits were measured; 1 when it is not. Takes 20 ms."""
    return max(min(_loop() for _ in range(4)) / _REFERENCE_S, 1.0)


def _loop() -> float:
    begun_s = time.thread_time()
    sum(range(300_000))
    return time.thread_time() - begun_s
