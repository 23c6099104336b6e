"""Weights in 8 and 4 bits: how far they are from what they were, and that both forms of int4 are the same model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.quantised import BLOCK, LOWEST, Int4Linear, Int8Linear
from generation.request import Sampling
from tests.generation.engines.musicgen import reference


def weights_of(num_outputs: int, num_inputs: int) -> Tensor:
    """Outputs of very different loudness, one of them silent, one block of another one silent."""
    weight = torch.randn(num_outputs, num_inputs, generator=torch.Generator().manual_seed(1))
    weight *= torch.logspace(-4, 2, num_outputs)[:, None]
    weight[1] = 0
    weight[2, :BLOCK] = 0
    return weight


def of_blocks(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """What the layout of `MatMulNBits` means, float32 [outputs, inputs with those that fill up]."""
    weight = np.zeros((values.shape[0], values.shape[1] * BLOCK), np.float32)
    for place in range(weight.shape[1]):
        block, inside = divmod(place, BLOCK)
        byte = values[:, block, inside // 2]
        nibble = byte >> 4 if inside % 2 else byte & 15
        weight[:, place] = (nibble.astype(np.float32) + LOWEST) * scales[:, block]
    return weight


@pytest.mark.parametrize(("kind", "bound"), [(Int8Linear, 0.011), (Int4Linear, 0.14)])
@pytest.mark.parametrize("num_inputs", [64, 90])
def test_each_output_stays_close(kind: type[Int8Linear], bound: float, num_inputs: int) -> None:
    weight, inputs = weights_of(40, num_inputs), torch.eye(num_inputs)
    kept = kind(weight)(inputs).T
    error = (kept - weight).square().mean(1).sqrt()
    assert (error <= bound * weight.square().mean(1).sqrt()).all()
    assert torch.equal(kept[1], torch.zeros(num_inputs))
    assert torch.equal(kind(weight).add(torch.ones(num_inputs, 40), inputs), 1 + kept.T)


@pytest.mark.parametrize("num_inputs", [64, 90])
def test_4_bits_and_8_are_the_same_weights(num_inputs: int) -> None:
    linear = Int4Linear(weights_of(40, num_inputs))
    assert linear.num_bytes < 0.8 * 40 * (num_inputs + BLOCK)
    values, units = linear.take()
    blocks = of_blocks(*linear.take_blocks())
    np.testing.assert_allclose(blocks[:, :num_inputs], values.T * units[:, None], rtol=1e-6)
    assert not blocks[:, num_inputs:].any()


def test_an_older_processor_gets_values_that_are_never_cut_off(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without VNNI, sums of two products are kept in 16 bits."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("torch.cpu._is_vnni_supported", lambda: False)
    for kind in (Int8Linear, Int4Linear):
        values, _ = kind(weights_of(8, 64)).take()
        assert 2 * 255 * int(np.abs(values.astype(int)).max()) < 2**15
    ours = reference.load(checkpoints["mono"], Precision.INT8)
    codes = reference.decode(reference.make_batch(ours), reference.make_row(ours, 10))[0]
    assert codes.shape == (4, 10)


def test_weights_are_taken_once() -> None:
    linear = Int4Linear(weights_of(8, 64))
    linear.take()
    linear.take_blocks()
    for again in (linear.take, linear.take_blocks, lambda: linear(torch.eye(64))):
        with pytest.raises(RuntimeError, match="taken before"):
            again()


@pytest.mark.parametrize("kind", ["mono", "stereo", "melody"])
def test_in_4_bits_a_take_alone_and_in_company_is_of_one_model(checkpoints: dict[str, Path], kind: str) -> None:
    """Only the rounding of activations differs: far less than 4 bits differ from the weights as they were."""
    exact, ours = (reference.load(checkpoints[kind], precision) for precision in (Precision.FLOAT32, Precision.INT4))
    hidden = torch.randn(2, ours.shape.hidden, generator=torch.Generator().manual_seed(2))
    place = torch.tensor([0])
    alone = reference.make_batch(ours, 2).decoder.layers.predict(hidden[:1], 2, place, 64).clone()
    company = reference.make_batch(ours, 2).decoder.layers.predict(hidden, 2, place.repeat(2), 64)[:1].clone()
    wanted = reference.make_batch(exact, 2).decoder.layers.predict(hidden[:1], 2, place, 64)
    rounding, of_weights = (float((other - alone).square().mean().sqrt()) for other in (company, wanted))
    assert 0 < rounding < 0.25 * of_weights < 0.25 * 0.5 * float(wanted.std())


def test_in_4_bits_a_clip_is_gone_on_from_and_the_same_again(checkpoints: dict[str, Path]) -> None:
    ours = reference.load(checkpoints["mono"], Precision.INT4)
    prompt = torch.randint(0, 64, (4, 120), generator=torch.Generator().manual_seed(1))
    wish = {"num_new_frames": 30, "prompt": prompt, "seed": 4, "sampling": Sampling()}
    first, again = (reference.decode(reference.make_batch(ours), reference.make_row(ours, **wish))[0] for _ in range(2))
    assert torch.equal(first, again) and torch.equal(first[:, :120], prompt)
    assert len(first[:, 120:].unique()) > 10


@pytest.mark.parametrize(("precision", "expected"), [(Precision.INT8, 1), (Precision.FLOAT32, 2)])
def test_torch_takes_no_core_from_onnxruntime_in_a_step(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch, precision: Precision, expected: int
) -> None:
    ours = reference.load(checkpoints["mono"], precision)
    batch, seen = reference.make_batch(ours, 1), []
    layers = batch.decoder.layers
    for name in ("predict", "remember"):
        run = getattr(layers, name)

        def counted(*arguments: Any, run: Any = run) -> Any:
            seen.append(torch.get_num_threads())
            return run(*arguments)

        monkeypatch.setattr(layers, name, counted)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        prompt = torch.zeros(4, 20, dtype=torch.int64)
        reference.decode(batch, reference.make_row(ours, 3, prompt=prompt))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert len(seen) > 3 and set(seen) == {expected}
