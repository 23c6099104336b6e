"""Matrix multiplications of the decoder: as the weights are, laid out for the processor, or in whole numbers.

With few rows a step's time is that of reading the weights, so halving their size nearly halves it. On a CPU float32 and
bfloat16 are oneDNN's, through the operators that torch's own compiler emits for x86 (`mkldnn`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import torch
from torch import Tensor

from generation.engines.musicgen.quantised import Int4Linear, Int8Linear


class Precision(StrEnum):
    """How the decoder's weights are kept."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"
    INT4 = "int4"

    @property
    def is_quantised(self) -> bool:
        """Whether weights are whole numbers, which onnxruntime multiplies (quantised.py)."""
        return self in (Precision.INT8, Precision.INT4)

    @property
    def of_prompts(self) -> Precision:
        """How the projection of prompts is kept: no step reads it, so that 4 bits would save nothing."""
        return Precision.INT8 if self is Precision.INT4 else self

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of activations, norms, embeddings and prompts; quantised weights work on float32."""
        names = {Precision.BFLOAT16: torch.bfloat16, Precision.FLOAT16: torch.float16}
        return names.get(self, torch.float32)

    @property
    def cache_dtype(self) -> torch.dtype:
        """The dtype of keys and values; with quantised weights these are int8 (calibration.py)."""
        return torch.int8 if self.is_quantised else self.dtype


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
    if precision.is_quantised:
        return Int8Linear(weight) if precision is Precision.INT8 else Int4Linear(weight)
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
