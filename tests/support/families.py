"""Families of takes: small ones by hand, large ones drawn by lot."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from generation.family import Family, Member
from generation.request import Operation

PEOPLE = ("Ann", "Ben Okafor", "Çelik Öztürk", "dee", "Eva", "Ferran", "Ludmiła", "Максим", "小林", "🎷🎷")
WORDS = (
    "lo-fi hip hop, mellow",
    "slow blues in A",
    "brass band",
    "punk, twice as fast",
    "",
    "a waltz at night",
    "🎸 funk",
)


def member(take_id: str, operation: Operation, parents: Sequence[str] = (), person: int = 0, **more: object) -> Member:
    values: dict[str, object] = {
        "prompt": WORDS[(person + len(take_id)) % len(WORDS)],
        "engine": "arranger",
        "person_id": str(person),
        "person_name": PEOPLE[person % len(PEOPLE)],
        "guild_id": "1",
        "channel_id": "2",
        "front_end": "discord",
        "duration_s": 24.0,
        "parents": tuple(parents),
        **more,
    }
    return Member(take_id, operation, **values)  # type: ignore[arg-type]


def family_of(parents: Mapping[str, Sequence[str]], asked: str) -> Family:
    """A family by the parents of each take, the oldest first."""
    members = []
    for number, (take_id, ids) in enumerate(parents.items()):
        operation = (Operation.COMPOSE, Operation.EXTEND, Operation.BLEND)[min(len(ids), 2)]
        if len(ids) == 1:
            operation = (Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY)[number % 4]
        members.append(member(take_id, operation, ids, number % 7, made_at=float(number)))
    return Family(asked, tuple(members))


def grown(num_takes: int, seed: int = 1, *, popular: float = 0.3, blends: float = 0.08) -> Family:
    """A family as a server grows one: people build on the newest takes, on a few popular ones, and blend."""
    draw = random.Random(seed)
    parents: dict[str, list[str]] = {"take0": []}
    for number in range(1, num_takes):
        ids = list(parents)
        chosen = ids[draw.randrange(min(3, len(ids)))] if draw.random() < popular else draw.choice(ids[-12:])
        more = [other for other in [draw.choice(ids)] if draw.random() < blends and other != chosen]
        parents[f"take{number}"] = [chosen, *more]
    return family_of(parents, f"take{num_takes // 2}")
