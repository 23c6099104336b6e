"""The delay pattern against transformers' own, and back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import MusicgenDecoderConfig, MusicgenForCausalLM

from generation.engines.musicgen.delay import HOLE, codebook_delays, collect, frames_complete, lay_out, num_positions


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("known", "frames"), [(0, 6), (3, 9), (8, 9)])
def test_layout_is_that_of_transformers(channels: int, known: int, frames: int) -> None:
    config = MusicgenDecoderConfig(
        vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, ffn_dim=8,
        num_codebooks=4 * channels, audio_channels=channels, pad_token_id=16, bos_token_id=16,
    )  # fmt: skip
    prompt = torch.arange(4 * channels * known).reshape(4 * channels, known) % 16
    start = torch.full((4 * channels, 1), 16)
    delays = codebook_delays(4 * channels, channels)
    _, pattern = MusicgenForCausalLM(config).build_delay_pattern_mask(
        torch.cat([start, prompt], dim=1), pad_token_id=16, max_length=num_positions(frames, delays)
    )
    assert torch.equal(lay_out(prompt, frames, delays, 16), pattern)


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 2), st.integers(0, 40))
def test_collect_undoes_lay_out(frames: int, channels: int, known: int) -> None:
    delays = codebook_delays(4 * channels, channels)
    codes = torch.randint(0, 64, (4 * channels, frames))
    assert torch.equal(collect(lay_out(codes, frames, delays, 64), frames, delays), codes)
    holes = lay_out(codes[:, : min(known, frames)], frames, delays, 64) == HOLE
    assert int(holes.sum()) == (frames - min(known, frames)) * 4 * channels


def test_a_frame_is_complete_when_its_last_codebook_is_there() -> None:
    assert [frames_complete(position, (0, 1, 2, 3)) for position in (0, 3, 4, 5)] == [0, 0, 1, 2]
