"""A take as the backing of a clip: made, with its family, its stem and its replay, by the real arranger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from generation.audio.levels import measure
from generation.audio.store import AudioStore
from generation.config import ServiceConfig
from generation.errors import RequestRefused, TakeNotFound
from generation.request import Operation, Request
from generation.service import Service, Verdict
from tests.support.clips import wav_bytes
from tests.support.heard_songs import song_clip
from tests.support.scripted_service import member


@pytest.fixture
async def band(tmp_path: Path) -> AsyncIterator[Service]:
    async with Service(ServiceConfig(tmp_path / "data", threads_per_worker=1)) as service:
        yield service


async def test_a_take_is_laid_under_a_clip_until_it_is_taken_back(band: Service, tmp_path: Path) -> None:
    composed = Request(Operation.COMPOSE, "rock in D major at 112 bpm", duration_s=8.0, seed=3)
    (take,) = await (await band.submit(composed, member(), key="take")).takes()
    clip, _ = song_clip(tempo_bpm=104.0, duration_s=10.0)
    mine = await band.check_in(wav_bytes(clip), name="mine.wav", owner=member())

    whole = await band.clip_of_take(take.take_id, owner=member())
    parts = await band.backings.parts_of(take, whole, owner=member(), under=mine.hearing, key="F major")
    let_in = (whole, *parts)
    assert [item.name.replace(take.take_id, "T") for item in let_in] == [
        "take T", "the drums of take T", "take T without drums",
    ]  # fmt: skip
    ids = (mine.clip_id, *(item.clip_id for item in let_in))
    request = Request(Operation.ACCOMPANY, "", ids, key="F major", parent_take_ids=(take.take_id,))
    (made,) = await (await band.submit(request, member(), key="backed")).takes()

    assert made.parents == (take.take_id,) and made.duration_s == pytest.approx(clip.duration_s, abs=0.05)
    details = made.recipe.details
    assert details["drums_not_transposed"] and details["semitones"] == pytest.approx(3, abs=0.3)
    store = AudioStore(tmp_path / "data" / "audio")
    stem = store.get(made.stem_hashes["backing"])
    assert np.abs(stem.samples).max() > 0.02
    assert measure(store.get(made.audio_hash)).loudness_lufs == pytest.approx(-14.0, abs=1.0)
    family = await band.sharing.family(made.take_id)
    assert {member.take_id for member in family.members} == {take.take_id, made.take_id}
    assert (await band.replay(made.take_id)).verdict is Verdict.IDENTICAL

    alone = await band.backings.parts_of(take, whole, owner=member(), under=whole.hearing)
    assert alone == ()  # in its own key it is enough alone
    await band.sharing.retract(take.take_id, member().person_id)
    with pytest.raises((TakeNotFound, RequestRefused)):
        await band.clip_of_take(take.take_id, owner=member())


@pytest.mark.parametrize("number", [3, 5])
def test_no_more_than_a_clip_and_a_backing_are_accompanied(number: int) -> None:
    with pytest.raises(RequestRefused, match="one more as its backing"):
        Request(Operation.ACCOMPANY, "", tuple(map(str, range(number))))
