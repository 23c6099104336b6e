"""Hostile uploads: damaged files of every format, seeded, through the decoder. Time per file, and what became of them.

`--count 10000` is the long form. Exit code 1 when anything crashed, hung, or broke a limit.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import re
import resource
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table

from generation.audio.decode import DecodeLimits, decode
from generation.audio.sandbox import isolation_report
from generation.errors import ClipRefused
from tests.support import bombs, clips
from tests.support.mutate import mutations

HANG_S = 3.0
"""No file may take longer than this (on a machine that does nothing else)."""

LIMITS = DecodeLimits(max_clip_s=30)


@dataclass
class Story:
    """What became of the files of one format."""

    times_s: list[float] = field(default_factory=list)
    num_clips: int = 0
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: list[str] = field(default_factory=list)


async def feed(story: Story, name: str, data: bytes) -> None:
    """Decode one file and note what became of it; anything but a clip or a refusal is a fault."""
    start = time.perf_counter()
    try:
        decoded = await decode(data, LIMITS)
    except ClipRefused as refusal:
        story.reasons[re.sub(r"\b\d+(\.\d+)?|The \w+ file", "…", str(refusal))] += 1
    except Exception as error:  # noqa: BLE001 - a fault of any kind is what this looks for
        story.faults.append(f"{name}: {error!r}")
    else:
        story.num_clips += 1
        if decoded.used_s > LIMITS.max_clip_s + 0.01:
            story.faults.append(f"{name}: {decoded.used_s} s came through")
    story.times_s.append(time.perf_counter() - start)
    if story.times_s[-1] > HANG_S:
        story.faults.append(f"{name}: took {story.times_s[-1]:.1f} s")


async def run(count: int, seed: int) -> dict[str, Story]:
    """`count` damaged files, spread over all formats, one after the other, and two bombs."""
    song = clips.little_song(140, 9, "minor", 2, channels=2)
    files = {name: clips.encoded(song, name) for name in clips.FORMATS}
    stories = {name: Story() for name in (*sorted(files), "bombs")}
    for name, data in mutations(files, count, seed):
        await feed(stories[name.split()[0]], name, data)
    await feed(stories["bombs"], "30 h of silence", bombs.long_silent_flac())
    await feed(stories["bombs"], "24 MiB of zeros behind ID3", b"ID3\x04\0\0\0\0\0\0" + bytes(24 * 2**20))
    return stories


def tables(stories: dict[str, Story]) -> tuple[Table, Table]:
    """Time by format, and refusals by reason."""
    times = Table(title="Damaged files by format")
    for column in ("format", "files", "clips", "refused", "median ms", "p99 ms", "max ms", "faults"):
        times.add_column(column, justify="right" if column != "format" else "left")
    reasons: collections.Counter[str] = collections.Counter()
    for name, story in stories.items():
        milliseconds = 1000 * np.array(story.times_s or [0.0])
        spread = (f"{value:.0f}" for value in (*np.percentile(milliseconds, (50, 99)), milliseconds.max()))
        refused = story.reasons.total()
        times.add_row(
            name, str(len(story.times_s)), str(story.num_clips), str(refused), *spread, str(len(story.faults))
        )
        reasons += story.reasons
    table = Table("files", "sentence", title="Refusals by reason")
    for reason, number in reasons.most_common():
        table.add_row(str(number), reason)
    return times, table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console = Console()
    console.print(isolation_report())
    stories = asyncio.run(run(arguments.count, arguments.seed))
    for table in tables(stories):
        console.print(table)
    child_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    console.print(f"Largest child: {child_mib:.0f} MiB resident.")
    faults = [fault for story in stories.values() for fault in story.faults]
    console.print(f"{len(faults)} faults over {arguments.count} files, seed {arguments.seed}.")
    for fault in faults[:20]:
        console.print(f"  {fault}", markup=False)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
