"""What a member says of a clip, the whole way: told at the check-in, listened for, kept in the recipe, replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.request import Operation, Request
from generation.service import Service, Verdict
from tests.support import clips, music
from tests.support.clips import wav_bytes
from tests.support.scripted_service import member


@pytest.fixture
async def band(tmp_path: Path) -> AsyncIterator[Service]:
    """The real engines that need no weights."""
    engines = {"arranger": EngineOptions(), "studio": EngineOptions()}
    async with Service(ServiceConfig(tmp_path / "data", engines=engines, threads_per_worker=1)) as service:
        yield service


async def test_a_tempo_that_is_said_reaches_the_band_and_the_replay(band: Service) -> None:
    song = music.write(music.Plan(303.0, lead_in_s=0.11, duration_s=16.0))
    checked = await band.check_in(wav_bytes(music.render(song)), name="fast.wav", owner=member())
    assert "no steady beat" in checked.hearing.sentence()
    assert any("say its tempo" in remark for remark in checked.remarks)

    request = Request(Operation.ACCOMPANY, "punk, 300 bpm", (checked.clip_id,), seed=3)
    ticket = await band.submit(request, member(), key="1")
    stages = {status.stage async for status in ticket.updates()}
    (take,) = await ticket.takes()
    assert "listening" in stages
    details = take.recipe.details
    assert details["tempo_bpm"] == pytest.approx(303, rel=0.02)
    assert details["said_of_clip"]["tempo_bpm"] == 300.0
    assert "303 BPM" in details["heard"][0]
    assert any(remark.startswith("With what you say of the clip I hear: 16.0 s, 303 BPM") for remark in take.remarks)
    assert (await band.hearing(checked.clip_id)).tempo_bpm is None  # others hear the clip as it was heard

    again = await band.replay(take.take_id)
    assert again.verdict is Verdict.IDENTICAL, again


@pytest.mark.parametrize("words", ["none", "Keep "])
async def test_a_blend_whose_clips_stay_in_their_keys_is_made_and_replayed(band: Service, words: str) -> None:
    """No key is said of a clip by this: what is listened for must not take it for a name."""
    first, second = (wav_bytes(clips.little_song(tempo, tonic)) for tempo, tonic in ((100, 0), (104, 3)))
    checked = [await band.check_in(data, name="song.wav", owner=member()) for data in (first, second)]
    clip_ids = tuple(clip.clip_id for clip in checked)
    request = Request(Operation.BLEND, clip_ids=clip_ids, engine="studio", key=words, seed=3)
    (take,) = await (await band.submit(request, member(), key="1")).takes()
    assert take.recipe.details["semitones"] == [0, 0]
    assert (await band.replay(take.take_id)).verdict is Verdict.IDENTICAL
