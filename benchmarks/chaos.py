"""Kills at any moment: the bot, its workers, ffmpeg, while Discord stumbles, the disk fills up, the ledger is locked
and the clock jumps; then the books are compared.

    python -m benchmarks.chaos                              a short run (60 jobs, 12 kills)
    python -m benchmarks.chaos --jobs 5000 --kills 1000     the long one
    python -m benchmarks.chaos --postgres --kills 200       on PostgreSQL

Who asks for what in which order, and what breaks between which asks, is a plan made of the seed; its digest is printed,
and that of how every ask came out. Two runs of one seed have the same two digests. The processes are real, so how far
a job is when it is hit differs from run to run, and with it how many interactions an ask took.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.service import story
from benchmarks.service.accounts import Account, account_of, read_books
from benchmarks.service.crowd import Crowd
from benchmarks.service.injuries import Disk, hunt, lock_postgres, lock_sqlite
from benchmarks.service.keeper import Keeper
from benchmarks.service.place import Place, ledger_url
from tests.support.discord_server import DiscordServer
from tests.support.jumping_clock import JumpingClock

MAX_OPEN = 40
"""Asks that wait at once: enough that there is always something to be hit, few enough that each is hit soon."""
MAX_HUNTS = 3
HUNT_LIMIT_S, PATIENT_HUNT_LIMIT_S = 30.0, 300.0
STUCK_AFTER_S = 180.0
REFUSED_RESUMES = 0.5
console = Console()


class Chaos:
    """One run of a plan."""

    def __init__(self, place: Place, plan: Sequence[story.Step]) -> None:
        self.place, self.plan = place, plan
        guild = place.server.add_guild("Chaos")
        channels = [guild.add_channel(f"jam-{number}") for number in range(story.NUM_CHANNELS)]
        people = [place.server.add_user(f"person-{number}", guild) for number in range(story.NUM_PEOPLE)]
        self.first_channel = channels[0]
        self.crowd = Crowd(place.server, people, channels, place.url)
        program = ("tests.support.jumping_clock", str(place.clock.file), "--", "tests.support.scripted_bot", "--deaf")
        self.keeper = Keeper(place.server, place.folder / "data", program, place.settings)
        self.happened: Counter[str] = Counter()
        self._hunts: set[asyncio.Task[None]] = set()
        self._num_patient = 0
        self._one_of_a_kind = {what: asyncio.Lock() for what in ("lock", "full disk")}
        self._begun_s = time.monotonic()

    async def run(self, fault_rate: float, limit_s: float) -> Account:
        """The story, up to where it is after `limit_s`, and its account."""
        faults, gateway = self.place.server.faults, self.place.server.gateway
        running = asyncio.create_task(self.keeper.run())
        watching = asyncio.create_task(self.crowd.look_after())
        try:
            await _unless_ended(gateway.wait_ready(60), running)
            faults.rate(fault_rate)
            faults.duplicate_rate = faults.gateway_drop_rate = fault_rate
            faults.refuse_resume_rate = REFUSED_RESUMES
            await _unless_ended(self._play(limit_s), running)
            faults.clear()
            await _unless_ended(self._settled(), running)
            books = await read_books(self.place.url)
            return await self._retrieved(account_of(self.place.server, books))
        finally:
            watching.cancel()
            self.keeper.close()
            await asyncio.wait_for(asyncio.gather(running, watching, return_exceptions=True), 60)

    async def _play(self, limit_s: float) -> None:
        """Every step of the plan in its turn; what takes its time goes on beside the next ones."""
        for number, step in enumerate(self.plan):
            await asyncio.sleep(step.pause_s)
            if time.monotonic() - self._begun_s > limit_s:
                self.plan = self.plan[:number]
                break
            match step:
                case story.Ask():
                    while self.crowd.num_open >= MAX_OPEN:  # noqa: ASYNC110  what is waited for is another process
                        await asyncio.sleep(0.05)
                    await self.crowd.ask(number, step)
                case story.Kill():
                    await self._beside(self._kill(step))
                case story.Injury():
                    await self._beside(self._injure(step))
            if number % 200 == 0:
                self._tell(number)
        if self._hunts:
            _, late = await asyncio.wait(self._hunts, timeout=HUNT_LIMIT_S)
            for task in late:
                task.cancel()

    async def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside; while there are enough of them and work for them to meet, the story waits."""
        while self._num_under_way() >= MAX_HUNTS and self.crowd.num_open > 0:
            await asyncio.wait(self._hunts, return_when=asyncio.FIRST_COMPLETED, timeout=0.1)
        task = asyncio.create_task(work)
        self._hunts.add(task)
        task.add_done_callback(self._hunts.discard)

    async def _kill(self, kill: story.Kill) -> None:
        is_patient = kill.what == "starting bot"  # it comes when the next bot has died
        self._num_patient += is_patient
        limit_s = PATIENT_HUNT_LIMIT_S if is_patient else HUNT_LIMIT_S
        hit = await hunt(kill.what, kill.into_s, limit_s=limit_s, ready=self.keeper.ready_pids)
        self._num_patient -= is_patient
        self.happened[f"killed: {kill.what}" if hit else f"nothing there to kill: {kill.what}"] += 1

    def _num_under_way(self) -> int:
        return len(self._hunts) - self._num_patient

    async def _injure(self, injury: story.Injury) -> None:
        place = self.place
        match injury.what:
            case "lock":
                async with self._one_of_a_kind["lock"]:
                    ledger = place.folder / "data" / "ledger.sqlite3"
                    held = lock_postgres(place.url, injury.amount) if place.is_postgres else None
                    done = await (held or lock_sqlite(ledger, injury.amount))
            case "full disk":
                async with self._one_of_a_kind["full disk"], place.disk.full(self.keeper.pid):
                    await asyncio.sleep(injury.amount)
                    done = True
            case "clock":
                place.clock.put(injury.amount)
                done = True
            case _:
                done = self.keeper.stop()
        self.happened[injury.what if done else f"could not: {injury.what}"] += 1

    async def _settled(self) -> None:
        """Wait until every ask is at its end and nothing is owed, or nothing has moved for long."""
        fewest, moved_s = float("inf"), time.monotonic()
        while time.monotonic() - moved_s < STUCK_AFTER_S:
            num_open = self.crowd.num_open + (await read_books(self.place.url)).num_open
            if num_open == 0:
                return
            if num_open < fewest:
                fewest, moved_s = num_open, time.monotonic()
            await asyncio.sleep(1.0)

    async def _retrieved(self, account: Account) -> Account:
        """Every undeliverable take is asked for with /take show; those that don't come count as lost."""
        missing = []
        owners = {row["job_id"]: row["person_id"] for row in (await read_books(self.place.url)).jobs.values()}
        for take_id in account.undeliverable:
            owner = self.place.server.users[int(owners[take_id.rsplit("-", 1)[0]])]
            asked = await owner.slash(self.first_channel, "take show", take=take_id)
            try:
                await asked.wait_response(lambda message: bool(message.attachments), timeout=20)
            except TimeoutError:
                missing.append(f"{take_id}: undeliverable and not retrievable")
        return replace(account, lost=(*account.lost, *missing, *self._unanswered()))

    def _unanswered(self) -> Iterator[str]:
        """The asks of which nothing came, or something else than was asked for."""
        for number, wanted in story.expected_outcomes(self.plan).items():
            if (came := self.crowd.outcomes.get(number, "nothing")) != wanted:
                yield f"ask {number} ({self.plan[number]}): {came} came of it, not the {wanted}"

    def _tell(self, number: int) -> None:
        """A line of how far it is."""
        killed = sum(times for what, times in self.happened.items() if what.startswith("killed"))
        now_s = time.monotonic() - self._begun_s
        console.print(f"{now_s:6.0f} s: step {number} of {len(self.plan)}, {killed} kills, {self.crowd.num_open} open")


async def _unless_ended(work: Coroutine[Any, Any, None], keeper: asyncio.Task[None]) -> None:
    """Do a thing as long as the bot can be kept running. Raises what the keeper raised."""
    task = asyncio.create_task(work)
    await asyncio.wait({task, keeper}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        keeper.result()
    await task


def show(account: Account, chaos: Chaos, took_s: float, title: str, plan_digest: str) -> None:
    """The table."""
    table = Table("what", "number", title=title)
    rows: dict[str, object] = {
        "plan (digest)": plan_digest,
        "how every ask came out (digest)": story.digest_of_outcomes(chaos.crowd.outcomes),
        "and how it has to": story.digest_of_outcomes(story.expected_outcomes(chaos.plan)),
        "steps of the plan that were told": len(chaos.plan),
        "asks among them": sum(isinstance(step, story.Ask) for step in chaos.plan),
        **{f"came of it: {what}": number for what, number in sorted(Counter(chaos.crowd.outcomes.values()).items())},
        **{f"asked again: {why}": number for why, number in sorted(chaos.crowd.again.items())},
        "interactions": account.asked,
        **{f"jobs {state}": number for state, number in sorted(account.states.items())},
        **dict(sorted(chaos.happened.items())),
        "full disk is": chaos.place.disk.what,
        "starts of the bot": chaos.keeper.num_starts,
        "starts that failed": chaos.keeper.num_failed_starts,
        **{f"fault {name}": number for name, number in sorted(chaos.place.server.faults.happened.items())},
        "resumed sessions": chaos.place.server.gateway.resumes,
        "[bold]lost": len(account.lost),
        "[bold]posted twice": len(account.twice),
        "undeliverable, retrieved with /take": len(account.undeliverable),
        "ledger integrity": account.integrity,
        "counts of the line that are wrong": len(account.crooked_turns),
        "seconds": f"{took_s:.0f}",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
    for line in (*account.lost, *account.twice, *account.crooked_turns)[:40]:
        console.print(f"[red]{line}")


async def run(options: argparse.Namespace, folder: Path) -> bool:
    """One run; True when nothing was lost and nothing posted twice."""
    begun_s = time.monotonic()
    plan = story.tell(options.seed, options.jobs, options.kills, options.pause)
    digest = story.digest_of_plan(plan, options.faults, REFUSED_RESUMES)
    console.print(f"plan {digest}: " + ", ".join(f"{what} {times}" for what, times in story.planned(plan).items()))
    with ExitStack() as stack:
        disk = Disk(folder / "data")
        stack.enter_context(disk.mounted())
        url = stack.enter_context(ledger_url(folder, postgres=options.postgres))
        async with DiscordServer(seed=options.seed, keep_bodies=False) as server:
            chaos = Chaos(Place(server, folder, url, disk, JumpingClock(folder / "clock")), plan)
            try:
                account = await chaos.run(options.faults, 60 * options.minutes)
            finally:
                if options.keep:
                    shutil.copytree(disk.folder, folder / "kept", ignore=shutil.ignore_patterns("audio", "instances"))
    name = "PostgreSQL" if options.postgres else "SQLite"
    title = f"Chaos on {name}: seed {options.seed}, {options.faults:.0%} of Discord's answers spoilt"
    show(account, chaos, time.monotonic() - begun_s, title, digest)
    return account.is_sound


def main() -> None:
    """Run and print; exit code 1 when something was lost or posted twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds before a kill")
    parser.add_argument("--faults", type=float, default=0.05, help="share of Discord's answers that go wrong")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="tell no more of the plan after this long")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--keep", type=Path, help="a new folder for the log and the ledger, to look at them afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bandmate-chaos-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(not asyncio.run(run(options, folder)))


if __name__ == "__main__":
    main()
