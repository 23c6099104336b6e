"""The plan of a chaos run: who asks for what, what is killed, locked, filled up or put back, in one order from a seed.

The same seed, jobs and kills give the same plan, told by its digest. What the machine adds is left to chance and not
part of it: how far a job is when a kill meets it, and which request is the n-th of its route (the n-th one's fault is
the seed's).
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NUM_PEOPLE, NUM_CHANNELS = 12, 4
PROMPTS = (*("slow 0.02", "slow 0.3", "slow 0.1", "slow 0.05") * 8, "slow 0.1 once kill", "slow 0.1 once crash", "fail")
"""What is asked for; see tests.support.scripted_engine for the words."""
KILLS = {"worker": 8, "ffmpeg": 8, "bot": 3, "starting bot": 1}
"""What is killed how often, as weights."""
INJURIES_PER_KILL = {"lock": 0.1, "full disk": 0.05, "clock": 0.05, "stop": 0.02}
"""Faults of the machine beside the kills; a stop is an operator's SIGTERM."""
FARTHEST_JUMP_S = 6 * 3600.0
"""How far the service's clock is put forward or back."""
LONGEST_LOCK_S, LONGEST_FULL_S = 4.0, 3.0
TAKE, SENTENCE = "take", "sentence"
"""What can come of an ask: a take in a channel or to be fetched with /take, or the sentence of a failure."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks, after a pause in seconds."""

    pause_s: float
    person: int
    channel: int
    prompt: str

    @property
    def wants_take(self) -> bool:
        """Whether a take has to come of it, not the sentence of a failure."""
        return "fail" not in self.prompt


@dataclass(frozen=True, slots=True)
class Kill:
    """kill -9 of the next process of this kind; `into_s`: how long it may live after it was seen (None: as it is)."""

    pause_s: float
    what: str
    into_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Injury:
    """Something else goes wrong with the machine. `amount`: seconds that it lasts; of a clock, where it is put."""

    pause_s: float
    what: str
    amount: float


Step = Ask | Kill | Injury


def tell(seed: int, num_jobs: int, num_kills: int, pause_s: float) -> list[Step]:
    """The plan: jobs and kills in one random order; `pause_s` is the mean pause before a kill."""
    rng = random.Random(f"chaos {seed}")
    counts = {"ask": num_jobs, "kill": num_kills}
    counts |= {what: round(num_kills * share) or 1 for what, share in INJURIES_PER_KILL.items()}
    order = [what for what, number in counts.items() for _ in range(number)]
    rng.shuffle(order)
    if "ask" in order:  # somebody has to be there before anything breaks
        order.remove("ask")
        order.insert(0, "ask")
    ask_pause_s = pause_s * num_kills / (2 * max(num_jobs, 1))
    return [_step(what, rng, pause_s, ask_pause_s) for what in order]


def _step(what: str, rng: random.Random, pause_s: float, ask_pause_s: float) -> Step:
    if what == "ask":
        who, where = rng.randrange(NUM_PEOPLE), rng.randrange(NUM_CHANNELS)
        return Ask(rng.uniform(0, 2 * ask_pause_s), who, where, rng.choice(PROMPTS))
    pause_s = rng.uniform(0, 2 * pause_s)
    if what == "kill":
        victim = rng.choices(list(KILLS), weights=list(KILLS.values()))[0]
        return Kill(pause_s, victim, rng.uniform(0.0, {"ffmpeg": 0.05, "starting bot": 2.5}.get(victim, 0.3)))
    if what == "clock":
        return Injury(pause_s, what, rng.uniform(-FARTHEST_JUMP_S, FARTHEST_JUMP_S))
    longest_s = {"lock": LONGEST_LOCK_S, "full disk": LONGEST_FULL_S}.get(what, 0.0)
    return Injury(pause_s, what, rng.uniform(longest_s / 8, longest_s))


def planned(plan: Sequence[Step]) -> Counter[str]:
    """How often what is planned."""
    return Counter("asks" if isinstance(step, Ask) else f"{type(step).__name__.lower()}: {step.what}" for step in plan)


def digest_of_plan(plan: Sequence[Step], *more: object) -> str:
    """Names the plan and what else decides the story (the rates of Discord's faults)."""
    return _digest("\n".join(map(repr, (*plan, *more))))


def expected_outcomes(plan: Sequence[Step]) -> dict[int, str]:
    """What has to come of each ask, by its number in the plan, whatever is killed and when."""
    asks = ((number, step) for number, step in enumerate(plan) if isinstance(step, Ask))
    return {number: TAKE if step.wants_take else SENTENCE for number, step in asks}


def digest_of_outcomes(outcomes: Mapping[int, str]) -> str:
    """Names how every ask came out, by its number in the plan."""
    return _digest("\n".join(f"{number} {outcomes[number]}" for number in sorted(outcomes)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
