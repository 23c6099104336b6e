"""Matrix multiplications of the decoder: as the weights are, laid out for the processor, or in int8.

With few rows a step's time is that of reading the weights, so halving their size nearly halves it. On a CPU float32 and
bfloat16 are oneDNN's, through the operators that torch's own compiler emits for x86 (`mkldnn`).
"""

from __future__ import annotations

import platform
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
        """The dtype of activations, norms, embeddings and prompts; int8 weights work on float32."""
        names = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}
        return names.get(self, torch.float32)

    @property
    def cache_dtype(self) -> torch.dtype:
        """The dtype of keys and values; with int8 weights these are int8 too (calibration.py)."""
        return torch.int8 if self is Precision.INT8 else self.dtype


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
    """Weights in int8 with a scale for each output, symmetric: weight = values * scales, to half a step.

    ONNX Runtime runs the decoder's layers with them (onnx_layers.py). Called here, activations are left as they are.

    values: int8 [inputs, outputs]; None once they were taken. scales: float32 [outputs].
    """

    def __init__(self, weight: Tensor) -> None:
        self.scales = weight.abs().amax(dim=1).clamp_(min=1e-12) / largest_int8()
        self.values: Tensor | None = (weight / self.scales[:, None]).round_().to(torch.int8).T.contiguous()
        self.num_bytes = int(self.values.nbytes)

    def take(self) -> Tensor:
        """Hand the values over, so that they don't lie in memory twice."""
        if self.values is None:
            raise RuntimeError("the weights were taken before")
        values, self.values = self.values, None
        return values

    def __call__(self, inputs: Tensor) -> Tensor:
        """Multiply."""
        if self.values is None:
            raise RuntimeError("the weights were taken")
        return (inputs @ self.values.to(inputs.dtype)).mul_(self.scales)

    def add(self, residual: Tensor, inputs: Tensor) -> Tensor:
        """Multiply and add."""
        return residual + self(inputs)


def largest_int8() -> int:
    """The range of int8 weights: 127, or 63 on x86 processors without VNNI.

    Those add two products of unsigned by signed bytes in 16 bits: 2 * 255 * 63 fits, 2 * 255 * 127 is cut off.
    """
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return 63 if is_x86 and not torch.cpu._is_vnni_supported() else 127
