"""Matrix multiplications of the decoder: as the weights are, laid out for the processor's bfloat16, or in int8.

With few rows a step's time is that of reading the weights, so halving their size nearly halves it. Both CPU forms are
oneDNN's, through the operators that torch's own compiler emits for x86 (`mkldnn`, `onednn` namespaces).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import torch
from torch import Tensor


class Precision(StrEnum):
    """How the decoder's weights are kept."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of activations, norms and embeddings; int8 weights work on float32."""
        names = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}
        return names.get(self, torch.float32)

    @property
    def memory_dtype(self) -> torch.dtype:
        """The dtype of keys and values: reading them is the other half of a step's time in long takes."""
        return torch.bfloat16 if self is Precision.INT8 else self.dtype


class Linear(Protocol):
    """A multiplication without bias (MusicGen's decoder has none): [..., inputs] -> [..., outputs]."""

    num_bytes: int
    """What a step reads."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add to `residual` [..., outputs]."""


def make_linear(weight: Tensor, precision: Precision) -> Linear:
    """A multiplication by `weight` (float32 [outputs, inputs], on its device) in the given precision."""
    if precision is Precision.INT8:
        return Int8Linear(weight)
    weight = weight.to(precision.dtype)
    return PackedLinear(weight) if can_pack(weight) else DenseLinear(weight)


def can_pack(weight: Tensor) -> bool:
    """Whether oneDNN multiplies this dtype on this processor."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if weight.dtype is torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return weight.dtype is torch.float32


class DenseLinear:
    """Weights in a floating-point type, as torch lays them out."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight.contiguous()
        self.num_bytes = int(weight.nbytes)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""
        return torch.nn.functional.linear(inputs, self.weight)

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add."""
        return residual + torch.nn.functional.linear(inputs, self.weight)


class PackedLinear:
    """Weights in float32 or bfloat16, laid out once for the processor instead of at every call."""

    def __init__(self, weight: Tensor) -> None:
        self.num_bytes = int(weight.nbytes)
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""
        return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, None, "none", [], "")

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add."""
        return torch.ops.mkldnn._linear_pointwise.binary(inputs, residual, self.weight, None, "add")


class Int8Linear:
    """Weights in int8 with a scale for each output, activations rounded to int8 with a scale for each row.

    Both are symmetric. Products are summed in whole numbers, so a row's result is the same to the last bit whatever
    the other rows are.
    """

    def __init__(self, weight: Tensor) -> None:
        scale = weight.abs().amax(dim=1).clamp_(min=1e-12) / 127
        rounded = (weight / scale[:, None]).round_().to(torch.int8)
        self.num_bytes = int(rounded.nbytes)
        self.weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.scale = scale / 127  # of a product, when a row's scale is its largest value
        self.zero = torch.zeros(())

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""
        product, scale = self._multiply(inputs)
        return product.mul_(scale)

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add."""
        return torch.addcmul(residual, *self._multiply(inputs))

    def _multiply(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The product of the rounded inputs, float32, and the scale of each row, its largest value.

        Every operator here costs more than its arithmetic. A row of zeros is divided by zero, and its product, whatever
        it is, is multiplied by zero.
        """
        scale = inputs.abs().amax(dim=-1, keepdim=True)
        rounded = torch.addcdiv(self.zero, inputs, scale, value=127).round_().to(torch.int8)
        product = torch.ops.onednn.qlinear_pointwise(
            rounded, 1.0, 0, self.weight, self.scale, None, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return product, scale
