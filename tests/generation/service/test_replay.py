"""Replay: made again by its recipe, a take is the same, or it is said what has changed."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generation.audio.levels import measure
from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.errors import TakeNotFound
from generation.jobs import JobState
from generation.request import AudioFormat, Operation, Recipe, Request
from generation.service import Service, Verdict
from generation.service.replay import Replay, changes_between, difference_db, replay_take
from tests.support.heard_songs import song_clip
from tests.support.scripted_service import member, scripted
from tests.support.tiny_checkpoint import build_tiny_musicgen


def wav(clip: Clip) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, clip.samples.T, clip.sample_rate_hz, format="WAV", subtype="PCM_24")
    return file.getvalue()


@pytest.fixture
async def band(tmp_path: Path) -> AsyncIterator[Service]:
    """The real engines that need no weights."""
    engines = {"arranger": EngineOptions(), "studio": EngineOptions()}
    async with Service(ServiceConfig(tmp_path / "data", engines=engines, threads_per_worker=1)) as service:
        yield service


async def test_takes_of_every_kind_come_out_identical_and_as_promised(band: Service, tmp_path: Path) -> None:
    clip, _ = song_clip(duration_s=6.0)
    other, _ = song_clip(tempo_bpm=100.0, duration_s=5.0)
    one = await band.check_in(wav(clip), name="one.wav", owner=member())
    two = await band.check_in(wav(other), name="two.wav", owner=member())
    ids = (one.clip_id,)
    asked = [
        Request(Operation.COMPOSE, "lofi with rhodes", duration_s=3.0, num_takes=2),
        Request(Operation.COMPOSE, "in this style", ids, duration_s=3.0),
        Request(Operation.EXTEND, "rock", ids, duration_s=3.0, num_takes=2),
        Request(Operation.VARY, "", ids, duration_s=3.0, strength=0.7),
        Request(Operation.RESTYLE, "bossa nova", ids, duration_s=3.0),
        Request(Operation.ACCOMPANY, "strings", ids),
        Request(Operation.LOOP, clip_ids=ids, engine="studio", bars=1, audio_format=AudioFormat.FLAC),
        Request(Operation.BLEND, clip_ids=(one.clip_id, two.clip_id), engine="studio"),
    ]
    assert {request.operation for request in asked} == set(Operation)
    store = AudioStore(tmp_path / "data" / "audio")
    for number, request in enumerate(asked):
        takes = await (await band.submit(request, member(), key=str(number))).takes()
        again = await band.replay(takes[-1].take_id)
        assert again.verdict is Verdict.IDENTICAL, (request.operation, again)
        assert again.sentence() == "Identical, sample for sample."
        assert again.again is not None and again.again.parents == ()
        levels = measure(store.get(takes[-1].audio_hash))
        assert levels.loudness_lufs == pytest.approx(-14.0, abs=1.0)
        assert levels.true_peak_dbfs is not None and levels.true_peak_dbfs <= -0.9
        assert takes[-1].recipe.details["measured"]["loudness_lufs"] == pytest.approx(levels.loudness_lufs, abs=0.05)


async def test_takes_of_a_neural_engine_come_out_identical(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    models = [str(build_tiny_musicgen(tmp_path / kind, kind=kind)) for kind in ("mono", "melody")]
    options = EngineOptions({"models": models, "accept_licence": True, "precision": "float32"})
    clip, _ = song_clip(duration_s=3.0)
    engines = {"musicgen": options}
    config = ServiceConfig(tmp_path / "data", engines=engines, preload_engines=("musicgen",), threads_per_worker=1)
    async with Service(config) as service:
        heard = await service.check_in(wav(clip), name="one.wav", owner=member())
        ids = (heard.clip_id,)
        asked = [
            Request(Operation.COMPOSE, "lo fi", engine="musicgen", duration_s=1.0),
            Request(Operation.COMPOSE, "lo fi", ids, engine="musicgen", duration_s=1.0),
            Request(Operation.EXTEND, "rock", ids, engine="musicgen", duration_s=1.0),
            Request(Operation.VARY, "rock", ids, engine="musicgen", strength=0.5),
            Request(Operation.RESTYLE, "jazz", ids, engine="musicgen", model=models[1], duration_s=1.0),
        ]
        for number, request in enumerate(asked):
            (take,) = await (await service.submit(request, member(), key=str(number))).takes()
            again = await service.replay(take.take_id)
            assert again.sentence() == "Identical, sample for sample.", (request.operation, again)
            assert {"torch", "transformers", "numpy"} <= set(take.recipe.versions)
        pair = Request(Operation.COMPOSE, "lo fi", engine="musicgen", duration_s=1.0, num_takes=2, seed=5)
        takes = await (await service.submit(pair, member(), key="pair")).takes()
        again = await service.replay(takes[1].take_id)
        assert again.verdict is not Verdict.IMPOSSIBLE
        # two rows add up in another order than one: whatever comes of it, the replay names it
        assert again.changes == ("the takes computed at once (2 then, 1 now)",)


async def test_a_clip_that_has_changed_since_is_named(band: Service, tmp_path: Path) -> None:
    clip, _ = song_clip(duration_s=5.0)
    other, _ = song_clip(tempo_bpm=97.0, duration_s=5.0, seed=3)
    one = await band.check_in(wav(clip), name="one.wav", owner=member())
    two = await band.check_in(wav(other), name="two.wav", owner=member())
    request = Request(Operation.LOOP, clip_ids=(one.clip_id,), engine="studio", bars=1, audio_format=AudioFormat.FLAC)
    (take,) = await (await band.submit(request, member(), key="k")).takes()
    files = [next((tmp_path / "data" / "audio").glob(f"??/{row.clip_id}.flac")) for row in (one, two)]
    files[0].write_bytes(files[1].read_bytes())
    outcome = await band.replay(take.take_id)
    assert outcome.verdict is Verdict.DIFFERENT
    assert re.fullmatch(
        r"Different\. Changed since: the clips \([0-9a-f]{16} then, [0-9a-f]{16} now\)\.", outcome.sentence()
    )


async def test_a_replay_is_no_job_of_any_front_end(service: Service) -> None:
    (take,) = await (await service.submit(scripted("tune"), member(), key="k")).takes()
    outcome = await service.replay(take.take_id, member("ben"))
    assert outcome.verdict is Verdict.IDENTICAL and outcome.again is not None
    status = await service.status(outcome.again.job_id)
    assert status.state is JobState.DELIVERED
    assert (await service.origin(outcome.again.job_id)).front_end == "replay"


async def test_what_is_gone_or_fails_now_is_said(service: Service, tmp_path: Path) -> None:
    with pytest.raises(TakeNotFound):
        await service.replay("nobody-0")
    (take,) = await (await service.submit(scripted("tune"), member(), key="k")).takes()
    refused = replace(take, take_id="other-0", recipe=replace(take.recipe, request=scripted("refuse")))
    outcome = await replay_take(service, AudioStore(tmp_path / "data" / "audio"), refused)
    assert outcome.verdict is Verdict.IMPOSSIBLE
    assert outcome.sentence() == "It can't be made again: I won't play that."
    clips_gone = replace(refused, recipe=replace(take.recipe, request=scripted("x", clip_ids=("gone",))))
    outcome = await replay_take(service, AudioStore(tmp_path / "data" / "audio"), clips_gone)
    assert "not here any more" in outcome.sentence()
    other_seed = replace(take, recipe=replace(take.recipe, seed=99, engine_revision="scripted-0"))
    outcome = await replay_take(service, AudioStore(tmp_path / "data" / "audio"), other_seed)
    assert outcome.verdict is Verdict.DIFFERENT
    assert "the engine (scripted-0 then, scripted-1 now)" in outcome.sentence()
    old_numpy = {**take.recipe.versions, "numpy": "1.26.0"}
    outcome = await replay_take(
        service,
        AudioStore(tmp_path / "data" / "audio"),
        replace(take, recipe=replace(take.recipe, seed=99, versions=old_numpy)),
    )
    assert outcome.sentence() == f"Different. Changed since: numpy (1.26.0 then, {np.__version__} now)."


def test_changes_are_named() -> None:
    recipe = Recipe(Request(Operation.COMPOSE, "x"), 1, "arranger 1", "MIT", versions={"numpy": "2.0", "scipy": "1.14"})
    assert changes_between(recipe, recipe) == ()
    now = replace(
        recipe, engine_revision="arranger 2", device_kind="NVIDIA H200", versions={"numpy": "2.1", "soxr": "1"}
    )
    assert changes_between(recipe, now) == (
        "the engine (arranger 1 then, arranger 2 now)",
        "the device (cpu then, NVIDIA H200 now)",
        "numpy (2.0 then, 2.1 now)",
        "scipy (1.14 then, not used now)",
        "soxr (not used then, 1 now)",
    )
    made = [
        replace(recipe, details={"made_with": {"code": "1", "clips": ["a"], "target_lufs": lufs}})
        for lufs in (-14, -16)
    ]
    assert changes_between(*made) == ("the loudness (-14 then, -16 now)",)
    told = Replay("t", Verdict.DIFFERENT, changes=("numpy (2.0 then, 2.1 now)",)).sentence()
    assert told == "Different. Changed since: numpy (2.0 then, 2.1 now)."
    assert Replay("t", Verdict.DIFFERENT).sentence() == "Different. Nothing in its recipe says why."


def test_rounding_is_told_from_other_music() -> None:
    clip, _ = song_clip(duration_s=2.0)
    rounded = Clip(np.nextafter(clip.samples, np.float32(1)), clip.sample_rate_hz)
    near, far = difference_db(clip, rounded), difference_db(clip, Clip(-clip.samples, clip.sample_rate_hz))
    assert near is not None and near < -120
    assert far == pytest.approx(6.0, abs=0.1)
    assert difference_db(clip, clip.cut(0, 1)) is None
    assert "90 dB below the music" in Replay("t", Verdict.ROUNDING, difference_db=-90.0).sentence()
