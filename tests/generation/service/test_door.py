"""The door: daily limits, cool-down and the operator's word, with the whole service behind it and in sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from generation.engines.base import Capabilities
from generation.errors import EngineFailed, EngineUnavailable, RequestRefused, TooBusy
from generation.ledger import BudgetSpent
from generation.limits import RANGES, Budget, Resource, Whose
from generation.request import Operation, Request
from generation.service import Service
from generation.service.admission import least_music_s, over_budget, too_busy, too_soon
from generation.service.door import EVERY_FRONT_END, SERVICE
from tests.support.scripted_service import admissions, eventually, member, scripted, scripted_config


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with Service(scripted_config(tmp_path, daily_music_min_per_person=0.5)) as running:
        yield running


async def test_takes_count_and_failures_do_not(service: Service) -> None:
    with pytest.raises(EngineFailed):
        await (await service.submit(scripted("fail"), member(), key="1")).takes()
    await (await service.submit(scripted("x", num_takes=2, duration_s=15), member(), key="2")).takes()  # 2 s come out
    with pytest.raises(TooBusy, match=r"You may have 30 s of music a day\. 2 s went .* 28 s is left: ask for less now"):
        await service.submit(scripted("x", duration_s=29), member(), key="3")
    await service.submit(scripted("x", duration_s=28), member(), key="4")
    await service.submit(scripted("x", duration_s=29), member("ben"), key="5")


async def test_a_replay_counts_for_who_asks_for_it(service: Service) -> None:
    (take,) = await (await service.submit(scripted("x"), member(), key="1")).takes()
    await service.replay(take.take_id, member("ben"))
    with pytest.raises(TooBusy, match="1 s went into"):
        await service.submit(scripted("x", duration_s=30), member("ben"), key="2")


async def test_time_on_a_device_counts_whatever_comes_of_it(tmp_path: Path) -> None:
    async with Service(scripted_config(tmp_path, daily_device_s_per_person=1.5)) as service:
        ticket = await service.submit(scripted("slow 60"), member(), key="1")
        await eventually(lambda: len(admissions(tmp_path, ticket.job_id)) == 1)
        await eventually(lambda: service._dispatcher.device_s(ticket.job_id) > 1.6)
        assert await service.cancel(ticket.job_id)
        with pytest.raises(TooBusy, match=r"have 1 s of computing a day\. \d+ s went .* Ask again in about 24 h\."):
            await service.submit(scripted("x"), member(), key="2")


async def test_what_would_be_refused_is_refused_before_the_clip(service: Service) -> None:
    clip = Request(Operation.EXTEND, clip_ids=("awaited",), engine="scripted", duration_s=31)
    with pytest.raises(TooBusy, match="This asks for 31 s: ask for less"):
        await service.require_room(clip, member(), key="1")
    await service.require_room(clip.changed(duration_s=30), member(), key="1")
    with pytest.raises(EngineUnavailable, match="there are scripted"):
        await service.require_room(clip.changed(engine="theremin", duration_s=5), member(), key="1")
    with pytest.raises(EngineUnavailable, match="pip install"):
        await service.require_room(clip.changed(engine="missing", duration_s=5), member(), key="1")
    with pytest.raises(RequestRefused, match="no take 'never-0'"):
        await service.require_room(clip.changed(parent_take_ids=("never-0",), duration_s=5), member(), key="1")
    for number in range(5):
        await service.submit(scripted("slow 60", duration_s=1), member(), key=f"k{number}")
    with pytest.raises(TooBusy, match="You have 5 takes waiting"):
        await service.require_room(clip.changed(duration_s=1), member(), key="1")
    await service.require_room(clip, member(), key="k0")  # that one is in line already: it gets its ticket
    for job in await service.open_jobs("discord"):
        await service.cancel(job.status.job_id)


async def test_an_operators_word_replaces_the_settings_and_a_places_is_within_it(service: Service) -> None:
    async def choose(**limits: Any) -> None:
        await service.sharing.choose(EVERY_FRONT_END, SERVICE, limits)

    await choose(daily_music_min_per_person=2.0, max_jobs_per_person=1)
    assert service.door.limits == {**service.door.usual, "daily_music_min_per_person": 2.0, "max_jobs_per_person": 1.0}
    ticket = await service.submit(
        scripted("slow 60", duration_s=60), member(), key="1", place={"max_jobs_per_person": 9}
    )
    with pytest.raises(TooBusy, match="You have one take"):
        await service.submit(scripted("x"), member(), key="2", place={"max_jobs_per_person": 9})
    await service.cancel(ticket.job_id)
    await choose(max_jobs_per_person=None, cooldown_s=3600.0)
    with pytest.raises(TooBusy, match="one order every 1 h"):
        await service.submit(scripted("x"), member(), key="3", place={"cooldown_s": 1.0})
    await choose(cooldown_s=None)
    with pytest.raises(TooBusy, match="This server may have 6 s of music a day"):
        await service.submit(scripted("x"), member(), key="4", place={"daily_music_min_per_guild": 0.1})


async def test_another_service_on_the_ledger_learns_of_it(tmp_path: Path) -> None:
    config = scripted_config(tmp_path)
    async with Service(config) as here, Service(config) as there:
        place = ("person", "ann")
        await here.sharing.choose(EVERY_FRONT_END, SERVICE, {"max_jobs": 7})
        await here.sharing.choose("discord", place, {"seconds": 9.0})
        assert there.door.chosen == {}
        await there.sharing.remembered.refresh()
        assert there.door.chosen == {"max_jobs": 7.0}
        assert await there.sharing.chosen_at("discord", [place]) == {place: {"seconds": 9.0}}
        await here.privacy.forget("discord", "ann")
        assert await here.sharing.chosen_at("discord", [place]) == {}
        await there.sharing.remembered.refresh()
        assert await there.sharing.chosen_at("discord", [place]) == {}
    async with Service(config) as later:
        assert later.door.chosen == {"max_jobs": 7.0}
        assert later.door.usual.keys() == RANGES.keys()


def spent(limit_s: float, used_s: float, coming_s: float, wanted_s: float, room_in_s: float | None) -> BudgetSpent:
    budget = Budget(Whose.GUILD, Resource.MUSIC, limit_s)
    return BudgetSpent(budget, used_s=used_s, coming_s=coming_s, wanted_s=wanted_s, room_in_s=room_in_s)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (
            over_budget(spent(3600, 3500, 60, 90, 7000)),
            "This server may have 1 h of music a day. 58 min 20 s went into the last 24 hours, 1 min waits or is being"
            " made. 40 s is left: ask for less now, or again in about 1 h 57 min.",
        ),
        (
            over_budget(spent(600, 600, 0, 20, 30)),
            "This server may have 10 min of music a day. 10 min went into the last 24 hours. Ask again in about 31 s.",
        ),
        (
            over_budget(spent(600, 0, 600, 20, None)),
            "This server may have 10 min of music a day. 0 s went into the last 24 hours, 10 min waits or is being"
            " made. Ask for less, or again tomorrow.",
        ),
        (too_soon(30, 12.4), "There is one order every 30 s for each of you. Ask again in 13 s."),
        (
            too_busy("guild", 50, 3),
            "This server has 50 takes waiting or being made already. Ask again in about 3 minutes.",
        ),
    ],
)
def test_a_refusal_says_what_the_limit_is_how_much_is_used_and_when_there_is_room(refused: TooBusy, words: str) -> None:
    assert str(refused) == words


def test_how_much_an_order_asks_for_at_least() -> None:
    engine = Capabilities("e", frozenset(Operation), 60.0, 1, 16_000, "MIT")
    assert least_music_s(Request(Operation.RESTYLE, clip_ids=("awaited",), num_takes=2), engine) == 0.0
    assert least_music_s(Request(Operation.RESTYLE, clip_ids=("awaited",), num_takes=2, duration_s=9), engine) == 18.0
    assert least_music_s(Request(Operation.COMPOSE, "x"), engine) == 20.0
