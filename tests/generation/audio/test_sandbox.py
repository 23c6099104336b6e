"""The child's limits hold."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from generation.audio.sandbox import ChildLimits, bubblewrap, isolation_report, run_limited

LIMITS = ChildLimits(memory_bytes=2**29, cpu_s=1, wall_s=10, output_bytes=100_000, bubblewrap=False)

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
async def test_the_limits_are_set() -> None:
    result = await run_limited(["/bin/cat", "/proc/self/limits"], LIMITS)
    limits = {line[:26].strip(): line[26:].split()[:2] for line in bytes(result.stdout).decode().splitlines()}
    assert limits["Max address space"] == [str(2**29)] * 2
    assert limits["Max cpu time"] == ["1", "1"]
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]
    assert int(limits["Max open files"][1]) <= 24


async def test_no_file_can_be_written(tmp_path: Path) -> None:
    result = await run_limited(["/bin/sh", "-c", f"echo text > {tmp_path}/file"], LIMITS)
    assert result.exit_code != 0
    assert not (tmp_path / "file").exists() or (tmp_path / "file").read_bytes() == b""


async def test_endless_output_is_cut() -> None:
    result = await run_limited(["/bin/sh", "-c", "while :; do echo 0123456789; done"], LIMITS)
    assert result.overflowed and len(result.stdout) == 100_000


async def test_endless_messages_are_cut_and_do_not_block() -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo done"
    result = await run_limited(["/bin/sh", "-c", script], LIMITS)
    assert bytes(result.stdout) == b"done\n" and len(result.stderr) <= 32_768


async def test_endless_work_ends_by_its_cpu_time() -> None:
    result = await run_limited(["/bin/sh", "-c", "while :; do :; done"], LIMITS)
    assert result.exit_code < 0 and not result.timed_out


async def test_it_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    result = await run_limited(["/usr/bin/env"], LIMITS)
    assert b"secret" not in result.stdout


@linux
async def test_a_cancel_in_the_moment_of_the_start_ends_all_that_was_started(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", f"tail -f /dev/null {tmp_path} & wait"]
    task = asyncio.create_task(run_limited(command, LIMITS))
    while not _running(str(tmp_path)):  # noqa: ASYNC110  once it runs, stand still: this loop does not know it yet
        await asyncio.sleep(0)
    until_s = time.monotonic() + 20
    while not _running(f"tail\0-f\0/dev/null\0{tmp_path}") and time.monotonic() < until_s:
        time.sleep(0.01)  # noqa: ASYNC251  the loop has to stand still
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(60):
            await task
    assert not _running(str(tmp_path))


def _running(words: str) -> bool:
    """Whether a process has these words in its command line."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words.encode() in entry.read_bytes():
                return True
    return False


def test_doctor_hears_how_it_is_shut_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "inside bubblewrap" in isolation_report(lambda: "/usr/bin/bwrap")
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    assert "install bubblewrap" in isolation_report(lambda: None)
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/bwrap")
    assert "may not make namespaces" in isolation_report(lambda: None)


@pytest.mark.skipif(bubblewrap() is None, reason="no bubblewrap that may make namespaces here")
async def test_inside_bubblewrap_there_is_no_network_and_no_file(tmp_path: Path) -> None:
    shut = ChildLimits(memory_bytes=2**30, cpu_s=5, wall_s=20, output_bytes=100_000)
    secret = tmp_path / "secret"
    secret.write_text("token")
    assert b"token" not in (await run_limited(["/bin/cat", str(secret)], shut)).stdout
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        script = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)"
        await run_limited(["/usr/bin/python3", "-c", script], shut)
        with pytest.raises(TimeoutError):
            server.accept()
        await run_limited(["/usr/bin/python3", "-c", script], replace(shut, bubblewrap=False))
        server.accept()[0].close()  # the same script reaches it from outside
