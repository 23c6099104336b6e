"""How long Bandmate takes to start, and how much memory it holds: the help, the library, the page until it answers."""

from __future__ import annotations

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

RUNS = 5
START_LIMIT_S = 60.0


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
        if found := re.search(r"http://\S+/", line):
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
        role = "worker and helpers" if "spawn_main" in words else "resource tracker"
        sizes[role] = sizes.get(role, 0.0) + pss_mib(int(child))
    return sizes


def pss_mib(pid: int) -> float:
    """Proportional set size of one process in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


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
    with running_page() as (process, answered_s, ready_s):
        rows["serve, the page answers"] = answered_s
        rows["serve, the arranger is ready"] = ready_s
        sizes = memory_of_family_mib(process.pid)
        has_torch = "torch" in Path(f"/proc/{process.pid}/maps").read_text()
    for name, seconds in rows.items():
        table.add_row(name, f"{seconds:.3f}", f"{seconds / bare_s:.1f}")
    memory = Table("process", "MiB (PSS)", title=f"Memory of an idle `bandmate serve`; torch loaded: {has_torch}")
    for role, size in sizes.items():
        memory.add_row(role, f"{size:.0f}")
    console = Console()
    console.print(table)
    console.print(memory)


if __name__ == "__main__":
    main()
