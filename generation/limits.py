"""How much a person, a guild and all together may have, whose word is stricter, and when there is room again.

Some limits are on what waits or runs at once, some on the last 24 hours, one on the time between two orders:

    24 hours ago                                                            now
    │──── made 300 s ─────────── made 120 s ──── made 60 s ──────────────────│  waiting: 60 s   wanted: 90 s
          └─ leaves the 24 hours first: when enough has left, there is room

What is made counts when its takes are in the ledger, so a job that fails costs no music; what waits or is being made
is kept free for it, so that several orders at once can't go over the limit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

DAY_S = 86_400.0
RANGES: dict[str, tuple[float, float]] = {
    "max_jobs": (1, 100_000),
    "max_jobs_per_person": (1, 1000),
    "max_jobs_per_guild": (1, 10_000),
    "daily_music_min_per_person": (0, 100_000),
    "daily_music_min_per_guild": (0, 100_000),
    "daily_device_s_per_person": (0, 1_000_000),
    "daily_device_s_per_guild": (0, 1_000_000),
    "cooldown_s": (0, 3600),
}
"""The limits by their names in the settings, with their ranges. For a daily one and the cool-down 0 is no limit."""
OF_A_PLACE = frozenset(RANGES) - {"max_jobs"}
"""What the moderators of a guild may set for it."""


class Whose(StrEnum):
    """What a limit counts: a person's, everywhere; a person's in one guild; a guild's."""

    PERSON = "person"
    MEMBER = "member"
    GUILD = "guild"


class Resource(StrEnum):
    """What there is a daily amount of, in seconds."""

    MUSIC = "music"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many seconds of something within DAY_S."""

    whose: Whose
    what: Resource
    limit_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one order: the jobs that may wait or run at once, the seconds between two orders of a person (0:
    none), the daily budgets."""

    per_person: int
    per_guild: int
    in_all: int
    cooldown_s: float = 0.0
    budgets: tuple[Budget, ...] = ()


def is_daily(name: str) -> bool:
    """Whether a limit is one of the last 24 hours."""
    return name.startswith("daily_")


def stricter(name: str, one: float | None, other: float | None) -> float | None:
    """Of two values of a limit the one that allows less; None (and for those that know it, 0) is no word."""
    said = [value for value in (one, other) if value is not None and (value > 0 or not _can_be_off(name))]
    if not said:
        return None if one is None and other is None else 0.0
    return max(said) if name == "cooldown_s" else min(said)


def _can_be_off(name: str) -> bool:
    return is_daily(name) or name == "cooldown_s"


def limits_of(service: Mapping[str, float], place: Mapping[str, float]) -> Limits:
    """The limits of an order. `service`: the operator's word on every limit; `place`: what a guild's moderators have
    set for it, which holds for what is asked for there and can only be stricter."""

    def strictest(name: str) -> float:
        return stricter(name, service[name], place.get(name)) or 0.0

    def budget(whose: Whose, what: Resource, said: float | None, seconds: float) -> list[Budget]:
        return [Budget(whose, what, said * seconds)] if said else []

    budgets: list[Budget] = []
    for what, name, seconds in ((Resource.MUSIC, "daily_music_min", 60.0), (Resource.DEVICE, "daily_device_s", 1.0)):
        budgets += budget(Whose.PERSON, what, service[f"{name}_per_person"], seconds)
        budgets += budget(Whose.MEMBER, what, place.get(f"{name}_per_person"), seconds)
        budgets += budget(Whose.GUILD, what, strictest(f"{name}_per_guild"), seconds)
    return Limits(
        per_person=round(strictest("max_jobs_per_person")),
        per_guild=round(strictest("max_jobs_per_guild")),
        in_all=round(service["max_jobs"]),
        cooldown_s=strictest("cooldown_s"),
        budgets=tuple(budgets),
    )


def room_in_s(spent: Iterable[tuple[float, float]], room_s: float, now: float) -> float | None:
    """Seconds until no more than `room_s` of what was spent lies within DAY_S; None when that never comes.

    `spent`: when (epoch seconds) and how much (seconds).
    """
    if room_s < 0:
        return None
    in_order = sorted(spent)
    left_s = sum(amount for _, amount in in_order)
    if left_s <= room_s:
        return 0.0
    for at, amount in in_order:
        left_s -= amount
        if left_s <= room_s + 1e-6:  # what floating point leaves of nothing
            return max(at + DAY_S - now, 0.0)
    return 0.0
