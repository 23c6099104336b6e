"""Matrix multiplications of the decoder: as the weights are, or with weights in int8."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import torch
from torch import Tensor

Linear = Callable[[Tensor], Tensor]
"""[..., inputs] -> [..., outputs], no bias: MusicGen's decoder has none."""


class Precision(StrEnum):
    """How the decoder's weights are kept; int8 weights are multiplied with bfloat16 activations."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of activations and of the key/value cache."""
        names = {Precision.FLOAT32: torch.float32, Precision.FLOAT16: torch.float16}
        return names.get(self, torch.bfloat16)


def make_linear(weight: Tensor, precision: Precision) -> Linear:
    """A multiplication by `weight` (float32 [outputs, inputs], on its device) in the given precision."""
    if precision is Precision.INT8:
        return Int8Linear(weight)
    return DenseLinear(weight.to(precision.dtype))


class DenseLinear:
    """Weights in a floating-point type."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight.contiguous()

    def __call__(self, inputs: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]."""
        return torch.nn.functional.linear(inputs, self.weight)

    @property
    def num_bytes(self) -> int:
        """What a step reads."""
        return int(self.weight.nbytes)


class Int8Linear:
    """Weights in int8 with one scale an output (symmetric, rounded to the nearest), activations in bfloat16."""

    def __init__(self, weight: Tensor) -> None:
        scale = weight.abs().amax(dim=1).clamp_(min=1e-8) / 127
        self.weight = (weight / scale[:, None]).round_().to(torch.int8).contiguous()
        self.scale = scale.to(torch.bfloat16)

    def __call__(self, inputs: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        return torch._weight_int8pack_mm(flat, self.weight, self.scale).view(*inputs.shape[:-1], -1)

    @property
    def num_bytes(self) -> int:
        """What a step reads."""
        return int(self.weight.nbytes + self.scale.nbytes)
