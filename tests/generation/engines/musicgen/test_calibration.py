"""Keys and values in int8: no value is cut off, the range is used, and a row's memory is what is reckoned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.linear import Precision
from generation.request import Sampling
from tests.generation.engines.musicgen import reference

KINDS = ("mono", "stereo", "melody")


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_or_value_of_a_take_is_cut_off(checkpoints: dict[str, Path], kind: str) -> None:
    ours = reference.load(checkpoints[kind], Precision.INT8)
    batch = reference.make_batch(ours, 1)
    reference.decode(batch, reference.make_row(ours, 300, words="slow jazz with piano", sampling=Sampling(), seed=3))
    for layer in batch.cache.past:
        largest = layer.int().abs().amax(dim=(1, 3))  # of each channel
        assert int(largest.max()) < 127
        assert float(largest.float().mean()) > 16


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.FLOAT32])
def test_a_row_takes_the_memory_that_is_reckoned(checkpoints: dict[str, Path], precision: Precision) -> None:
    shape = reference.load(checkpoints["mono"]).shape
    cache = Cache(shape, precision, 2, reference.CPU)
    memory = [*cache.past, *cache.prompts, cache.rows.sequence, cache.rows.noise]
    assert sum(tensor.nbytes for tensor in memory) == 2 * Cache.num_bytes(shape, precision)


def test_a_line_of_zeros_gives_finite_logits(checkpoints: dict[str, Path]) -> None:
    """Its scale is 0, by which nothing can be divided."""
    ours = reference.load(checkpoints["mono"], Precision.INT8)
    layers = reference.make_batch(ours, 1).decoder.layers
    logits = layers.predict(torch.zeros(1, ours.shape.hidden), 2, torch.zeros(1, dtype=torch.int64), 64)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("kind", KINDS)
def test_positions_read_together_are_remembered_as_one_after_another(checkpoints: dict[str, Path], kind: str) -> None:
    """A clip is read by another way than a step goes; both round keys and values, and hardly ever differently."""
    ours = reference.load(checkpoints[kind], Precision.INT8)
    hidden = torch.randn(1, 2, 40, ours.shape.hidden, generator=torch.Generator().manual_seed(1))
    together, singly = (reference.make_batch(ours, 1).decoder for _ in range(2))
    for first, last in ((0, 25), (25, 39)):
        together.layers.remember(0, hidden[0, :1, first:last].expand(2, -1, -1), first)
    for place in range(39):
        singly.layers.predict(hidden[0, :1, place], 2, torch.tensor([place]), 64)
    for ahead, behind in zip(together.cache.past, singly.cache.past, strict=True):
        assert int((ahead.int() - behind.int()).abs().max()) <= 3
    next_position = (hidden[0, :1, 39], 2, torch.tensor([39]), 64)
    logits = [each.layers.predict(*next_position).clone() for each in (together, singly)]
    assert float((logits[0] - logits[1]).square().mean().sqrt() / logits[1].std()) < 0.05
