"""A clip's channels: what mono is of stereo, also where one side is wired the wrong way round."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.analyse import analyse
from generation.clip import Clip
from tests.support import clips


def stereo(left: Clip, right: np.ndarray) -> Clip:
    return Clip(np.stack([left.samples[0], right.astype(np.float32)]), left.sample_rate_hz)


def test_mono_is_the_mean() -> None:
    tone = clips.tone(0.5, channels=1)
    mono = stereo(tone, np.zeros(tone.num_frames)).to_mono()
    np.testing.assert_allclose(mono.samples, tone.samples / 2, atol=1e-7)


@pytest.mark.parametrize("balance", [1.0, 0.8])
def test_channels_that_cancel_stay_music(balance: float) -> None:
    song = clips.little_song(120, 0, "major", 2)
    mono = stereo(song, -balance * song.samples[0]).to_mono()
    assert np.abs(np.corrcoef(mono.samples[0], song.samples[0])[0, 1]) == pytest.approx(1.0)
    assert np.square(mono.samples).mean() == pytest.approx(np.square(song.samples).mean(), rel=0.25)


def test_a_song_out_of_phase_is_heard() -> None:
    song = clips.little_song(120, 0, "major", 6)
    heard = analyse(stereo(song, -song.samples[0]))
    assert heard.tempo_bpm == pytest.approx(120, rel=0.01)
    assert heard.key is not None
    assert not any("silent" in remark for remark in heard.remarks)
