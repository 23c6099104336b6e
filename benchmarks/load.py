"""A crowd at once: many people's commands over the wire while takes are being made.

    python -m benchmarks.load                                   100 commands of 50 people, all at once
    python -m benchmarks.load --commands 500                    500 at once
    python -m benchmarks.load --commands 500 --spread 10 --strict    500 within 10 seconds; late is a fault

The bot is the real one in a process of its own with the engine of the tests, whose jobs take a fixed time; the server
that plays Discord and the crowd share the machine with it. A fifth of the people ask six times as much as the others:
the Jain index is taken over the first finished jobs, as many as would give everybody an equal share.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession
from rich.console import Console
from rich.table import Table

from benchmarks.service.accounts import Books, jain_index, read_books
from benchmarks.service.processes import resident_mib
from tests.support.bot_process import bot_process
from tests.support.discord_server import DiscordServer, Interaction
from tests.support.scripted_bot import scripted_settings

NUM_PEOPLE = 50
GREED = 6
"""How much more the greedy fifth asks."""
ACKNOWLEDGE_P99_S, MIN_JAIN = 0.25, 0.95
FINISH_LIMIT_S = 420.0


@dataclass(frozen=True, slots=True)
class Result:
    """What was seen. Times in seconds, memory in MiB."""

    interactions: Sequence[Interaction]
    books: Books
    num_counted: int
    lag_text: str
    worst_lag_s: float
    peak_mib: dict[str, float]
    took_s: float
    sent_in_s: float
    bot_cpu_s: float


def plan(num_commands: int, rng: random.Random) -> list[int]:
    """Who asks, in order, by number: everybody at least once, the greedy fifth GREED times as often."""
    weights = [GREED if number < NUM_PEOPLE // 5 else 1 for number in range(NUM_PEOPLE)]
    counts = [max(1, round(num_commands * weight / sum(weights))) for weight in weights]
    order = [number for number, count in enumerate(counts) for _ in range(count)]
    rng.shuffle(order)
    return order[:num_commands]


async def run(options: argparse.Namespace, folder: Path) -> Result:
    """One run of the crowd."""
    rng, port, begun_s = random.Random(options.seed), free_port(), time.monotonic()
    settings = scripted_settings(
        folder / "marks",
        health__port=str(port),
        queue__max_jobs_per_person="1000",
        queue__max_jobs_per_guild="10000",
        queue__max_jobs="10000",
        log__level="WARNING",
    )
    async with DiscordServer(seed=options.seed, keep_bodies=False) as server:
        guild = server.add_guild("Crowd")
        channels = [guild.add_channel(f"jam-{number}") for number in range(5)]
        people = [server.add_user(f"person-{number}", guild) for number in range(NUM_PEOPLE)]
        async with bot_process(server, folder / "data", program=("tests.support.scripted_bot",), **settings) as bot:
            peak_mib: dict[str, float] = {}
            watching = asyncio.create_task(watch_memory(bot.process.pid, peak_mib))
            await people[-1].slash(channels[0], "compose", prompt="slow 1.0")  # a take is being made from the start
            await asyncio.sleep(1.0)
            before, sent_from_s = len(server.interactions), time.monotonic()
            cpu_before_s, order = own_cpu_s(bot.process.pid), plan(options.commands, rng)
            for number in order:
                await people[number].slash(rng.choice(channels), "compose", prompt=f"slow {options.job}")
                await until(sent_from_s + options.spread * (len(server.interactions) - before) / len(order))
            asked, sent_in_s = server.interactions[before:], time.monotonic() - sent_from_s
            await all_acknowledged(asked)
            bot_cpu_s = own_cpu_s(bot.process.pid) - cpu_before_s
            num_counted = num_for_equal_shares(order)
            books = await finished(f"sqlite+aiosqlite:///{folder / 'data' / 'ledger.sqlite3'}", num_counted)
            lag_text, worst_s = await loop_lag(port)
            watching.cancel()
            bot.process.kill()  # what is left in line is not waited for
    took_s = time.monotonic() - begun_s
    return Result(asked, books, num_counted, lag_text, worst_s, peak_mib, took_s, sent_in_s, bot_cpu_s)


async def until(at_s: float) -> None:
    """Wait until that moment (monotonic seconds); one that has passed is not waited for, so that none is late twice."""
    await asyncio.sleep(max(at_s - time.monotonic(), 0.0))


def own_cpu_s(pid: int) -> float:
    """Processor seconds of one process without its children; see proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def num_for_equal_shares(order: Sequence[int]) -> int:
    """As many jobs as give everybody the same, with nobody's wishes used up."""
    return min(Counter(order).values()) * len(set(order))


async def all_acknowledged(asked: Sequence[Interaction]) -> None:
    """Until each is acknowledged, or its three seconds are over."""
    deadline_s = time.monotonic() + 3.5
    while time.monotonic() < deadline_s and any(each.acknowledged_after_s is None for each in asked):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def finished(url: str, wanted: int) -> Books:
    """The books once that many jobs have ended, or at the limit."""
    deadline_s = time.monotonic() + FINISH_LIMIT_S
    while True:
        books = await read_books(url)
        num_ended = sum(row["ended_at"] is not None for row in books.jobs.values())
        if num_ended > wanted or time.monotonic() > deadline_s:
            return books
        await asyncio.sleep(1.0)


async def watch_memory(pid: int, peak_mib: dict[str, float]) -> None:
    """Note the most that each process of the bot held."""
    while True:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for what, size in resident_mib(pid).items():
                peak_mib[what] = max(peak_mib.get(what, 0.0), size)
        await asyncio.sleep(0.5)


async def loop_lag(port: int) -> tuple[str, float]:
    """The bot's own histogram of its event loop's lag as text, and the worst lag of the last minute."""
    async with ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
        async with session.get(f"http://127.0.0.1:{port}/livez") as response:
            worst_s = float((await response.json())["worst_lag_s"])
    pairs = re.findall(r'bandmate_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    total = float(pairs[-1][1])
    return ", ".join(f"{float(count) / total:.1%} < {limit} s" for limit, count in pairs[4:9]), worst_s


def shares(result: Result) -> list[float]:
    """How many of the first finished jobs each of those got who asked."""
    ended = [row for row in result.books.jobs.values() if row["ended_at"] is not None]
    known = {str(each.id) for each in result.interactions}
    first = sorted((row for row in ended if row["key"] in known), key=lambda row: row["ended_at"])
    got = Counter(row["person_id"] for row in first[: result.num_counted])
    return [float(got[person_id]) for person_id in {str(each.user.id) for each in result.interactions}]


def quantile(values: Sequence[float], share: float) -> float:
    """The value under which this share lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(round(share * len(ordered)), len(ordered) - 1)]


def show(result: Result, options: argparse.Namespace) -> bool:
    """Print the table; True when everybody was heard in time and served alike."""
    times = [each.acknowledged_after_s for each in result.interactions if each.acknowledged_after_s is not None]
    unheard = len(result.interactions) - len(times)
    got = shares(result)
    jain, p99_s = jain_index(got), quantile(times, 0.99) if times else float("inf")
    when = f"within {options.spread:g} s" if options.spread else "at once"
    table = Table("what", "value", title=f"{options.commands} commands of {NUM_PEOPLE} people {when}")
    num = len(result.interactions)
    load = f"{num} commands in {result.sent_in_s:.1f} s, {num / max(result.sent_in_s, 0.001):.0f} a second on average"
    rows = {
        "load as it was": load,
        "cores, shared with the server that plays Discord": str(len(os.sched_getaffinity(0))),
        "acknowledged": f"{len(times)} of {len(result.interactions)}",
        "acknowledgement p50 / p99 / max": f"{quantile(times, 0.5):.3f} / {p99_s:.3f} / {max(times):.3f} s",
        "loop lag, whole run": result.lag_text,
        "loop lag, worst of the last minute": f"{result.worst_lag_s:.3f} s",
        f"Jain index of the first {result.num_counted} jobs": f"{jain:.3f} ({min(got):g} to {max(got):g} each)",
        "processor time of the bot": f"{result.bot_cpu_s:.2f} s, {1000 * result.bot_cpu_s / num:.1f} ms each",
        "jobs in the ledger": str(len(result.books.jobs)),
        "memory, peak": ", ".join(f"{what} {size:.0f} MiB" for what, size in sorted(result.peak_mib.items())),
        "seconds": f"{result.took_s:.0f}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
    return unheard == 0 and jain >= MIN_JAIN and (p99_s < ACKNOWLEDGE_P99_S or not options.strict)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Run and print; exit code 1 when somebody was not heard or not served alike (--strict: or late)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=100)
    parser.add_argument("--spread", type=float, default=0.0, help="seconds over which the commands come")
    parser.add_argument("--job", type=float, default=0.05, help="seconds that the engine takes for a job")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true", help="fail when p99 of the acknowledgement is over 0.25 s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bandmate-load-") as folder:
        sys.exit(not show(asyncio.run(run(options, Path(folder))), options))


if __name__ == "__main__":
    main()
