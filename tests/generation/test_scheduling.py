"""Who is next: fair to people and guilds whatever they ask for, and honest about places and times."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from generation.scheduling import (
    Line,
    Running,
    Turn,
    Waiting,
    forecast,
    in_order,
    remaining_s,
    seconds_until_empty,
    startable,
)

PEOPLE = st.sampled_from(["ann", "ben", "cyd", "dan", "eve"])
GUILDS = st.sampled_from(["red", "blue"])


@st.composite
def waiting_jobs(draw: st.DrawFn, max_size: int = 25) -> tuple[Waiting, ...]:
    jobs = []
    for number in range(draw(st.integers(0, max_size))):
        jobs.append(
            Waiting(
                f"job{number}",
                draw(PEOPLE),
                draw(GUILDS),
                draw(st.sampled_from(["arranger", "musicgen"])),
                submitted_at=float(draw(st.integers(0, 100))),
                expected_s=draw(st.sampled_from([5.0, 20.0, None])),
                is_long=draw(st.booleans()),
                is_suspect=draw(st.booleans()),
            )
        )
    return tuple(jobs)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    running = [
        Running(f"run{n}", draw(PEOPLE), draw(GUILDS), "arranger", draw(st.sampled_from([None, 150.0])))
        for n in range(draw(st.integers(0, 3)))
    ]
    counts = Counter(who for job in running for who in (job.person, job.guild))
    names = ["ann", "ben", "cyd", "dan", "eve", "red", "blue"]
    turns = {who: Turn(counts[who], float(draw(st.integers(0, 120)))) for who in names}
    rows = {"arranger": len(running) + draw(st.integers(0, 2)), "musicgen": draw(st.integers(0, 2))}
    return Line(120.0, draw(waiting_jobs()), tuple(running), turns, rows, patience_s=60.0)


@given(lines())
def test_the_next_job_is_of_someone_with_the_fewest_running(line: Line) -> None:
    order = in_order(line)
    assert sorted(order, key=lambda job: job.job_id) == sorted(line.waiting, key=lambda job: job.job_id)
    if order:
        alike = [job for job in line.waiting if _stands_back(job, line) == _stands_back(order[0], line)]
        assert line.turns[order[0].person].running == min(line.turns[job.person].running for job in alike)


@given(lines())
def test_a_long_job_waits_for_short_ones_until_its_patience_ends(line: Line) -> None:
    standing_back = [_stands_back(job, line) for job in in_order(line)]
    assert standing_back == sorted(standing_back)


def _stands_back(job: Waiting, line: Line) -> bool:
    return job.is_long and line.now - job.submitted_at < line.patience_s


@given(waiting_jobs(max_size=30))
def test_on_one_row_nobody_is_served_twice_while_another_waits(jobs: tuple[Waiting, ...]) -> None:
    """All asked before; then the row goes round: between two turns of one person everyone else who waits had one."""
    jobs = tuple(replace(job, is_long=False, guild="red") for job in jobs)
    line = Line(1000.0, jobs, patience_s=0.0)
    turns: dict[str, Turn] = {}
    served: list[str] = []
    while line.waiting:
        chosen = in_order(line)[0]
        others = {job.person for job in line.waiting} - {chosen.person}
        since_last = served[len(served) - served[::-1].index(chosen.person) :] if chosen.person in served else None
        if since_last is not None:
            assert others <= set(since_last)
        served.append(chosen.person)
        turns[chosen.person] = Turn(0, line.now)
        left = tuple(job for job in line.waiting if job.job_id != chosen.job_id)
        line = replace(line, waiting=left, turns=turns, now=line.now + 1)


def test_one_who_asks_for_ten_does_not_hold_up_one_who_asks_for_one() -> None:
    many = tuple(Waiting(f"a{n}", "ann", "red", "arranger", 0.0, expected_s=10.0) for n in range(10))
    line = Line(2.0, (*many, Waiting("b", "ben", "red", "arranger", 1.0, expected_s=10.0)), rows={"arranger": 1})
    places = forecast(line)
    assert places["b"].place == 2
    assert places["b"].made_in_s == 20.0
    assert places["a9"].place == 11


def test_among_people_alike_the_guild_with_fewer_running_is_next() -> None:
    jobs = (Waiting("r", "ann", "red", "arranger", 0.0), Waiting("b", "ben", "blue", "arranger", 1.0))
    line = Line(5.0, jobs, turns={"red": Turn(3, 0.0), "blue": Turn(1, 0.0)})
    assert [job.job_id for job in in_order(line)] == ["b", "r"]


@given(lines(), st.integers(0, 2), st.booleans())
def test_a_suspect_starts_on_an_idle_device_only(line: Line, free: int, is_idle: bool) -> None:
    jobs = startable(line, {"arranger": free}, device_is_idle=is_idle)
    assert all(job.engine == "arranger" for job in jobs)
    assert not (jobs and free == 0)
    if not is_idle:
        assert not any(job.is_suspect for job in jobs)
        order = [job for job in in_order(line) if job.engine == "arranger"]
        assert jobs == order[: len(jobs)]  # and nothing overtakes a suspect that is next


@given(lines())
def test_places_are_a_line_and_times_never_promise_what_nobody_measured(line: Line) -> None:
    places = forecast(line)
    assert sorted(item.place for item in places.values()) == list(range(1, len(line.waiting) + 1))
    by_id = {job.job_id: job for job in line.waiting}
    for job_id, item in places.items():
        job = by_id[job_id]
        if job.expected_s is None or line.rows.get(job.engine, 0) == 0:
            assert item.made_in_s is None
        elif item.made_in_s is not None:
            assert item.made_in_s >= job.expected_s


@given(lines())
def test_the_first_place_is_who_starts_first(line: Line) -> None:
    free = {name: rows - sum(job.engine == name for job in line.running) for name, rows in line.rows.items()}
    next_ones = startable(line, free, device_is_idle=True)
    if next_ones:
        assert forecast(line)[next_ones[0].job_id].place == 1


def test_more_rows_make_everyone_be_served_sooner() -> None:
    jobs = tuple(Waiting(f"j{n}", f"p{n}", "red", "arranger", float(n), expected_s=10.0) for n in range(8))
    line = Line(10.0, jobs, rows={"arranger": 1})
    assert seconds_until_empty(line) == 80.0
    assert seconds_until_empty(replace(line, rows={"arranger": 4})) == 20.0
    running = (Running("r", "x", "red", "arranger", ends_at=15.0),)
    assert seconds_until_empty(replace(line, running=running)) == 85.0
    assert seconds_until_empty(replace(line, running=(Running("r", "x", "red", "arranger"),))) is None


def test_a_line_of_five_hundred_is_foreseen_quickly_and_whole() -> None:
    jobs = tuple(Waiting(f"j{n}", f"p{n % 50}", f"g{n % 7}", "arranger", float(n), expected_s=3.0) for n in range(500))
    places = forecast(Line(600.0, jobs, rows={"arranger": 2}))
    assert len(places) == 500
    assert max(item.made_in_s or 0.0 for item in places.values()) == 750.0


def test_a_running_job_is_judged_by_its_own_pace() -> None:
    assert remaining_s(0.5, 10.0, 100.0) == 10.0
    assert remaining_s(0.0, 10.0, 100.0) == 90.0
    assert remaining_s(0.0, 200.0, 100.0) == 1.0
    assert remaining_s(0.0, 10.0, None) is None
