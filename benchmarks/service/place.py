"""Where a chaos run happens: the server that plays Discord, the folder, the ledger, the disk, the clock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.injuries import Disk
from tests.support.databases import new_database, postgres_server
from tests.support.discord_server import DiscordServer
from tests.support.jumping_clock import JumpingClock
from tests.support.scripted_bot import scripted_settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens. `url`: the ledger's."""

    server: DiscordServer
    folder: Path
    url: str
    disk: Disk
    clock: JumpingClock

    @property
    def is_postgres(self) -> bool:
        return self.url.startswith("postgresql")

    @property
    def settings(self) -> dict[str, str]:
        """Short limits, so that what is abandoned is taken up soon."""
        return scripted_settings(
            self.folder / "marks",
            raw=True,
            database_url=self.url if self.is_postgres else "",
            queue__lease_s="3",
            queue__instance_s="3",
            queue__poll_interval_s="0.2",
            queue__ledger_busy_limit_s="5",
            queue__max_jobs_per_person="1000",
            queue__max_jobs_per_guild="10000",
            queue__max_jobs="10000",
            queue__max_attempts="100",
            queue__max_worker_deaths="10",
            workers__stop_grace_s="2",
            log__json_lines="true",
        )


@contextlib.contextmanager
def ledger_url(folder: Path, *, postgres: bool) -> Iterator[str]:
    """Where the ledger lies."""
    if not postgres:
        yield f"sqlite+aiosqlite:///{folder / 'data' / 'ledger.sqlite3'}"
        return
    with postgres_server() as server:
        yield new_database(server, "chaos")
