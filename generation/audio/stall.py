"""Notices a child process that works and works and says little: what a file does that is all headers and no sound."""

from __future__ import annotations

import asyncio
import mmap
import signal
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 0.002
"""The least time between two looks at a child; farther from its limit the looks are rarer."""
REFERENCE_S = 0.007
"""What `_piece_of_work` takes on the machine on which the limits were measured."""
_NUM_PIECES = 3
MAX_MEASURED = 2
"""What one measurement says of the moments around it is a guess; a suspect gets two, or it would get any time."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Patience:
    """How much a child may work: `silent_s` seconds of processor time between two pieces of output, and in all
    `silent_s` and `s_per_byte` more for each byte that it has given, so that one that trickles gains nothing.

    Seconds of the machine on which they were measured: on a slower or busier one they count for more."""

    silent_s: float
    s_per_byte: float = float("inf")


async def stalled(pid: int, said: Sized, patience: Patience, send: Callable[[signal.Signals], None]) -> None:
    """Returns, after SIGKILL, when the process has worked for longer than it may. Where it can't be seen: never.

    Processor time, its children's too: a machine that is busy with other things makes nobody a suspect. A suspect is
    stopped while it is measured how slow the machine is at this very moment, and goes on where that explains it; once
    more where the machine has become slower still.
    """
    slowness, num_measured, length, since_s = 1.0, 0, 0, 0.0
    while True:
        worked_s = cpu_s(pid)
        if len(said) > length:
            length, since_s = len(said), worked_s
        in_all_s = patience.silent_s + (length * patience.s_per_byte if length else 0.0)
        until_s = min(since_s + slowness * patience.silent_s, slowness * in_all_s)
        if worked_s >= until_s:
            measured = await _slowness_meanwhile(send) if num_measured < MAX_MEASURED else slowness
            if measured <= slowness:
                send(signal.SIGKILL)
                return
            slowness, num_measured = measured, num_measured + 1
            continue
        await asyncio.sleep(max((until_s - worked_s) / 2, LOOK_S))


async def _slowness_meanwhile(send: Callable[[signal.Signals], None]) -> float:
    """`slowness_now`, while the process stands still."""
    send(signal.SIGSTOP)
    try:
        return await asyncio.to_thread(slowness_now)
    finally:
        send(signal.SIGCONT)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and its descendants that run now; 0 when it is gone, or can't be seen here."""
    try:
        children = (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
        return _own_cpu_s(pid) + sum(cpu_s(int(child)) for child in children)
    except OSError:
        return 0.0


def _own_cpu_s(pid: int) -> float:
    """To the nanosecond; /proc/PID/stat counts in hundredths of a second, which is a tenth of the limit."""
    clock = ((~pid) << 3) | 2  # Linux's number for the clock of a process: clock_getcpuclockid(3), CPUCLOCK_SCHED
    return time.clock_gettime(clock)


def slowness_now() -> float:
    """How much slower this machine works now than the one on which limits were measured; 1 when it does not. 20 ms."""
    return max(min(_piece_of_work() for _ in range(_NUM_PIECES)) / REFERENCE_S, 1.0)


def _piece_of_work() -> float:
    """Processor seconds of some arithmetic and of 4 MiB of fresh memory: a decoder's work is both, and a machine that
    is shared can be slow at either."""
    begun_s = time.thread_time()
    sum(range(300_000))
    with mmap.mmap(-1, 4 * 2**20) as memory:
        memory[:: mmap.PAGESIZE] = bytes(len(memory) // mmap.PAGESIZE)
    return time.thread_time() - begun_s
