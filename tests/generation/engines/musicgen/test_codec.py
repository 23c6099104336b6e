"""EnCodec in chunks: the joined chunks equal the whole, and a chunk never changes what came before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generation.clip import Clip
from generation.engines.musicgen.loading import read
from generation.engines.musicgen.plan import heard_part
from tests.generation.engines.musicgen import reference

TOLERANCE = 1e-5
"""Of full scale: what rounding in another order of sums makes; -100 dB."""


@pytest.mark.parametrize("kind", ["mono", "stereo"])
@pytest.mark.parametrize("steps", [[120], [7, 30, 33, 90, 120], list(range(1, 121))])
def test_chunks_equal_the_whole(checkpoints: dict[str, Path], kind: str, steps: list[int]) -> None:
    codec = reference.load(checkpoints[kind]).codec
    channels = codec.shape.num_channels
    codes = torch.randint(0, 64, (4 * channels, 120), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        sides = [codec.model.decode(codes[None, None, side::channels], [None]).audio_values for side in range(channels)]
    whole = torch.cat(sides, dim=1)[0].numpy()
    decoder = codec.decoder()
    chunks = [decoder.decode(codes[:, :end], last=end == 120) for end in steps]
    joined = np.concatenate(chunks, axis=1)
    assert joined.shape == whole.shape == (channels, 120 * 640)
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(joined, whole, atol=TOLERANCE)


def test_frames_that_are_ready_are_those_that_come_out(checkpoints: dict[str, Path]) -> None:
    decoder = reference.load(checkpoints["mono"]).codec.decoder()
    codes = torch.zeros(4, 60, dtype=torch.int64)
    ready = decoder.ready(60)
    assert decoder.decode(codes).shape[1] == ready * 640
    assert ready >= 50


@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_encoding_is_that_of_transformers(checkpoints: dict[str, Path], clip: Clip, kind: str) -> None:
    ours = reference.load(checkpoints[kind])
    heard = heard_part(clip, ours.shape)
    model, _ = read(str(checkpoints[kind]), "")
    with torch.no_grad():
        left = model.audio_encoder.encode(torch.from_numpy(heard.samples[None, :1].copy())).audio_codes[0, 0]
    assert torch.equal(ours.codec.encode(heard)[:: ours.shape.num_channels], left)
    assert heard.num_frames == 320_000
