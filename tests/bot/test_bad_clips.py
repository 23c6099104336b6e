"""Clips that no musician would hand in, through `bandmate generate`: a take or a sentence that says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from generation.audio.decode import decode
from generation.clip import Clip
from tests.bot.test_cli import bandmate
from tests.support.bad_clips import BAD_CLIPS
from tests.support.clips import wav_bytes

LENGTH_S = 2.0


@pytest.mark.parametrize("name", BAD_CLIPS)
async def test_a_bad_clip_becomes_music_and_is_told(name: str, tmp_path: Path) -> None:
    bad = BAD_CLIPS[name]
    clip, out = tmp_path / "clip.wav", tmp_path / "take.wav"
    clip.write_bytes(wav_bytes(bad.make()))
    words = ("generate", "--clip", str(clip), "soul", "--seed", "1", "--seconds", str(LENGTH_S), "--out", str(out))
    run = bandmate(*words, data_dir=tmp_path / "data")
    said = " ".join(run.stderr.split())
    assert re.search(bad.said, said), said
    assert run.returncode == (0 if bad.is_taken else 2), said
    assert "Traceback" not in said
    assert out.exists() is bad.is_taken
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
