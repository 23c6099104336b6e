"""Files that people really send, from their bytes to the take: each gives music or one clear sentence, never noise."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from generation.audio.check.limits import CheckLimits
from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.errors import EngineFailed
from generation.request import Operation, Request, Take
from generation.service import Service
from tests.support.clips import encoded, run_ffmpeg, wav_bytes
from tests.support.heard_songs import song_clip
from tests.support.scripted_service import member

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("band")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def band(folder: Path) -> AsyncIterator[Service]:
    """The real engines that need no weights; one service for all, as it is in life."""
    engines = {"arranger": EngineOptions(), "studio": EngineOptions()}
    async with Service(ServiceConfig(folder / "data", engines=engines, threads_per_worker=1)) as service:
        yield service


async def sent(band: Service, data: bytes) -> str:
    return (await band.check_in(data, name="sent", owner=member())).clip_id


async def made(band: Service, operation: Operation, *files: bytes, **wishes: object) -> Take:
    ids = tuple([await sent(band, data) for data in files])
    engine = "studio" if operation in (Operation.BLEND, Operation.LOOP) else "arranger"
    request = Request(operation, "pop" if engine == "arranger" else "", ids, engine=engine, seed=3, **wishes)  # type: ignore[arg-type]
    (take,) = await (await band.submit(request, member(), key=f"{operation} {ids}")).takes()
    return take


def assert_music(take: Take, folder: Path) -> Clip:
    """Sound at the usual loudness, without clipping, that the checks have nothing to say against."""
    limits, measured = CheckLimits(), take.recipe.details["measured"]
    assert measured["loudness_lufs"] == pytest.approx(-14, abs=limits.loudness_lu)
    assert measured["true_peak_dbfs"] <= -1 + limits.true_peak_db
    assert measured["silence_share"] < limits.silence_share
    assert not [told for told in take.remarks if re.search(r"can be heard|I hear \d+ BPM|cut off|drifts", told)]
    clip = AudioStore(folder / "data" / "audio").get(take.audio_hash)
    steps = np.abs(np.diff(clip.samples, axis=1))
    assert float(np.square(steps).mean()) < 0.5 * float(np.square(clip.samples).mean())  # of white noise: 2
    return clip


async def test_two_clips_of_60_and_178_bpm_meet(band: Service, folder: Path) -> None:
    slow, fast = song_clip(tempo_bpm=60.0, duration_s=12.0)[0], song_clip(tempo_bpm=178.0, duration_s=8.0)[0]
    take = await made(band, Operation.BLEND, encoded(slow, "flac"), encoded(fast, "flac"))
    assert_music(take, folder)
    assert max(abs(1 / factor - 1) for factor in take.recipe.details["stretch"]) < 0.3  # 60 against 178 / 2 or / 4
    assert any("they meet at" in told for told in take.remarks)


async def test_a_clip_without_beats_is_laid_over_the_other(band: Service, folder: Path) -> None:
    calm, _ = song_clip(tempo_bpm=84.0, drums="none", lead=False, bass=False, duration_s=8.0)  # a chord every 2.9 s
    take = await made(band, Operation.BLEND, encoded(song_clip(duration_s=8.0)[0], "flac"), encoded(calm, "flac"))
    assert_music(take, folder)
    assert "I hear no steady beat in the second clip, so I laid it over the other as it is." in take.remarks


async def test_a_moment_is_gone_on_from(band: Service, folder: Path) -> None:
    moment = song_clip(duration_s=6.0)[0].cut(2.0, 2.4)
    take = await made(band, Operation.EXTEND, encoded(moment, "wav"), duration_s=5.0)
    assert assert_music(take, folder).duration_s == pytest.approx(5.4, abs=0.05)
    assert any("no steady beat" in told for told in take.remarks)


async def test_a_loop_of_64_bars_of_five_seconds_is_one_sentence(band: Service) -> None:
    five = encoded(song_clip(tempo_bpm=112.0, duration_s=5.0)[0], "flac")
    with pytest.raises(
        EngineFailed, match=r"^The clip has 2 whole bars at 112 BPM, too few for a loop of 64: ask for 1"
    ):
        await made(band, Operation.LOOP, five, bars=64)


async def test_channels_out_of_phase_are_music_on_one_loudspeaker_too(band: Service, folder: Path) -> None:
    song = song_clip(duration_s=8.0)[0]
    turned = wav_bytes(Clip(np.concatenate((song.samples, -song.samples)), 44_100))
    for operation, wishes in ((Operation.LOOP, {"bars": 2}), (Operation.EXTEND, {"duration_s": 4.0})):
        clip = assert_music(await made(band, operation, turned, **wishes), folder)
        together = float(np.square(clip.samples.mean(axis=0)).mean())
        assert together > 0.2 * float(np.square(clip.samples).mean())


async def test_an_mp3_at_11_khz_in_mono_gets_its_band(band: Service, folder: Path) -> None:
    told = ["-ac", "1", "-ar", "11025", "-c:a", "libmp3lame", "-b:a", "32k"]
    phone = run_ffmpeg(["-f", "wav", "-i", "pipe:0", *told], ".mp3", wav_bytes(song_clip(duration_s=8.0)[0]))
    take = await made(band, Operation.ACCOMPANY, phone)
    assert assert_music(take, folder).duration_s == pytest.approx(8.0, abs=0.1)
    assert take.sample_rate_hz >= 44_100 and "backing" in take.stem_hashes
