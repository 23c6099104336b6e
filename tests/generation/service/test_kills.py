"""Killed at any moment: a worker under its job, the whole service with its worker; nothing lost, nothing twice."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from generation.errors import EngineFailed
from generation.jobs import JobState
from generation.service import Service
from tests.support.scripted_service import admissions, eventually, is_alive, member, scripted, scripted_config

RUN_A_SERVICE = """
import asyncio, sys
from pathlib import Path
from generation.service import Service
from tests.support.scripted_service import member, scripted, scripted_config

async def main(folder, prompts):
    async with Service(scripted_config(folder)) as service:
        for number, prompt in enumerate(prompts):
            ticket = await service.submit(scripted(prompt), member(f"person{number}"), key=f"key{number}")
            print(ticket.job_id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
"""


async def test_a_job_whose_worker_dies_once_is_made_by_the_next_one(service: Service, tmp_path: Path) -> None:
    for prompt in ("kill once", "oom once"):
        ticket = await service.submit(scripted(prompt), member(), key=prompt)
        (take,) = await ticket.takes()
        begun = admissions(tmp_path, ticket.job_id)
        assert len(begun) == len(set(begun)) == 2
        assert take.recipe.details["pid"] == begun[1]


async def test_a_job_that_kills_its_worker_twice_is_set_aside_and_the_next_is_made(
    service: Service, tmp_path: Path
) -> None:
    ticket = await service.submit(scripted("crash"), member(), key="1")
    with pytest.raises(EngineFailed, match=r"2 times.*it crashed"):
        await ticket.takes()
    assert len(admissions(tmp_path, ticket.job_id)) == 2
    assert len(await (await service.submit(scripted("fine"), member(), key="2")).takes()) == 1


async def test_a_step_that_hangs_is_killed(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, step_limit_s=2.5, max_worker_deaths=5)  # one that stands still looks like it
    async with Service(config) as service:
        ticket = await service.submit(scripted("hang once"), member(), key="1")
        (take,) = await asyncio.wait_for(ticket.takes(), 60)
        hung, *_, last = admissions(tmp_path, ticket.job_id)
        assert take.recipe.details["pid"] == last != hung
        assert not is_alive(hung)


async def test_a_suspect_runs_alone_so_that_its_neighbours_are_not_blamed(tmp_path: Path) -> None:
    """Four rows; one job kills the worker each time it runs: the three others are made, whatever it does."""
    config = scripted_config(tmp_path, engine={"max_jobs": 4})
    async with Service(config) as service:
        good = [await service.submit(scripted("slow 0.8"), member(f"p{n}"), key=f"good{n}") for n in range(3)]
        bad = await service.submit(scripted("slow 0 raise"), member("bad"), key="bad")
        takes = await asyncio.gather(*(ticket.takes() for ticket in good))
        assert [len(item) for item in takes] == [1, 1, 1]
        with pytest.raises(EngineFailed, match="2 times"):
            await bad.takes()


async def test_rows_are_shared_by_takes_and_jobs(tmp_path: Path) -> None:
    """Two rows: the two takes of one job are made side by side, so both take the time of one."""
    async with Service(scripted_config(tmp_path, engine={"max_jobs": 2})) as service:
        ticket = await service.submit(scripted("slow 1.5", num_takes=2), member(), key="1")
        await eventually(lambda: len(admissions(tmp_path, ticket.job_id, 1)) == 1)
        assert (await service.status(ticket.job_id)).state is JobState.RUNNING
        assert len(await ticket.takes()) == 2


async def test_kill_9_of_everything_and_a_new_start_make_each_job_once(tmp_path: Path) -> None:
    prompts = ["slow 1.5", "slow 0.1", "slow 0.1"]
    command = [sys.executable, "-c", RUN_A_SERVICE, str(tmp_path), *prompts]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    job_ids = await _read_job_ids(process, len(prompts))
    await eventually(lambda: len(admissions(tmp_path, job_ids[0])) == 1)
    process.kill()
    await process.wait()
    (worker,) = admissions(tmp_path, job_ids[0])
    await eventually(lambda: not is_alive(worker))  # it must not outlive its service

    async with Service(scripted_config(tmp_path)) as service:
        finished = []
        async for job in service.finished("discord"):
            finished.append(job)
            await service.mark_delivered(job.status.job_id, "message")
            if len(finished) == len(prompts):
                break
        assert sorted(job.status.job_id for job in finished) == sorted(job_ids)
        assert all(len(job.takes) == 1 for job in finished)
        again = await service.submit(scripted(prompts[0]), member("person0"), key="key0")
        assert again.job_id == job_ids[0]
        assert (await service.status(again.job_id)).state is JobState.DELIVERED
    assert len(admissions(tmp_path, job_ids[0])) == 2
    assert {len(admissions(tmp_path, job_id)) for job_id in job_ids[1:]} == {1}


async def _read_job_ids(process: asyncio.subprocess.Process, number: int) -> list[str]:
    if process.stdout is None:
        raise LookupError("no pipe")
    found: list[str] = []
    async for line in process.stdout:
        if re.fullmatch(rb"[0-9a-f]{16}\n", line):
            found.append(line.decode().strip())
        if len(found) == number:
            return found
    raise LookupError(f"the service ended after saying {found}")


async def test_closing_finishes_what_fits_the_grace_and_hands_back_the_rest(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, stop_grace_s=6.0)
    async with Service(config) as service:
        quick = await service.submit(scripted("slow 0.5"), member("ann"), key="quick")
        waiting = await service.submit(scripted("slow 60 once"), member("ben"), key="waiting")
        await eventually(lambda: len(admissions(tmp_path, quick.job_id)) == 1)
    async with Service(config) as service:
        assert (await service.status(quick.job_id)).state is JobState.MADE
        await eventually(lambda: len(admissions(tmp_path, waiting.job_id)) == 1)
    (worker,) = admissions(tmp_path, waiting.job_id)
    assert not is_alive(worker)
    async with Service(config) as service:
        await eventually(lambda: len(admissions(tmp_path, waiting.job_id)) == 2)
        row = await service._ledger.jobs.get(waiting.job_id)
        assert (row.attempts, row.worker_deaths) == (1, 0)  # being handed back costs nothing
        await service.cancel(waiting.job_id)


async def test_two_services_on_one_ledger_share_the_jobs(tmp_path: Path) -> None:
    config = scripted_config(tmp_path)
    async with Service(config) as first, Service(config) as second:
        tickets = [await first.submit(scripted("slow 0.4"), member(f"p{n}"), key=f"k{n}") for n in range(6)]
        takes = await asyncio.gather(*(ticket.takes() for ticket in tickets))  # also of jobs that the second makes
        assert len({take.recipe.details["pid"] for (take,) in takes}) == 2
        assert [len(admissions(tmp_path, ticket.job_id)) for ticket in tickets] == [1] * 6
        handed_out = []
        async for job in first.finished("discord"):
            handed_out.append(job.status.job_id)
            if len(handed_out) == 6:
                break
        with pytest.raises(TimeoutError):  # the other one must not answer them too
            await asyncio.wait_for(anext(aiter(second.finished("discord"))), 0.7)


async def test_a_job_made_by_another_service_can_be_cancelled_from_here(tmp_path: Path) -> None:
    config = scripted_config(tmp_path, lease_s=3)
    async with Service(config) as maker:
        ticket = await maker.submit(scripted("slow 60"), member(), key="k")
        await eventually(lambda: len(admissions(tmp_path, ticket.job_id)) == 1)
        async with Service(config) as other:
            assert (await other.status(ticket.job_id)).state is JobState.RUNNING
            assert await other.cancel(ticket.job_id)
        await eventually((tmp_path / "counts" / f"cancelled-{ticket.job_id}-0").exists)
