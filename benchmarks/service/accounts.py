"""The accounts after a run: what the ledger says, what is in the channels, and whether the two agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from generation.jobs import ACTIVE_STATES, JobState
from generation.ledger.tables import jobs, takes, turns
from tests.support.discord_server import DiscordServer, Message

OWED = {JobState.MADE.value, JobState.FAILED.value}


@dataclass(slots=True)
class Books:
    """The ledger's rows: jobs by interaction id, take ids by job, counts of the line that are wrong."""

    jobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    takes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    crooked_turns: list[str] = field(default_factory=list)
    integrity: str = "ok"

    @property
    def num_open(self) -> int:
        """Jobs that are not at their end: in line, running, or with an answer that is owed."""
        active = {state.value for state in ACTIVE_STATES}
        return sum(
            row["state"] in active or (row["state"] in OWED and row["answered_at"] is None)
            for row in self.jobs.values()
        )


async def read_books(url: str) -> Books:
    """Read the ledger beside the bot."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await _read(connection, is_sqlite=url.startswith("sqlite"))
    finally:
        await engine.dispose()


async def _read(connection: AsyncConnection, *, is_sqlite: bool) -> Books:
    books = Books()
    for row in (await connection.execute(select(jobs))).mappings():
        books.jobs[row["key"]] = dict(row)
    for take_id, job_id in await connection.execute(select(takes.c.take_id, takes.c.job_id)):
        books.takes[job_id].append(take_id)
    rows = await connection.execute(select(turns).where(turns.c.who == "all"))
    counted = {(row.queued, row.running) for row in rows} or {(0, 0)}
    states = Counter(row["state"] for row in books.jobs.values())
    true = states[JobState.QUEUED.value], states[JobState.RUNNING.value]
    if counted != {true}:
        books.crooked_turns.append(f"the line is counted as {counted}, it is {true}")
    if is_sqlite:
        books.integrity = str((await connection.exec_driver_sql("PRAGMA integrity_check")).scalar_one())
    return books


@dataclass(frozen=True, slots=True)
class Account:
    """How a run came out. `asked`: interactions; `unheard`: those that nobody acknowledged (the person saw so);
    `half_heard`: acknowledged, but the bot died before they were in the ledger, and no answer told so;
    `refused`: answered with a sentence (the ledger was locked, the bot was stopping)."""

    asked: int
    unheard: int
    half_heard: tuple[str, ...]
    refused: int
    states: Mapping[str, int]
    lost: tuple[str, ...]
    twice: tuple[str, ...]
    integrity: str
    crooked_turns: tuple[str, ...]
    undeliverable: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Nothing lost, nothing twice, a whole ledger."""
        return not (self.lost or self.twice or self.crooked_turns) and self.integrity == "ok"


def account_of(server: DiscordServer, books: Books) -> Account:
    """Compare the ledger with the channels."""
    posts = posts_by_take(server)
    lost, twice, undeliverable = [], [], []
    for row in books.jobs.values():
        job_id, state = row["job_id"], row["state"]
        take_ids = books.takes[job_id]
        if state == JobState.DELIVERED.value and not all(posts[take_id] for take_id in take_ids or ["none"]):
            lost.append(f"{job_id}: delivered, but nowhere to be seen")
        if state in {item.value for item in ACTIVE_STATES} or (state in OWED and row["answered_at"] is None):
            lost.append(f"{job_id}: still {state}")
        if state == JobState.UNDELIVERABLE.value:
            undeliverable += take_ids
        twice += [
            f"{job_id}: {take_id} posted {len(posts[take_id])} times" for take_id in take_ids if len(posts[take_id]) > 1
        ]
    commands = [each for each in server.interactions if each.kind == 2]
    unknown = [each for each in commands if str(each.id) not in books.jobs]
    return Account(
        asked=len(commands),
        unheard=sum(each.acknowledged_after_s is None for each in unknown),
        half_heard=tuple(str(each.id) for each in unknown if each.original is not None and each.original.loading),
        refused=sum(each.original is not None and not each.original.loading for each in unknown),
        states=Counter(row["state"] for row in books.jobs.values()),
        lost=tuple(lost),
        twice=tuple(twice),
        integrity=books.integrity,
        crooked_turns=tuple(books.crooked_turns),
        undeliverable=tuple(undeliverable),
    )


def posts_by_take(server: DiscordServer) -> dict[str, list[Message]]:
    """The messages that carry each take's audio, in all channels and direct messages."""
    found: dict[str, list[Message]] = defaultdict(list)
    for channel in server.channels.values():
        for message in channel.messages:
            for file in message.attachments:
                stem, _, ending = file.filename.rpartition(".")
                if ending != "png" and not message.deleted and not message.ephemeral:
                    found["-".join(stem.rsplit("-", 2)[-2:])].append(message)
    return found


def jain_index(shares: list[float]) -> float:
    """Fairness of what n people got: 1 when all got the same, 1/n when one got all (Jain, Chiu, Hawe 1984)."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0
