"""The decoder's weights, fused for the loop: query, key and value in one matrix, all embeddings in one table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generation.engines.musicgen.linear import Linear, Precision, make_linear
from generation.engines.musicgen.shape import ModelShape


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer norm's weight and bias, each [hidden]."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, hidden: Tensor) -> Tensor:
        """Normalise over the last axis."""
        return torch.layer_norm(hidden, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class CrossAttention:
    """Attention to the prompt: `query` and `out` [hidden -> hidden], `memory` [hidden -> keys and values]."""

    norm: Norm
    query: Linear
    memory: Linear
    out: Linear


@dataclass(frozen=True, slots=True)
class Layer:
    """One block: self-attention, attention to the prompt (None in melody models), feed-forward."""

    norm: Norm
    query_key_value: Linear
    out: Linear
    cross: CrossAttention | None
    feed_norm: Norm
    up: Linear
    down: Linear


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """All of the decoder.

    embeddings: [codebooks * (codes + 1), hidden], a table for each codebook one after the other.
    positions: [max_positions, hidden], sinusoids.
    heads: [hidden -> codebooks * codes].
    sessions: onnxruntime's, which run layers and heads of quantised weights (onnx_layers.py): for any number of lines,
        and in int4 another one for steps of one take; () where torch runs them.
    shared_with_sessions: arrays that these may read as long as they live, though they mostly have packed their own.
    """

    shape: ModelShape
    precision: Precision
    embeddings: Tensor
    positions: Tensor
    layers: tuple[Layer, ...]
    norm: Norm
    heads: Linear
    sessions: tuple[Any, ...] = ()
    shared_with_sessions: tuple[Any, ...] = ()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embeddings.device


def fuse(decoder: Any, shape: ModelShape, precision: Precision, device: torch.device) -> DecoderWeights:
    """Take the weights out of transformers' decoder (MusicgenForCausalLM or MusicgenMelodyForCausalLM)."""
    inner, taking = decoder.model.decoder, _Taking(precision, device)
    embeddings = torch.cat([table.weight.detach() for table in inner.embed_tokens])
    return DecoderWeights(
        shape,
        precision,
        embeddings.to(device, precision.dtype),
        sinusoids(shape.max_positions, shape.hidden).to(device, precision.dtype),
        tuple(taking.layer(layer, has_cross=not shape.is_melody) for layer in inner.layers),
        taking.norm(inner.layer_norm),
        taking.linear(*decoder.lm_heads),
    )


@dataclass(frozen=True, slots=True)
class _Taking:
    """Makes ours of transformers' modules."""

    precision: Precision
    device: torch.device

    def layer(self, layer: Any, has_cross: bool) -> Layer:
        attention = layer.self_attn
        return Layer(
            self.norm(layer.self_attn_layer_norm),
            self.linear(attention.q_proj, attention.k_proj, attention.v_proj),
            self.linear(attention.out_proj),
            self.cross(layer) if has_cross else None,
            self.norm(layer.final_layer_norm),
            self.linear(layer.fc1),
            self.linear(layer.fc2),
        )

    def cross(self, layer: Any) -> CrossAttention:
        attention = layer.encoder_attn
        return CrossAttention(
            self.norm(layer.encoder_attn_layer_norm),
            self.linear(attention.q_proj),
            make_linear(self._joined(attention.k_proj, attention.v_proj), self.precision.of_prompts),
            self.linear(attention.out_proj),
        )

    def linear(self, *modules: Any) -> Linear:
        """One multiplication for several that have the same inputs."""
        return make_linear(self._joined(*modules), self.precision)

    def norm(self, module: Any) -> Norm:
        weight, bias = (each.detach().to(self.device, self.precision.dtype) for each in (module.weight, module.bias))
        return Norm(weight, bias, module.eps)

    def _joined(self, *modules: Any) -> Tensor:
        return torch.cat([module.weight.detach().float() for module in modules]).to(self.device)


def sinusoids(num_positions: int, width: int) -> Tensor:
    """The position embeddings of MusicGen, float32 [num_positions, width]: cosines, then sines (tensor2tensor's)."""
    half = width // 2
    rates = torch.exp(torch.arange(half).float() * -(math.log(10_000) / (half - 1)))
    angles = torch.arange(num_positions).float()[:, None] * rates
    table = torch.cat([angles.cos(), angles.sin()], dim=1)
    return torch.nn.functional.pad(table, (0, width % 2))
