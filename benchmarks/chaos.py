"""Kills at any moment: the bot, its workers, ffmpeg, while Discord stumbles; then the books are compared.

    python -m benchmarks.chaos                              a short run (40 jobs, 12 kills)
    python -m benchmarks.chaos --jobs 5000 --kills 1000     the long one
    python -m benchmarks.chaos --postgres --kills 200       on PostgreSQL

The plan (who asks when, what is killed when, what Discord answers) comes from the seed; the processes are real, so the
moments within a job differ from run to run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.service.accounts import Account, Books, account_of, read_books
from benchmarks.service.processes import family
from tests.support.bot_process import BotProcess, bot_process
from tests.support.databases import new_database, postgres_server
from tests.support.discord_server import Channel, DiscordServer, User
from tests.support.scripted_bot import scripted_settings

PROGRAM = ("tests.support.scripted_bot",)
PROMPTS = (*("slow 0.1", "slow 0.6", "slow 0.3", "slow 0.2") * 4, "slow 0.3 once kill", "slow 0.4 once crash", "fail")
NUM_PEOPLE, NUM_CHANNELS = 12, 4
STUCK_AFTER_S = 120.0
LOCK_SHARE = 0.2
"""How often the ledger is locked for some seconds before a kill."""


@dataclass(slots=True)
class Chaos:
    """One run: its plan, and what happened."""

    server: DiscordServer
    rng: random.Random
    url: str
    folder: Path
    fault_rate: float
    channels: list[Channel] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    bot: BotProcess | None = None
    num_locks: int = 0
    is_over: bool = False

    def __post_init__(self) -> None:
        guild = self.server.add_guild("Chaos")
        self.channels = [guild.add_channel(f"jam-{number}") for number in range(NUM_CHANNELS)]
        self.people = [self.server.add_user(f"person-{number}", guild) for number in range(NUM_PEOPLE)]

    @property
    def settings(self) -> dict[str, str]:
        """Short limits, so that what is abandoned is taken up soon."""
        return scripted_settings(
            self.folder / "marks",
            database_url=self.url if self.url.startswith("postgresql") else "",
            queue__lease_s="3",
            queue__instance_s="3",
            queue__poll_interval_s="0.2",
            queue__max_jobs_per_person="1000",
            queue__max_jobs_per_guild="10000",
            queue__max_jobs="10000",
            queue__max_attempts="100",
            queue__max_worker_deaths="10",
            log__json_lines="true",
        )

    async def keep_running(self) -> None:
        """A supervisor: whenever the bot has ended, start it again."""
        while not self.is_over:
            try:
                async with bot_process(self.server, self.folder / "data", program=PROGRAM, **self.settings) as bot:
                    self.bot = bot
                    await bot.process.wait()
            except (RuntimeError, TimeoutError) as error:
                self.killed["start failed"] += 1
                if self.killed["start failed"] > 20:
                    raise RuntimeError("the bot does not start any more") from error
            finally:
                self.bot = None

    async def kill(self, num_kills: int, pause_s: float) -> None:
        """Kill something at random moments."""
        while sum(self.killed.values()) - self.killed["start failed"] < num_kills:
            await asyncio.sleep(self.rng.uniform(0.2, 2 * pause_s))
            if self.bot is None or self.bot.process.returncode is not None:
                continue
            wanted = self.rng.choice(("bot", "worker", "worker", "ffmpeg", "analysis"))
            if not self.url.startswith("postgresql") and self.rng.random() < LOCK_SHARE:
                await self.lock_ledger(self.rng.uniform(0.5, 4.0))
            for what, pid in family(self.bot.process.pid):
                if what == wanted:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        self.killed[what] += 1
                    break

    async def lock_ledger(self, seconds: float) -> None:
        """Hold the ledger's write lock, as a careless backup or an operator's shell does."""
        intruder = sqlite3.connect(self.folder / "data" / "ledger.sqlite3", isolation_level=None, timeout=0)
        try:
            intruder.execute("BEGIN IMMEDIATE")
            self.num_locks += 1
            await asyncio.sleep(seconds)
            intruder.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return  # the bot was faster: its turn
        finally:
            intruder.close()

    async def ask(self, num_jobs: int, pause_s: float) -> None:
        """People ask whenever a bot is connected; who is not heard asks again."""
        for _ in range(num_jobs):
            await asyncio.sleep(self.rng.uniform(0, 2 * pause_s))
            while not self.server.gateway.connected:  # noqa: ASYNC110  the bot is another process
                await asyncio.sleep(0.1)
            who, where = self.rng.choice(self.people), self.rng.choice(self.channels)
            await who.slash(where, "compose", prompt=self.rng.choice(PROMPTS))

    async def settled(self) -> Books:
        """Wait until every job is at its end; the books as they are then, or when nothing has moved for long."""
        fewest, moved_s = float("inf"), time.monotonic()
        while True:
            books = await read_books(self.url)
            if books.num_open < fewest:
                fewest, moved_s = books.num_open, time.monotonic()
            if books.num_open == 0 or time.monotonic() - moved_s > STUCK_AFTER_S:
                return books
            await asyncio.sleep(1.0)

    async def run(self, num_jobs: int, num_kills: int, pause_s: float) -> Account:
        """The whole story."""
        supervisor = asyncio.create_task(self.keep_running())
        try:
            await self.server.gateway.wait_ready(60)
            self.server.faults.rate(self.fault_rate)
            self.server.faults.duplicate_rate = self.server.faults.gateway_drop_rate = self.fault_rate
            self.server.faults.refuse_resume_rate = 0.5
            spread_s = num_kills * pause_s / max(num_jobs, 1)
            await asyncio.gather(self.ask(num_jobs, spread_s), self.kill(num_kills, pause_s))
            self.server.faults.clear()
            books = await self.settled()
            retrievable = await self.retrieve(account_of(self.server, books))
            await asyncio.sleep(1.0)
            return retrievable
        finally:
            self.is_over = True
            if self.bot is not None:
                self.bot.process.terminate()
            await asyncio.wait_for(supervisor, 60)

    async def retrieve(self, account: Account) -> Account:
        """Every undeliverable take is asked for with /take show; those that don't come count as lost."""
        missing = []
        owners = {row["job_id"]: row["person_id"] for row in (await read_books(self.url)).jobs.values()}
        for take_id in account.undeliverable:
            owner = self.server.users[int(owners[take_id.rsplit("-", 1)[0]])]
            asked = await owner.slash(self.channels[0], "take show", take=take_id)
            try:
                await asked.wait_response(lambda message: bool(message.attachments), timeout=20)
            except TimeoutError:
                missing.append(f"{take_id}: undeliverable and not retrievable")
        return replace(account, lost=(*account.lost, *missing))


@contextlib.contextmanager
def ledger_url(folder: Path, *, postgres: bool) -> Iterator[str]:
    """Where the ledger lies."""
    if not postgres:
        yield f"sqlite+aiosqlite:///{folder / 'data' / 'ledger.sqlite3'}"
        return
    with postgres_server() as server:
        yield new_database(server, "chaos")


def show(account: Account, chaos: Chaos, took_s: float, title: str) -> None:
    """The table."""
    table = Table("what", "number", title=title)
    rows: dict[str, object] = {
        "asked": account.asked,
        "not acknowledged (the person saw so)": account.unheard,
        "acknowledged, then the bot died before the ledger had it": len(account.half_heard),
        "answered with a sentence instead": account.refused,
        **{f"jobs {state}": number for state, number in sorted(account.states.items())},
        **{f"killed: {what}": number for what, number in sorted(chaos.killed.items())},
        "ledger locked by somebody else": chaos.num_locks,
        **{f"fault {name}": number for name, number in sorted(chaos.server.faults.happened.items())},
        "[bold]lost": len(account.lost),
        "[bold]posted twice": len(account.twice),
        "undeliverable, retrieved with /take": len(account.undeliverable),
        "ledger integrity": account.integrity,
        "counts of the line that are wrong": len(account.crooked_turns),
        "seconds": f"{took_s:.0f}",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console = Console()
    console.print(table)
    if account.half_heard:
        console.print(f"died between acknowledgement and ledger: interactions {', '.join(account.half_heard)}")
    for line in (*account.lost, *account.twice, *account.crooked_turns)[:20]:
        console.print(f"[red]{line}")


async def run(options: argparse.Namespace, folder: Path) -> bool:
    """One run; True when nothing was lost and nothing posted twice."""
    begun_s = time.monotonic()
    with ledger_url(folder, postgres=options.postgres) as url:
        async with DiscordServer(seed=options.seed, keep_bodies=False) as server:
            chaos = Chaos(server, random.Random(options.seed), url, folder, options.faults)
            account = await chaos.run(options.jobs, options.kills, options.pause)
    name = "PostgreSQL" if options.postgres else "SQLite"
    title = f"Chaos on {name}: seed {options.seed}, {options.faults:.0%} of Discord's answers spoilt"
    show(account, chaos, time.monotonic() - begun_s, title)
    return account.is_sound


def main() -> None:
    """Run and print; exit code 1 when something was lost or posted twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=3.0, help="mean seconds between two kills")
    parser.add_argument("--faults", type=float, default=0.05, help="share of Discord's answers that go wrong")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder for the ledger and the logs, kept for a look afterwards")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        sys.exit(not asyncio.run(run(options, options.keep)))
    with tempfile.TemporaryDirectory(prefix="bandmate-chaos-") as folder:
        sys.exit(not asyncio.run(run(options, Path(folder))))


if __name__ == "__main__":
    main()
