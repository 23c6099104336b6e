"""The transformer's layers in torch, over the cache: for GPUs, and on a CPU for float32 and bfloat16."""

from __future__ import annotations

import torch
from torch import Tensor

from generation.engines.musicgen.cache import Cache, CacheView
from generation.engines.musicgen.weights import CrossAttention, DecoderWeights, Layer

attention = torch.nn.functional.scaled_dot_product_attention


class TorchLayers:
    """See `decoder.Layers`."""

    def __init__(self, weights: DecoderWeights, cache: Cache) -> None:
        self.weights, self.cache = weights, cache

    def predict(self, hidden: Tensor, num_halves: int, places: Tensor, span: int) -> Tensor:
        """One position of the first rows."""
        halves = hidden.repeat_interleave(num_halves, 0)[:, None]
        halves = self.transform(halves, 0, num_halves, places.repeat_interleave(num_halves)[:, None], span)
        return self.weights.heads(halves[:, 0]).float().unflatten(0, (-1, num_halves))

    def remember(self, row: int, hidden: Tensor, start: int) -> None:
        """Known positions of one row."""
        num_halves, length, _ = hidden.shape
        places = torch.arange(start, start + length, device=hidden.device)
        self.transform(hidden, row, num_halves, places.expand(num_halves, -1), start + length)

    def transform(self, hidden: Tensor, first_row: int, num_halves: int, places: Tensor, span: int) -> Tensor:
        """All layers: hidden [rows * halves, positions, hidden] at `places` int64 [rows * halves, positions]."""
        view = self.cache.view(first_row, hidden.shape[0] // num_halves, num_halves, places, span)
        for index, layer in enumerate(self.weights.layers):
            hidden = layer.out.add(hidden, self.attend_to_past(layer, layer.norm(hidden), view, index))
            if layer.cross is not None:
                with_prompt = hidden[::num_halves]
                attended = self.attend_to_prompt(layer.cross, layer.cross.norm(with_prompt), view, index)
                hidden[::num_halves] = layer.cross.out.add(with_prompt, attended)
            hidden = layer.down.add(hidden, torch.nn.functional.gelu(layer.up(layer.feed_norm(hidden))))
        return self.weights.norm(hidden)

    def attend_to_past(self, layer: Layer, hidden: Tensor, view: CacheView, index: int) -> Tensor:
        """Self-attention over the cache, which first takes in the new keys and values."""
        width = self.weights.shape.hidden
        projected = layer.query_key_value(hidden)
        keys, values = view.remember(index, projected[..., width:])
        query = self.split_heads(projected[..., :width])
        return join_heads(attention(query, keys, values, view.past_mask))

    def attend_to_prompt(self, cross: CrossAttention, hidden: Tensor, view: CacheView, index: int) -> Tensor:
        """Attention to the prompt's tokens, of the halves that have one."""
        keys, values = view.prompt(index)
        query = self.split_heads(cross.query(hidden))
        return join_heads(attention(query, keys, values, view.prompt_mask))

    def split_heads(self, hidden: Tensor) -> Tensor:
        """[rows, positions, hidden] -> [rows, heads, positions, head]."""
        shape = self.weights.shape
        return hidden.view(*hidden.shape[:2], shape.num_heads, shape.head_size).transpose(1, 2)


def join_heads(heads: Tensor) -> Tensor:
    """[rows, heads, positions, head] -> [rows, positions, hidden]."""
    return heads.transpose(1, 2).flatten(2)
