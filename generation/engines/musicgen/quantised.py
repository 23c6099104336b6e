"""Weights in whole numbers, as onnxruntime multiplies them on a CPU (onnx_graph.py): 8 bits each, or 4."""

from __future__ import annotations

import platform
from typing import Any

import torch
from torch import Tensor

BLOCK = 32
"""Inputs that share a scale in 4 bits. With 64 and 128 products took 7 and 16 % less time, and logits lay 25 and 28 %
of their spread off instead of 23 % (small shape, random weights)."""
LOWEST = -8
"""4 bits count from here to 7."""


class Int8Linear:
    """A multiplication (`linear.Linear`) with 8 bits and a scale for each output: weight = value * scale.

    onnxruntime takes the weights when its session is made. Called here, for calibration and the projection of prompts,
    it multiplies in float32 and leaves the activations as they are.

    num_inputs, num_outputs: of the multiplication. num_bytes: what a step reads.
    """

    def __init__(self, weight: Tensor) -> None:
        """Of float32 [outputs, inputs]."""
        self.num_outputs, self.num_inputs = weight.shape
        self._scales = weight.abs().amax(dim=1).clamp_(min=1e-12) / largest_int8()
        self._values: Tensor | None = (weight / self._scales[:, None]).round_().to(torch.int8).T.contiguous()
        self.num_bytes = int(self._values.nbytes)

    def take(self) -> tuple[Any, Any]:
        """Hand over numpy's values int8 [inputs, outputs] and scales float32 [outputs]: they don't lie in memory twice.

        Raises:
            RuntimeError: they were taken before.
        """
        values, self._values = self._kept(), None
        return values.numpy(), self._scales.numpy()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""
        return (inputs @ self._kept().to(inputs.dtype)).mul_(self._scales)

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add."""
        return residual + self(inputs)

    def _kept(self) -> Tensor:
        if self._values is None:
            raise RuntimeError("the weights were taken before")
        return self._values


class Int4Linear(Int8Linear):
    """4 bits and a scale for each `BLOCK` inputs of an output, and the same weights once more in 8 bits.

    A product of 4 bits is the fastest for a line or two, and slower than one of 8 bits for many. The scales of an
    output's blocks are therefore whole multiples of one unit, of which any weight is then a whole number below 128.

    num_bytes: what a step of one take reads; other steps read the 8 bits.
    """

    def __init__(self, weight: Tensor) -> None:
        """Of float32 [outputs, inputs]."""
        self.num_outputs, self.num_inputs = weight.shape
        blocks = torch.nn.functional.pad(weight, (0, -self.num_inputs % BLOCK)).unflatten(1, (-1, BLOCK))
        multiples, self._scales = _multiples(blocks)
        scales = multiples * self._scales[:, None]
        values = (blocks / scales[..., None]).round_().clamp_(LOWEST, -LOWEST - 1)
        whole = (values * multiples[..., None]).to(torch.int8).flatten(1)[:, : self.num_inputs]
        self._values = whole.T.contiguous()
        raised = (values - LOWEST).to(torch.uint8)
        packed = raised[..., ::2] | raised[..., 1::2] << 4
        self._blocks: tuple[Tensor, Tensor] | None = packed, scales
        self.num_bytes = int(packed.nbytes + scales.nbytes)

    def take_blocks(self) -> tuple[Any, Any]:
        """Hand the 4 bits over in the layout of `MatMulNBits`, likewise once.

        Returns:
            Values uint8 [outputs, blocks, BLOCK / 2], two in a byte, the earlier input in the lower half; scales
            float32 [outputs, blocks]: weight = (value + LOWEST) * scale. Inputs that fill the last block up weigh 0.
            https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#commicrosoftmatmulnbits

        Raises:
            RuntimeError: they were taken before.
        """
        if self._blocks is None:
            raise RuntimeError("the blocks were taken before")
        (values, scales), self._blocks = self._blocks, None
        return values.numpy(), scales.numpy()


def _multiples(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """The scale of each block as a multiple (not 0) of its output's unit.

    Args:
        blocks: float32 [outputs, blocks, BLOCK].

    Returns:
        Multiples float32 [outputs, blocks] by which the largest weight of a block is nearly `LOWEST` steps; units
        float32 [outputs].
    """
    units = blocks.abs().amax(dim=(1, 2)).clamp_(min=1e-12) / (largest_int8() // -LOWEST * -LOWEST)
    largest = blocks.gather(2, blocks.abs().argmax(dim=2, keepdim=True)).squeeze(2)
    multiples = (largest / LOWEST / units[:, None]).round_()
    return multiples.masked_fill_(multiples == 0, 1), units


def largest_int8() -> int:
    """The range of int8 weights: 127, or 63 on x86 processors without VNNI.

    Those add two products of unsigned by signed bytes in 16 bits: 2 * 255 * 63 fits, 2 * 255 * 127 is cut off.
    """
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return 63 if is_x86 and not torch.cpu._is_vnni_supported() else 127
