"""What a member gets when a take falls short: a second try where the seed was drawn, and a plain word otherwise."""

from __future__ import annotations

from pathlib import Path

from generation.request import MAX_SEED
from generation.service import Service
from generation.worker.making import ANOTHER_SEED
from tests.support.scripted_service import admissions, member, scripted


async def test_a_silent_take_is_tried_once_more_with_another_seed(service: Service, tmp_path: Path) -> None:
    request = scripted("mute once")
    ticket = await service.submit(request, member(), key="1")
    (take,) = await ticket.takes()
    assert len(admissions(tmp_path, ticket.job_id)) == 2
    assert take.recipe.seed == (request.seed + ANOTHER_SEED) % (MAX_SEED + 1)
    assert not [told for told in take.remarks if "silent" in told]
    assert take.recipe.details["measured"]["true_peak_dbfs"] <= -0.9


async def test_what_stays_bad_is_delivered_with_a_plain_word(service: Service, tmp_path: Path) -> None:
    drawn = await service.submit(scripted("mute"), member(), key="1")
    given = await service.submit(scripted("mute", seed=5), member(), key="2")
    for ticket, num_tries in ((drawn, 2), (given, 1)):
        (take,) = await ticket.takes()
        assert "The take is silent." in take.remarks
        assert len(admissions(tmp_path, ticket.job_id)) == num_tries
    assert take.recipe.seed == 5
