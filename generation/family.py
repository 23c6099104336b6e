"""The family tree: which take was made from which, by whom, as far as it was followed from one take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from generation.request import Operation

MAX_MEMBERS = 200
"""How many takes a tree shows; those nearest to the one that was asked about come first."""


@dataclass(frozen=True, slots=True)
class Member:
    """A take in its family: what was done, with which words, by whom, where and when (epoch seconds).

    A take that is not in the ledger any more, or that may not be shown, has no operation and no person: only its place
    in the tree is left. `is_retracted`: its owner took it back. `reply` is the front end's own, as in Origin.
    """

    take_id: str
    operation: Operation | None = None
    prompt: str = ""
    engine: str = ""
    person_id: str = ""
    person_name: str = ""
    guild_id: str | None = None
    channel_id: str | None = None
    front_end: str = ""
    made_at: float = 0.0
    duration_s: float = 0.0
    parents: tuple[str, ...] = ()
    is_retracted: bool = False
    reply: Mapping[str, Any] = field(default_factory=dict)

    def hidden(self) -> Self:
        """Its place alone."""
        return replace(self, operation=None, prompt="", engine="", person_id="", person_name="", duration_s=0.0)


@dataclass(frozen=True, slots=True)
class Family:
    """The takes around `take_id`, the oldest first. `num_more` is how many lie right behind the edge of what is shown
    (they may have more behind them)."""

    take_id: str
    members: tuple[Member, ...]
    num_more: int = 0

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those who made it, in the order in which they came."""
        return tuple(dict.fromkeys(member.person_name for member in self.members if member.person_name))

    def member(self, take_id: str) -> Member | None:
        """The take with this id, None when it is not shown."""
        return next((member for member in self.members if member.take_id == take_id), None)


def credits_of(members: Iterable[Member]) -> tuple[str, ...]:
    """Who did what, one line a take: "ann: compose (take 3f…)", as it stands in a file's tags."""
    return tuple(
        f"{member.person_name or 'somebody'}: {member.operation.value} (take {member.take_id})"
        for member in members
        if member.operation is not None
    )
