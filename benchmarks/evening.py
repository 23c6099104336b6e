"""Makes the README's pictures of a jam: the scripted evening of the tests is played, its card and its tree are kept."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.bot.evening.play import play_the_evening

OUT = Path(__file__).parent / "examples"
PICTURES = {"room": "room.png", "tree": "tree.png"}


async def main() -> None:
    """Write the room's card, as it was before the end, and the family tree into benchmarks/examples."""
    with tempfile.TemporaryDirectory() as folder:
        after = await play_the_evening(Path(folder))
    OUT.mkdir(exist_ok=True)
    for name, filename in PICTURES.items():
        (OUT / filename).write_bytes(after.pictures[name])


if __name__ == "__main__":
    asyncio.run(main())
