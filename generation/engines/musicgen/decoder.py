"""The decoder's two verbs: `prefill` known positions into the cache, and `decode` one codec frame for all rows.

Rows and halves. A row is one take in the batch. With classifier-free guidance it is computed twice: with its prompt and
without; these are its halves, next to each other. Without the prompt the attention to the prompt is exactly zero (the
prompt's states are zero and the projections have no bias), so the second half skips it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generation.engines.musicgen.cache import Cache, CacheView
from generation.engines.musicgen.delay import HOLE
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.sampling import draw, guide
from generation.engines.musicgen.weights import CrossAttention, DecoderWeights, Layer

attention = torch.nn.functional.scaled_dot_product_attention


class Decoder:
    """MusicGen's transformer over a `Cache` whose rows each stand at a position of their own."""

    def __init__(self, weights: DecoderWeights, cache: Cache) -> None:
        self.weights, self.cache = weights, cache
        shape = weights.shape
        tables = torch.arange(shape.num_codebooks, device=weights.device)
        self.table_starts = tables * (shape.num_codes + 1)

    @inference
    def decode(self, num_rows: int, num_halves: int, span: int, num_ranks: int) -> None:
        """Predict the next position of the first `num_rows` rows.

        Args:
            num_rows: how many rows take part; those that are not `active` are computed and left as they are.
            num_halves: 2 when a row uses guidance, else 1.
            span: cache places that are looked at: more than every row's place.
            num_ranks: see `sampling.ranked_probabilities`.
        """
        shape, rows = self.weights.shape, self.cache.rows.first(num_rows)
        here = rows.position[:, None, None].expand(-1, shape.num_codebooks, 1)
        tokens = rows.sequence.gather(2, here).squeeze(2)
        places = (rows.position + rows.prefix)[:, None]
        hidden = self.embed(tokens) + self.weights.positions[places[:, 0]]
        hidden = self.transform(
            hidden.repeat_interleave(num_halves, 0)[:, None],
            0,
            num_halves,
            places.repeat_interleave(num_halves, 0),
            span,
        )
        logits = self.weights.heads(hidden).float()
        logits = guide(logits.view(num_rows, num_halves, shape.num_codebooks, shape.num_codes), rows.settings.guidance)
        drawn = draw(logits, rows.settings, rows.noise.gather(2, here).squeeze(2), num_ranks)
        known = rows.sequence.gather(2, here + 1).squeeze(2)
        fill = (known == HOLE) & (rows.active[:, None] > 0)
        rows.sequence.scatter_(2, here + 1, torch.where(fill, drawn, known)[..., None])
        rows.position.add_(rows.active)

    @inference
    def prefill(self, row: int, hidden: Tensor, start: int) -> None:
        """Put positions that are known into the cache of one row.

        Args:
            row: which row.
            hidden: [halves, positions, hidden], embedded already (`embed`, or a melody model's prefix).
            start: place of the first of them.
        """
        num_halves, length, _ = hidden.shape
        places = torch.arange(start, start + length, device=hidden.device)
        hidden = hidden + self.weights.positions[places]
        self.transform(hidden, row, num_halves, places.expand(num_halves, -1), start + length)

    def embed(self, tokens: Tensor) -> Tensor:
        """Codes int64 [..., codebooks] -> the sum of their embeddings [..., hidden]."""
        return torch.nn.functional.embedding(tokens + self.table_starts, self.weights.embeddings).sum(-2)

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
        projected = layer.query_key_value(hidden).to(self.weights.precision.memory_dtype)
        keys, values = view.remember(index, projected[..., width:])
        query = self.split_heads(projected[..., :width])
        return join_heads(attention(query, keys, values, view.past_mask)).to(hidden.dtype)

    def attend_to_prompt(self, cross: CrossAttention, hidden: Tensor, view: CacheView, index: int) -> Tensor:
        """Attention to the prompt's tokens, of the halves that have one."""
        keys, values = view.prompt(index)
        query = self.split_heads(cross.query(hidden).to(keys.dtype))
        return join_heads(attention(query, keys, values, view.prompt_mask)).to(hidden.dtype)

    def split_heads(self, hidden: Tensor) -> Tensor:
        """[rows, positions, hidden] -> [rows, heads, positions, head]."""
        shape = self.weights.shape
        return hidden.view(*hidden.shape[:2], shape.num_heads, shape.head_size).transpose(1, 2)


def join_heads(heads: Tensor) -> Tensor:
    """[rows, heads, positions, head] -> [rows, positions, hidden]."""
    return heads.transpose(1, 2).flatten(2)
