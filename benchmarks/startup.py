"""How long Bandmate takes to start and how much memory it holds: help, library, page, bot on Discord."""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.bot_process import bot_process
from tests.support.discord_server import DiscordServer

RUNS = 5
START_LIMIT_S = 60.0
ROLES = {"generation.worker.process": "worker", "generation.worker.analysis_process": "analysis"}
"""The child processes by their module."""


def time_command(*command: str) -> float:
    """Median wall-clock seconds of a command over RUNS runs after one that fills the disk cache."""
    times = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


@contextmanager
def running_page() -> Iterator[tuple[subprocess.Popen[str], float, float]]:
    """`bandmate serve` without a token: its process, seconds until the page answers, and until a worker is ready."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "BANDMATE_DATA_DIR": folder, "BANDMATE_WEB__PORT": "0", "DISCORD_TOKEN": ""}
        begin = time.perf_counter()
        command = [sys.executable, "-m", "bot.cli", "serve"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                address = wait_for_address(process)
                urllib.request.urlopen(address, timeout=10).read()
                answered_s = time.perf_counter() - begin
                while "arranger" not in urllib.request.urlopen(f"{address}api/engines", timeout=10).read().decode():
                    time.sleep(0.05)
                yield process, answered_s, time.perf_counter() - begin
            finally:
                process.terminate()
                process.wait(30)


def wait_for_address(process: subprocess.Popen[str]) -> str:
    """The address that `serve` prints."""
    deadline = time.monotonic() + START_LIMIT_S
    lines = []
    while process.stderr is not None and time.monotonic() < deadline:
        line = process.stderr.readline()
        lines.append(line)
        if found := re.search(r"(?<=plays at )http://\S+/", line):
            return found.group()
        if process.poll() is not None:
            break
    raise RuntimeError(f"serve did not start: {''.join(lines)}")


def memory_of_family_mib(pid: int) -> dict[str, float]:
    """Proportional set size (shared pages shared out) in MiB of a process and all its children, by role."""
    sizes = {"front end": pss_mib(pid)}
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        words = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
        role = next((role for module, role in ROLES.items() if module in words), "other")
        sizes[role] = sizes.get(role, 0.0) + pss_mib(int(child))
    return sizes


def pss_mib(pid: int) -> float:
    """Proportional set size of one process in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


async def time_bot() -> tuple[float, dict[str, float], bool]:
    """`bandmate serve` against the wire-level server: seconds until READY, memory, whether torch is in it."""
    with tempfile.TemporaryDirectory() as folder:
        async with DiscordServer() as server:
            server.add_guild()
            begin = time.perf_counter()
            async with bot_process(server, Path(folder) / "data") as bot:
                ready_s = time.perf_counter() - begin
                await asyncio.sleep(3)  # until the worker has warmed up: memory is told at rest
                pid = bot.process.pid
                return ready_s, memory_of_family_mib(pid), has_torch(pid)


def has_torch(pid: int) -> bool:
    """Whether torch is loaded in a process or one of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any("libtorch" in Path(f"/proc/{each}/maps").read_text() for each in (str(pid), *children))


def main() -> None:
    """Print the tables; the peer is a bare interpreter of the same Python."""
    bare_s = time_command(sys.executable, "-c", "pass")
    table = Table(
        "start", "seconds", "x bare Python", title=f"Start-up, median of {RUNS} (Python {sys.version.split()[0]})"
    )
    rows = {
        "bare Python": bare_s,
        "bandmate --help": time_command(sys.executable, "-m", "bot.cli", "--help"),
        "import generation.service": time_command(sys.executable, "-c", "import generation.service"),
        "import the Discord client": time_command(sys.executable, "-c", "import bot.client"),
    }
    with running_page() as (process, answered_s, playing_s):
        rows["serve, the page answers"] = answered_s
        rows["serve, the arranger is ready"] = playing_s
        time.sleep(3)
        page_mib = memory_of_family_mib(process.pid)
    rows["serve, ready on Discord"], bot_mib, torch_is_there = asyncio.run(time_bot())
    for name, seconds in rows.items():
        table.add_row(name, f"{seconds:.3f}", f"{seconds / bare_s:.1f}")
    title = f"Memory at rest, MiB (proportional set size); torch loaded: {'yes' if torch_is_there else 'no'}"
    memory = Table("process", "page alone", "bot", title=title)
    for role in sorted(page_mib | bot_mib):
        memory.add_row(role, f"{page_mib.get(role, 0):.0f}", f"{bot_mib.get(role, 0):.0f}")
    memory.add_row("all", f"{sum(page_mib.values()):.0f}", f"{sum(bot_mib.values()):.0f}")
    console = Console()
    console.print(table)
    console.print(memory)


if __name__ == "__main__":
    main()
