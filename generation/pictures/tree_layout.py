"""Where the takes of a family stand: columns by generation, from left to right, as tidy as a tree can be.

The idea is Reingold's and Tilford's ("Tidier Drawings of Trees", IEEE Trans. Software Engineering 7(2), 1981): each
subtree is laid out on its own and keeps an outline; siblings are pushed together until their outlines touch, and a
parent stands in the middle of its children. What is ours: a take stands to the right of all its parents (a blend has
two; it hangs on the first one), and many childless siblings stand together in a block instead of one long column.

    outline of a subtree: for each column the rows that it takes, as first and last

        a ── b ── d        column 0: (0.5, 0.5)   column 1: (0, 1)   column 2: (0, 0)
          └─ c
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MIN_IN_BLOCK = 5
"""From this many childless siblings on they stand in a block."""
FOREST_GAP = 0.7
"""Rows between two trees of a family that hang together by a blend only, and around a block."""

Outline = dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Block:
    """Childless siblings in a block: its columns and rows, first and last."""

    parent_id: str
    members: tuple[str, ...]
    columns: tuple[int, int]
    rows: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of each take (column, row), from (0, 0) on; `num_columns` and `num_rows` hold them all. `blocks`: those
    that stand together. `links`: parent and child of every line that is drawn, first parents first."""

    places: Mapping[str, tuple[int, float]]
    num_columns: int
    num_rows: float
    blocks: tuple[Block, ...]
    links: tuple[tuple[str, str, bool], ...]


@dataclass(slots=True)
class _Work:
    children: dict[str, list[str]]
    columns: dict[str, int]
    block_aspect: float
    rows: dict[str, float] = field(default_factory=dict)
    block_of: dict[str, list[str]] = field(default_factory=dict)


def lay_out(parents: Mapping[str, Sequence[str]], *, block_aspect: float = 3.0) -> Layout:
    """Places for takes by the ids of their parents; the order of `parents` is kept among siblings (the oldest first).

    Parents that are not among the takes, or come after them, are left out. `block_aspect`: how many rows a block has
    for each of its columns.
    """
    place = {take_id: number for number, take_id in enumerate(parents)}
    known = {
        take_id: [parent for parent in ids if place.get(parent, len(place)) < place[take_id]]
        for take_id, ids in parents.items()
    }
    columns = _generations(known)
    children: dict[str, list[str]] = defaultdict(list)
    tied = {parent for ids in known.values() for parent in ids} | {item for item, ids in known.items() if len(ids) > 1}
    for take_id, ids in known.items():
        if ids:
            children[ids[0]].append(take_id)
    work = _Work(children, columns, block_aspect)
    outline: Outline = {}
    for root in (take_id for take_id, ids in known.items() if not ids):
        _join(work, outline, _subtree(work, root, tied), [root], FOREST_GAP)
    return _finished(work, known)


def _generations(known: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Each take's column: one more than the furthest of its parents, which come before it."""
    columns: dict[str, int] = {}
    for take_id, ids in known.items():
        columns[take_id] = 1 + max((columns[parent] for parent in ids), default=-1)
    return columns


def _subtree(work: _Work, take_id: str, tied: set[str]) -> Outline:
    """Lay a take's subtree out from row 0 on and give its outline. `tied`: takes with children or several parents."""
    leaves = [child for child in work.children[take_id] if child not in tied]
    together = leaves if len(leaves) >= MIN_IN_BLOCK else []
    outline: Outline = {}
    for child in work.children[take_id]:
        if child not in together:
            _join(work, outline, _subtree(work, child, tied), _below(work, child), 0.0)
    if together:
        _join(work, outline, _block(work, take_id, together), together, FOREST_GAP)
        work.block_of[take_id] = together
    first_column = work.columns[take_id]
    middle = _middle(work, work.children[take_id])
    work.rows[take_id] = middle
    outline[first_column] = (middle, middle)
    return outline


def _below(work: _Work, take_id: str) -> list[str]:
    """A take and everything that hangs on it."""
    found, waiting = [], [take_id]
    while waiting:
        found.append(waiting.pop())
        waiting += work.children[found[-1]]
    return found


def _block(work: _Work, parent_id: str, members: Sequence[str]) -> Outline:
    """Put siblings into a block of about `block_aspect` rows a column, row by row."""
    num_columns = max(1, round(math.sqrt(len(members) / work.block_aspect)))
    first = work.columns[parent_id] + 1
    for index, member in enumerate(members):
        work.columns[member] = first + index % num_columns
        work.rows[member] = float(index // num_columns)
    last_row = float((len(members) - 1) // num_columns)
    return dict.fromkeys(range(first, first + num_columns), (0.0, last_row))


def _join(work: _Work, outline: Outline, new: Outline, moved: Sequence[str], gap: float) -> None:
    """Push a subtree up to what stands already: as near as their outlines allow, in the columns that both have."""
    both = [column for column in new if column in outline]
    shift = max((outline[column][1] + 1.0 + gap - new[column][0] for column in both), default=0.0)
    if outline and not both:
        shift = max(last for _, last in outline.values()) + 1.0 + gap
    everything = {member for take_id in moved for member in _below(work, take_id)}
    for take_id in everything:
        work.rows[take_id] += shift
    for column, (first, last) in new.items():
        top, _ = outline.get(column, (first + shift, 0.0))
        outline[column] = (min(top, first + shift), last + shift)


def _middle(work: _Work, children: Sequence[str]) -> float:
    rows = [work.rows[child] for child in children]
    return (min(rows) + max(rows)) / 2 if rows else 0.0


def _finished(work: _Work, known: Mapping[str, Sequence[str]]) -> Layout:
    top = min(work.rows.values(), default=0.0)
    places = {take_id: (work.columns[take_id], work.rows[take_id] - top) for take_id in known}
    blocks = tuple(_block_at(parent_id, members, places) for parent_id, members in work.block_of.items())
    links = tuple((parent, take_id, index == 0) for take_id, ids in known.items() for index, parent in enumerate(ids))
    num_columns = 1 + max((column for column, _ in places.values()), default=0)
    num_rows = 1 + max((row for _, row in places.values()), default=0.0)
    return Layout(places, num_columns, num_rows, blocks, tuple(sorted(links, key=lambda link: not link[2])))


def _block_at(parent_id: str, members: Sequence[str], places: Mapping[str, tuple[int, float]]) -> Block:
    columns, rows = zip(*(places[member] for member in members), strict=True)
    return Block(parent_id, tuple(members), (min(columns), max(columns)), (min(rows), max(rows)))
