"""Who is next, at which place, and when it will be made: pure functions without a clock, a database or tensors.

The order, told in one sentence: short jobs before long ones (unless a long one has waited out its patience), then who
has the fewest jobs running (the person, then the guild), then who has waited longest since they were last served (the
person, then the guild), then who came first.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in line. `person` and `guild` are keys into the turns (a job from a direct message has its person as its
    guild). `submitted_at` is in seconds since the epoch, `expected_s` the wall-clock seconds it should take (None when
    nothing was measured yet). `is_suspect`: a worker died while making it, so it has to run alone.

    A job counts as one row of an engine's batch; the worker gives idle rows to the further takes of its jobs. So a job
    of four takes never waits for four rows to be free at once."""

    job_id: str
    person: str
    guild: str
    engine: str
    submitted_at: float
    expected_s: float | None = None
    is_long: bool = False
    is_suspect: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person or a guild had so far: jobs running now, and when one last started or ended (epoch seconds)."""

    running: int = 0
    last_served_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Running:
    """A job that is being made, and when it should be done (epoch seconds, None: unknown)."""

    job_id: str
    person: str
    guild: str
    engine: str
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The whole queue at one moment (`now`, epoch seconds). `patience_s`: after this wait a long job counts as short.
    `rows` is how many rows each engine has, on all devices together."""

    now: float
    waiting: tuple[Waiting, ...] = ()
    running: tuple[Running, ...] = ()
    turns: Mapping[str, Turn] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    patience_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """`place`: 1 for the next in line. `made_in_s`: seconds from now until it is made, None when unknown."""

    place: int
    made_in_s: float | None


NOBODY = Turn()
UNMEASURED_JOB_S = 30.0
"""How long a job without a measured speed holds its rows in a forecast; nobody is told a time that rests on it."""


def urgency(job: Waiting, turns: Mapping[str, Turn], now: float, patience_s: float) -> tuple[object, ...]:
    """The sort key of a job in line; the smallest is next."""
    person, guild = turns.get(job.person, NOBODY), turns.get(job.guild, NOBODY)
    has_to_stand_back = job.is_long and now - job.submitted_at < patience_s
    return (
        has_to_stand_back,
        person.running,
        guild.running,
        max(person.last_served_at, job.submitted_at),
        max(guild.last_served_at, job.submitted_at),
        job.submitted_at,
        job.job_id,
    )


def in_order(line: Line) -> list[Waiting]:
    """The waiting jobs, the most urgent first, as things stand now (each start changes the order of the rest)."""
    return sorted(line.waiting, key=lambda job: urgency(job, line.turns, line.now, line.patience_s))


def startable(line: Line, free_rows: Mapping[str, int], *, device_is_idle: bool) -> list[Waiting]:
    """The jobs that may start on a device, in order. `free_rows`: by engine, on this device.

    A suspect (its worker died under it) runs alone: when one is next, the device takes nothing more until it is idle,
    so that a job that kills its worker twice is told from its innocent neighbours.
    """
    fitting = [job for job in in_order(line) if free_rows.get(job.engine, 0) > 0]
    if device_is_idle:
        return fitting
    for position, job in enumerate(fitting):
        if job.is_suspect:
            return fitting[:position]
    return fitting


def forecast(line: Line) -> dict[str, Forecast]:
    """Place and time of every waiting job, by playing the queue to its end with the expected durations."""
    play = _Play(line)
    return {job.job_id: Forecast(place, made_in_s) for place, (job, made_in_s) in enumerate(play.to_the_end(), start=1)}


def seconds_until_empty(line: Line) -> float | None:
    """Seconds from now until everything in the line is made; None when a part of it can't be guessed."""
    ends = [job.ends_at - line.now if job.ends_at is not None else None for job in line.running]
    ends += [item.made_in_s for item in forecast(line).values()]
    known = [end for end in ends if end is not None]
    return None if len(known) < len(ends) else max([0.0, *known])


def seconds_until_next(line: Line, who: str) -> float | None:
    """Seconds from now until a job of somebody (a key into the turns) is made; None when that can't be guessed."""
    places = forecast(line)
    running = [job.ends_at - line.now for job in line.running if _is_of(job, who) and job.ends_at is not None]
    waiting = [places[job.job_id].made_in_s for job in line.waiting if _is_of(job, who)]
    ends = [*running, *(end for end in waiting if end is not None)]
    return max(min(ends), 0.0) if ends else None


def _is_of(job: Waiting | Running, who: str) -> bool:
    return who in (job.person, job.guild)


def remaining_s(fraction: float, elapsed_s: float, expected_s: float | None) -> float | None:
    """Seconds that a running job still needs: from its own pace once it has one, else from what was expected.

    `fraction` is 0..1. The first twentieth is all loading and says nothing about the pace.
    """
    if fraction >= 0.05:
        return elapsed_s * (1.0 - fraction) / fraction
    return None if expected_s is None else max(expected_s - elapsed_s, 1.0)


class _Play:
    """The queue as it will run: starts what fits, else waits for the next job to end."""

    def __init__(self, line: Line) -> None:
        self._now, self._line = line.now, line
        self._turns = dict(line.turns)
        self._free = dict(line.rows)
        self._ends: list[tuple[float, int, Running]] = []
        self._num_held = 0
        self._unmeasured = {job.engine for job in line.running if job.ends_at is None}
        for job in line.running:
            self._hold(job, job.ends_at if job.ends_at is not None else line.now + UNMEASURED_JOB_S)
        self._heads = _heads(line.waiting)

    def to_the_end(self) -> Iterator[tuple[Waiting, float | None]]:
        """Each waiting job in the order in which it starts, with the seconds from now until it is made."""
        while self._heads:
            job = self._next_that_fits()
            if job is not None:
                yield job, self._start(job)
            elif self._ends:
                self._let_one_end()
            else:  # no device has its engine: a place, but no time
                job = self._most_urgent([queue[-1] for queue in self._heads.values()])
                self._take(job)
                yield job, None

    def _next_that_fits(self) -> Waiting | None:
        heads = [queue[-1] for queue in self._heads.values()]
        fitting = [job for job in heads if self._free.get(job.engine, 0) > 0]
        return self._most_urgent(fitting) if fitting else None

    def _most_urgent(self, jobs: Iterable[Waiting]) -> Waiting:
        return min(jobs, key=lambda job: urgency(job, self._turns, self._now, self._line.patience_s))

    def _take(self, job: Waiting) -> None:
        queue = self._heads[_head_key(job)]
        queue.pop()
        if not queue:
            del self._heads[_head_key(job)]

    def _start(self, job: Waiting) -> float | None:
        self._take(job)
        if job.expected_s is None:
            self._unmeasured.add(job.engine)
        ends_at = self._now + (UNMEASURED_JOB_S if job.expected_s is None else job.expected_s)
        self._serve({job.person, job.guild}, +1)
        self._hold(Running(job.job_id, job.person, job.guild, job.engine), ends_at)
        return None if job.engine in self._unmeasured else ends_at - self._line.now

    def _hold(self, job: Running, ends_at: float) -> None:
        self._free[job.engine] = self._free.get(job.engine, 0) - 1
        self._num_held += 1
        heapq.heappush(self._ends, (ends_at, self._num_held, job))

    def _let_one_end(self) -> None:
        ends_at, _, job = heapq.heappop(self._ends)
        self._now = max(self._now, ends_at)
        self._free[job.engine] += 1
        self._serve({job.person, job.guild}, -1)

    def _serve(self, keys: set[str], change: int) -> None:
        for key in keys:
            turn = self._turns.get(key, NOBODY)
            self._turns[key] = replace(turn, running=max(turn.running + change, 0), last_served_at=self._now)


def _head_key(job: Waiting) -> tuple[object, ...]:
    """Jobs that differ in nothing but their age: only the oldest of them can be next."""
    return (job.person, job.guild, job.engine, job.is_long)


def _heads(waiting: Sequence[Waiting]) -> dict[tuple[object, ...], list[Waiting]]:
    """The waiting jobs by head key, the oldest last (so that taking it is cheap)."""
    queues: dict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for job in sorted(waiting, key=lambda job: (job.submitted_at, job.job_id), reverse=True):
        queues[_head_key(job)].append(job)
    return dict(queues)
