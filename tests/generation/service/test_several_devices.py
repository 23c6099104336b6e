"""Several devices: a worker process for each, takes made side by side, and each recipe says on which."""

from __future__ import annotations

from pathlib import Path

from generation.jobs import JobState
from generation.service import Service
from tests.support.scripted_service import admissions, eventually, member, scripted, scripted_config


async def test_two_devices_make_two_takes_at_once(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path, devices=("cpu", "cuda:0"))) as service:
        tickets = [await service.submit(scripted("slow 1.5"), member(f"p{n}"), key=str(n)) for n in range(2)]
        await eventually(lambda: all(admissions(tmp_path, ticket.job_id) for ticket in tickets))
        assert [(await service.status(ticket.job_id)).state for ticket in tickets] == [JobState.RUNNING] * 2
        recipes = [(await ticket.takes())[0].recipe for ticket in tickets]
    assert len({recipe.details["pid"] for recipe in recipes}) == 2
    assert {recipe.device_kind for recipe in recipes} == {"cpu", "cuda"}
