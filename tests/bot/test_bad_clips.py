"""Clips that no musician would hand in, in `bandmate generate`'s way: a take or a sentence that says what is wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from bot import generate
from bot.app import open_service
from bot.settings import Settings
from generation.audio.decode import decode
from generation.clip import Clip
from generation.errors import BandmateError
from generation.request import Operation
from generation.service import Service
from tests.support.bad_clips import BAD_CLIPS
from tests.support.clips import wav_bytes

LENGTH_S = 2.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One for all clips: what starts anew with each `bandmate generate` is test_cli's matter."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), workers={"threads_per_worker": 1})
    async with open_service(settings) as opened:
        yield opened


@pytest.mark.parametrize("name", BAD_CLIPS)
async def test_a_bad_clip_becomes_music_and_is_told(
    name: str,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @asynccontextmanager
    async def opened(_: Settings) -> AsyncIterator[Service]:
        yield service

    monkeypatch.setattr(generate, "open_service", opened)
    monkeypatch.setattr(generate, "configure_logs", lambda _: None)
    bad = BAD_CLIPS[name]
    clip, out = tmp_path / "clip.wav", tmp_path / "take.wav"
    clip.write_bytes(wav_bytes(bad.make()))
    typed = generate.Typed("soul", (clip,), Operation.RESTYLE, LENGTH_S, None, None, 1, out)
    refusal = ""
    try:
        await generate.generate_take(typed, Settings(data_dir=tmp_path / "data"))
    except BandmateError as error:
        refusal = str(error)
    said = " ".join(f"{capsys.readouterr().err} {refusal}".split())
    assert re.search(bad.said, said), said
    assert out.exists() is bad.is_taken and bad.is_taken is (not refusal), said
    if bad.is_taken:
        take = (await decode(out.read_bytes())).clip
        assert take.duration_s == pytest.approx(LENGTH_S, abs=0.1)
        assert share_sounding(take) > 0.8


def share_sounding(take: Clip) -> float:
    """The share of the tenths of a second in which something is heard."""
    tenth = take.sample_rate_hz // 10
    mono = take.to_mono().samples[0]
    peaks = np.abs(mono[: mono.size // tenth * tenth].reshape(-1, tenth)).max(axis=1)
    return float((peaks > 0.01).mean())
