"""What audio may go: by age, then by the disk budget, the oldest first, and never what something living was made from.

hum.ogg ──▶ take A ──▶ take B       B is young: A and hum.ogg stay, however old they are.
        └─▶ take C                  C is old and nothing was made from it: it goes first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """A clip or a take whose audio is here. `name`: the hash of its audio; `needs`: the names of what it was made from.

    `num_bytes` counts its stems and its MIDI too; `used_at`: seconds since the epoch; `is_held`: it may not go now (it
    is in an open room, a job waits for it, or it was not delivered yet).
    """

    name: str
    used_at: float
    num_bytes: int
    needs: frozenset[str] = frozenset()
    is_held: bool = False


def to_remove(kept: Collection[Kept], *, now: float, max_age_s: float | None, max_bytes: int | None) -> list[str]:
    """The names of what may go, in the order in which it goes; None: no limit.

    Linear in the number of items but for a heap; 100,000 items take a second.
    """
    by_name = {item.name: item for item in kept}
    num_children = Counter(need for item in kept for need in item.needs if need in by_name and need != item.name)
    total_bytes = sum(item.num_bytes for item in kept)
    removed: list[str] = []
    for item in _oldest_leaves(by_name, num_children):
        is_old = max_age_s is not None and now - item.used_at > max_age_s
        if not is_old and (max_bytes is None or total_bytes <= max_bytes):
            break  # younger ones are no older, and there is room
        removed.append(item.name)
        total_bytes -= item.num_bytes
    return removed


def _oldest_leaves(by_name: Mapping[str, Kept], num_children: Counter[str]) -> Iterator[Kept]:
    """What nothing living needs, the oldest first; with each that is taken its parents may become free."""
    leaves = [
        (item.used_at, item.name) for item in by_name.values() if not num_children[item.name] and not item.is_held
    ]
    heapq.heapify(leaves)
    while leaves:
        item = by_name[heapq.heappop(leaves)[1]]
        yield item
        for need in item.needs - {item.name}:
            if need not in by_name:
                continue
            num_children[need] -= 1
            if num_children[need] == 0 and not by_name[need].is_held:
                heapq.heappush(leaves, (by_name[need].used_at, need))
