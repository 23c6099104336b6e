"""A clock that another process puts forward and back: run a program under it, and its whole process believes it.

    python -m tests.support.jumping_clock FILE -- tests.support.scripted_bot

FILE holds one float: how many seconds the program's clock is ahead. The monotonic clock goes on as it is, as it does
when an operator, or a virtual machine that was asleep, puts a real clock right.
"""

from __future__ import annotations

import datetime
import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

_FORM = struct.Struct("<d")


class JumpingClock:
    """The hand that puts the clock; `file` is made when missing."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(_FORM.pack(0.0))

    def put(self, ahead_s: float) -> None:
        """From now on the program's clock is so many seconds ahead of the real one (negative: behind)."""
        with self.file.open("r+b") as stream:
            stream.write(_FORM.pack(ahead_s))

    @property
    def ahead_s(self) -> float:
        """How far ahead it is now, in seconds."""
        return float(_FORM.unpack(self.file.read_bytes())[0])


def install(file: Path) -> None:
    """Make this process tell the time by the file. Call it before anything else is imported."""
    import discord

    with file.open("rb") as stream:
        ahead = mmap.mmap(stream.fileno(), _FORM.size, access=mmap.ACCESS_READ)
    real_time, real_time_ns = time.time, time.time_ns

    def jumped_time() -> float:
        return real_time() + float(_FORM.unpack_from(ahead)[0])

    def jumped_time_ns() -> int:
        return real_time_ns() + int(_FORM.unpack_from(ahead)[0] * 1e9)

    def jumped_utcnow() -> datetime.datetime:
        return datetime.datetime.fromtimestamp(jumped_time(), datetime.UTC)

    time.time, time.time_ns = jumped_time, jumped_time_ns
    discord.utils.utcnow = jumped_utcnow


def main(arguments: list[str]) -> None:
    """Run a module's main under the clock. Raises SystemExit for arguments that make no sense."""
    if len(arguments) < 3 or arguments[1] != "--":
        raise SystemExit("usage: jumping_clock FILE -- MODULE [ARGUMENT…]")
    file, _, module, *rest = arguments
    install(Path(file))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
