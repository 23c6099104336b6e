"""A clip whose channels cancel each other is heard, and it is said what was done."""

import io

import numpy as np
import soundfile

from generation.audio.decode import decode
from generation.audio.phase import REMARK, turned_round
from tests.support.heard_songs import song_clip


async def test_an_inverted_channel_is_turned_round() -> None:
    clip, _ = song_clip(duration_s=3.0)
    file = io.BytesIO()
    soundfile.write(file, np.concatenate((clip.samples, -clip.samples)).T, 44_100, format="WAV")
    decoded = await decode(file.getvalue())
    assert REMARK in decoded.remarks
    np.testing.assert_allclose(decoded.clip.samples[0], decoded.clip.samples[1], atol=1e-4)
    assert np.abs(decoded.clip.to_mono().samples).max() > 0.3


def test_stereo_music_stays_as_it_is() -> None:
    random = np.random.default_rng(0)
    left, right = random.normal(0, 0.2, (2, 44_100)).astype(np.float32)
    for pair in ((left, right), (left, left), (left, 0.7 * right - 0.7 * left), (left, 0 * left), (left,)):
        samples = np.stack(pair).astype(np.float32)
        assert turned_round(samples)[1] is False
