"""Hostile uploads through the decoder: damaged files of every format, playlists in every disguise, bombs; all seeded.

    python -m benchmarks.hostile                  400 damaged files, 220 playlists, 19 bombs
    python -m benchmarks.hostile --count 10000    the long form

Exit code 1 when anything crashed (the decoding child too), hung, connected, or broke a limit. A file that takes longer
than HANG_S is given twice more: a hang stays, a machine that was busy does not.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import re
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from generation.audio import decode as decoder
from generation.audio.decode import DecodeLimits, decode
from generation.audio.sandbox import ChildLimits, ChildResult, isolation_report, run_limited
from generation.audio.stall import slowness_now
from generation.errors import ClipRefused
from tests.support import clips
from tests.support.bombs import bombs
from tests.support.mutate import mutations
from tests.support.playlists import disguises, listening, playlists

HANG_S = 3.0
MAX_ATTEMPTS = 3
BOMB_CPU_S = 0.2
"""Processor time of the decoding child, so that it says the same on a busy machine; more on a slower one
(generation.audio.stall)."""
LIMITS = DecodeLimits(max_clip_s=30)
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
MIB = 2**20
console = Console()


@dataclass
class Story:
    """What became of the files of one kind. `cpu_s`: processor time of the decoding child."""

    times_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    num_clips: int = 0
    num_slow_once: int = 0
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: list[str] = field(default_factory=list)


class Watch:
    """Stands before the decoder's child and notes how each one ended."""

    def __init__(self) -> None:
        self.exit_codes = collections.Counter[int]()

    async def run_limited(
        self, command: Sequence[str], limits: ChildLimits, *, pass_fds: Sequence[int] = ()
    ) -> ChildResult:
        """What the decoder calls instead of the sandbox's own."""
        result = await run_limited(command, limits, pass_fds=pass_fds)
        self.exit_codes[result.exit_code] += 1
        return result

    @property
    def num_crashes(self) -> int:
        """Children that died of a mistake of theirs; bubblewrap tells it as 128 + the signal, as shells do."""
        return sum(self.exit_codes[-number] + self.exit_codes[128 + number] for number in CRASHES)


async def feed(story: Story, watch: Watch, name: str, data: bytes) -> None:
    """Decode one file and note what became of it; anything but a clip or a refusal is a fault."""
    before, attempts = watch.num_crashes, 0
    outcome, took_s, took_cpu_s = "", float("inf"), 0.0
    while took_s > HANG_S and attempts < MAX_ATTEMPTS:
        attempts += 1
        begun_s, begun_cpu_s = time.perf_counter(), _cpu_s()
        outcome = await _outcome(name, data, story)
        took_s, took_cpu_s = time.perf_counter() - begun_s, _cpu_s() - begun_cpu_s
    story.num_slow_once += attempts > 1 and took_s <= HANG_S
    story.times_s.append(took_s)
    story.cpu_s.append(took_cpu_s)
    if outcome:
        story.reasons[outcome] += 1
    else:
        story.num_clips += 1
    if took_s > HANG_S:
        story.faults.append(f"{name}: took {took_s:.1f} s, three times")
    if watch.num_crashes > before:
        story.faults.append(f"{name}: the decoding child crashed")


async def _outcome(name: str, data: bytes, story: Story) -> str:
    """The refusal, without its numbers; empty for a clip."""
    try:
        decoded = await decode(data, LIMITS)
    except ClipRefused as refusal:
        return re.sub(r"\b\d+(\.\d+)?|The \w+ file", "…", str(refusal))
    except Exception as error:  # noqa: BLE001 - a fault of any kind is what this looks for
        story.faults.append(f"{name}: {error!r}")
        return "a fault of ours"
    if decoded.used_s > LIMITS.max_clip_s + 0.01 or not np.isfinite(decoded.clip.samples).all():
        story.faults.append(f"{name}: {decoded.used_s} s came through")
    return ""


async def run(count: int, seed: int, watch: Watch) -> tuple[dict[str, Story], int]:
    """`count` damaged files, spread over all formats, one after the other; playlists; bombs. And how many connections
    were made to the address in the playlists."""
    song = clips.little_song(140, 9, "minor", 2, channels=2)
    files = {name: clips.encoded(song, name) for name in clips.FORMATS}
    stories = {name: Story() for name in (*sorted(files), "playlists", "bombs")}
    async with listening() as (url, touched):
        for kind, playlist in playlists(url).items():
            for disguise, data in disguises(playlist).items():
                await feed(stories["playlists"], watch, f"{kind}, {disguise}", data)
        for name, data in bombs().items():
            await feed(stories["bombs"], watch, name, data)
        for number, (name, data) in enumerate(mutations(files, count, seed)):
            await feed(stories[name.split()[0]], watch, name, data)
            if number % 1000 == 999:
                console.print(f"{number + 1} files")
        return stories, len(touched)


def tables(stories: Mapping[str, Story]) -> tuple[Table, Table, Table]:
    """Time by kind, refusals by reason, and the bombs one by one."""
    times = Table(title="Hostile files by kind")
    columns = (
        "kind",
        "files",
        "clips",
        "refused",
        "median ms",
        "p99 ms",
        "max ms",
        "max CPU ms",
        "slow once",
        "faults",
    )
    for column in columns:
        times.add_column(column, justify="right" if column != "kind" else "left")
    reasons: collections.Counter[str] = collections.Counter()
    for name, story in stories.items():
        ms = 1000 * np.array(story.times_s or [0.0])
        spread = [
            f"{value:.0f}" for value in (*np.percentile(ms, (50, 99)), ms.max(), 1000 * max(story.cpu_s, default=0))
        ]
        counts = [str(len(story.times_s)), str(story.num_clips), str(story.reasons.total())]
        times.add_row(name, *counts, *spread, str(story.num_slow_once), str(len(story.faults)))
        reasons += story.reasons
    table = Table("files", "sentence", title="Refusals by reason")
    for reason, number in reasons.most_common():
        table.add_row(str(number), reason)
    return times, table, _bomb_table(stories["bombs"].cpu_s)


def _bomb_table(cpu_s: Sequence[float]) -> Table:
    table = Table("bomb", "CPU ms", title="Bombs")
    for name, seconds in zip(bombs(), cpu_s, strict=True):
        table.add_row(name, f"{1000 * seconds:.0f}")
    return table


def faults_of(stories: Mapping[str, Story], num_connections: int, child_mib: float) -> list[str]:
    """All that should not have happened."""
    faults = [fault for story in stories.values() for fault in story.faults]
    slowness = slowness_now()
    slow = [name for name, cpu_s in zip(bombs(), stories["bombs"].cpu_s, strict=True) if cpu_s > BOMB_CPU_S * slowness]
    faults += [f"{name}: more than {BOMB_CPU_S} s of processor time" for name in slow]
    if num_connections:
        faults.append(f"{num_connections} connections were made")
    if child_mib > LIMITS.memory_bytes / MIB:
        faults.append(f"a child held {child_mib:.0f} MiB")
    return faults


def _cpu_s() -> float:
    """Processor seconds of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Run and print; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console.print(isolation_report())
    watch, begun_s = Watch(), time.monotonic()
    with patch.object(decoder, "run_limited", watch.run_limited):
        stories, num_connections = asyncio.run(run(arguments.count, arguments.seed, watch))
    for table in tables(stories):
        console.print(table)
    child_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        f"Largest child: {child_mib:.0f} MiB resident of {LIMITS.memory_bytes / MIB:.0f}; ours: {own_mib:.0f}."
    )
    console.print(
        f"Children: {watch.exit_codes.total()}, crashed: {watch.num_crashes}. Connections: {num_connections}."
    )
    faults = faults_of(stories, num_connections, child_mib)
    took_s = time.monotonic() - begun_s
    console.print(f"{len(faults)} faults over {arguments.count} files, seed {arguments.seed}, {took_s:.0f} s.")
    for fault in faults[:20]:
        console.print(f"  {fault}", markup=False)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
