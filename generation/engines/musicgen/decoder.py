"""The decoder's two verbs: `prefill` known positions into the cache, and `decode` one codec frame for all rows.

Rows and halves. A row is one take in the batch. With classifier-free guidance it is computed twice: with its prompt and
without; these are its halves, next to each other. Without the prompt the attention to the prompt is exactly zero (the
prompt's states are zero and the projections have no bias), so the second half skips it: in torch it is not computed; in
int8, where more lines hardly cost time, it is, and counts nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor

from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.delay import HOLE
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.layers import TorchLayers
from generation.engines.musicgen.onnx_layers import OnnxLayers
from generation.engines.musicgen.sampling import draw, guide
from generation.engines.musicgen.threads import one_torch_thread
from generation.engines.musicgen.weights import DecoderWeights


class Layers(Protocol):
    """What runs the transformer's layers: torch (layers.py), or ONNX Runtime in int8 on a CPU (onnx_layers.py)."""

    def predict(self, hidden: Tensor, num_halves: int, places: Tensor, span: int) -> Tensor:
        """Take one position of the first rows into the cache, and predict the next.

        Args:
            hidden: [rows, hidden], embedded, with positions; both halves begin with the same.
            num_halves: 2 when a row uses guidance, else 1.
            places: int64 [rows], the cache place of each.
            span: cache places that are looked at: more than every row's place.

        Returns:
            Logits float32 [rows, halves, codebooks * codes].
        """

    def remember(self, row: int, hidden: Tensor, start: int) -> None:
        """Take known positions of one row into the cache: hidden [halves, positions, hidden] from place `start` on."""


class Decoder:
    """MusicGen's transformer over a `Cache` whose rows each stand at a position of their own."""

    def __init__(self, weights: DecoderWeights, cache: Cache) -> None:
        self.weights, self.cache = weights, cache
        self.layers = layers_over(weights, cache)
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
        with self._threads():
            self._decode(num_rows, num_halves, span, num_ranks)

    def _decode(self, num_rows: int, num_halves: int, span: int, num_ranks: int) -> None:
        """See `decode`."""
        shape, rows = self.weights.shape, self.cache.rows.first(num_rows)
        here = rows.position[:, None, None].expand(-1, shape.num_codebooks, 1)
        tokens = rows.sequence.gather(2, here).squeeze(2)
        places = rows.position + rows.prefix
        hidden = self.embed(tokens) + self.weights.positions[places]
        logits = self.layers.predict(hidden, num_halves, places, span)
        logits = guide(logits.unflatten(2, (shape.num_codebooks, shape.num_codes)), rows.settings.guidance)
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
        with self._threads():
            self.layers.remember(row, hidden + self.weights.positions[start : start + hidden.shape[1]], start)

    def embed(self, tokens: Tensor) -> Tensor:
        """Codes int64 [..., codebooks] -> the sum of their embeddings [..., hidden]."""
        return torch.nn.functional.embedding(tokens + self.table_starts, self.weights.embeddings).sum(-2)

    def _threads(self) -> AbstractContextManager[None]:
        return one_torch_thread() if self.weights.sessions else nullcontext()


def layers_over(weights: DecoderWeights, cache: Cache) -> Layers:
    """What runs these weights."""
    return OnnxLayers(weights, cache) if weights.sessions else TorchLayers(weights, cache)
