"""The processes of a running bot: what each is, and how much memory it holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_KINDS = {
    "worker.process": "worker",
    "analysis_process": "analysis",
    "silent_analysis": "analysis",
    "scripted_bot": "bot",
    "ffmpeg": "ffmpeg",
}


def family(pid: int) -> Iterator[tuple[str, int]]:
    """The bot and its children, by what they are."""
    yield "bot", pid
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                words = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                yield next((kind for word, kind in _KINDS.items() if word in words), "other"), int(child)


def resident_mib(pid: int) -> dict[str, float]:
    """Resident memory in MiB of the bot and its children, by what they are."""
    sizes: dict[str, float] = {}
    for what, each in family(pid):
        pages = int(Path(f"/proc/{each}/statm").read_text().split()[1])
        sizes[what] = sizes.get(what, 0.0) + pages * 4096 / 2**20
    return sizes
