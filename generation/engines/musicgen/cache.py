"""What the decoder remembers on the device: keys and values of fixed size, and the state of each row."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.sampling import RowSettings
from generation.engines.musicgen.shape import MAX_TEXT_TOKENS, ModelShape

Slices = tuple[list[tuple[Tensor, Tensor, Tensor]], list[tuple[Tensor, Tensor]]]
"""See `Cache.slices`."""
HALVES = 2
"""With the prompt, and without it: see decoder.py."""


@dataclass(frozen=True, slots=True)
class RowState:
    """The state of the rows of a batch, one entry a row, so that a step needs nothing from the host.

    sequence: int64 [rows, codebooks, positions], see delay.py. noise: float32 of the same shape, what each code will be
    drawn with. position: int64 [rows], the last position that is filled. prefix: int64 [rows], cache places before
    position 0 (a melody model's conditions). active: int64 [rows], 1 for rows that advance, else 0.
    """

    sequence: Tensor
    noise: Tensor
    position: Tensor
    prefix: Tensor
    active: Tensor
    settings: RowSettings

    def first(self, num_rows: int) -> RowState:
        """The state of the first rows, as views."""
        return RowState(
            self.sequence[:num_rows],
            self.noise[:num_rows],
            self.position[:num_rows],
            self.prefix[:num_rows],
            self.active[:num_rows],
            self.settings.first(num_rows),
        )

    def tensors(self) -> tuple[Tensor, ...]:
        """All of them; the first axis is the row."""
        settings = self.settings
        sampling = (settings.temperature, settings.top_k, settings.top_p, settings.guidance)
        return (self.sequence, self.noise, self.position, self.prefix, self.active, *sampling)


class Cache:
    """Keys and values of `max_rows` rows, each in both halves, and of their prompts.

    past: a layer each [2, max_rows * halves, heads, places, head], the 2 being keys and values. prompts: a layer each
    [2, max_rows, heads, tokens, head]. Places lie next to each other within a head: a CPU's attention reads them in up
    to half the time that it takes when heads lie next to each other within a place.
    prompts_version: changes whenever the prompts do, for those who keep copies.
    num_places: of each row; enough for a whole window unless fewer are asked for.
    """

    def __init__(
        self, shape: ModelShape, precision: Precision, max_rows: int, device: torch.device, num_places: int = 0
    ) -> None:
        self.shape, self.max_rows, self.device = shape, max_rows, device
        self.num_places = num_places or shape.max_positions
        dtype, heads, width = precision.dtype, shape.num_heads, shape.head_size
        # Zeros, not empty: places that are masked are multiplied by 0, which not-a-number would survive.
        self.past = [
            torch.zeros(2, max_rows * HALVES, heads, self.num_places, width, dtype=precision.cache_dtype, device=device)
            for _ in range(shape.num_layers)
        ]
        self.max_prompt_span = num_tokens = 0 if shape.is_melody else MAX_TEXT_TOKENS
        self.prompts = [
            torch.zeros(2, max_rows, heads, num_tokens, width, dtype=dtype, device=device)
            for _ in range(shape.num_layers)
        ]
        self.prompt_lengths = torch.zeros(max_rows, dtype=torch.int64, device=device)
        self.prompt_span, self.prompts_version = 1, 0
        self._sliced: tuple[int, ...] = ()
        self._slices: Slices = ([], [])
        sequences = (max_rows, shape.num_codebooks, shape.max_positions)
        counts = torch.zeros(3, max_rows, dtype=torch.int64, device=device)
        self.rows = RowState(
            torch.full(sequences, shape.pad_token, device=device),
            torch.zeros(sequences, device=device),
            counts[0],
            counts[1],
            counts[2],
            RowSettings.empty(max_rows, device),
        )

    @staticmethod
    def num_bytes(shape: ModelShape, precision: Precision) -> int:
        """Device memory of one row."""
        channels = 2 * shape.hidden * shape.num_layers
        past = channels * HALVES * shape.max_positions * int(precision.cache_dtype.itemsize)
        prompt = channels * (0 if shape.is_melody else MAX_TEXT_TOKENS) * int(precision.dtype.itemsize)
        return past + prompt + shape.num_codebooks * shape.max_positions * 12

    def move(self, source: int, target: int) -> None:
        """Copy a row over another one."""
        for layer in self.past:
            layer[:, target * HALVES : (target + 1) * HALVES] = layer[:, source * HALVES : (source + 1) * HALVES]
        for prompts in self.prompts:
            prompts[:, target] = prompts[:, source]
        for tensor in (self.prompt_lengths, *self.rows.tensors()):
            tensor[target] = tensor[source]
        self.prompts_version += 1

    def put_prompt(self, row: int, layers: list[Tensor]) -> None:
        """Keep a prompt's keys and values, a layer each [tokens, 2 * hidden]."""
        num_tokens = layers[0].shape[0]
        for memory, layer in zip(self.prompts, layers, strict=True):
            memory[:, row, :, :num_tokens] = layer.view(num_tokens, 2, *memory.shape[2::2]).permute(1, 2, 0, 3)
        self.prompt_lengths[row] = num_tokens
        self.prompts_version += 1

    def slices(self, first_row: int, num_rows: int, step: int, span: int) -> Slices:
        """The memory of each layer as a pass sees it; kept from step to step, for slicing takes longer than copying.

        Returns:
            Of the past a layer each: all lines [lines, head], keys and values of the rows [halves, heads, span, head];
            of the prompts: keys and values of the rows [rows, heads, tokens, head].
        """
        wanted = (first_row, num_rows, step, span, self.prompt_span)
        if self._sliced != wanted:
            halves = slice(first_row * HALVES, (first_row + num_rows) * HALVES, step)
            rows = slice(first_row, first_row + num_rows)
            past = [(layer.flatten(0, 3), *layer[:, halves, :, :span].unbind(0)) for layer in self.past]
            prompts = [tuple(layer[:, rows, :, : self.prompt_span].unbind(0)) for layer in self.prompts]
            self._sliced, self._slices = wanted, (past, prompts)
        return self._slices

    def view(self, first_row: int, num_rows: int, num_halves: int, places: Tensor, span: int) -> CacheView:
        """What one pass of the decoder sees: some rows, and the cache's first `span` places."""
        return CacheView(self, first_row, num_rows, num_halves, places, span)


class CacheView:
    """The cache as one pass of the decoder sees it.

    past_mask: [rows * halves, 1, positions, span], 0 where a position may look, its own place and before, else -inf.
    prompt_mask: [rows, 1, 1, tokens], likewise. Both of the memory's dtype: a bool mask is turned into that by every
    layer anew.
    """

    def __init__(self, cache: Cache, first_row: int, num_rows: int, num_halves: int, places: Tensor, span: int) -> None:
        step = HALVES // num_halves
        self.past, self.prompts = cache.slices(first_row, num_rows, step, span)
        device, num_heads = places.device, cache.shape.num_heads
        halves = torch.arange(first_row * HALVES, (first_row + num_rows) * HALVES, step, device=device)
        heads = torch.arange(num_heads, device=device)
        lines = halves[:, None] * num_heads + torch.cat([heads, heads + cache.max_rows * HALVES * num_heads])
        self.targets = (lines[..., None] * cache.num_places + places[:, None]).flatten()
        dtype = cache.past[0].dtype
        self.past_mask = _mask(torch.arange(span, device=device) > places[:, None, :, None], dtype)
        tokens = torch.arange(cache.prompt_span, device=device)
        self.prompt_mask = _mask(
            (tokens >= cache.prompt_lengths[first_row : first_row + num_rows, None])[:, None, None], dtype
        )

    def remember(self, layer: int, keys_values: Tensor) -> tuple[Tensor, Tensor]:
        """Write [rows * halves, positions, 2 * hidden] and give all keys and values of the layer.

        Returns:
            Both [rows * halves, heads, span, head].
        """
        lines, keys, values = self.past[layer]
        by_head = keys_values.view(*keys_values.shape[:2], -1, lines.shape[-1]).transpose(1, 2)
        lines.index_copy_(0, self.targets, by_head.reshape(-1, lines.shape[-1]))
        return keys, values

    def prompt(self, layer: int) -> tuple[Tensor, Tensor]:
        """Keys and values of the prompts, both [rows, heads, tokens, head]."""
        return self.prompts[layer]


def _mask(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(hidden.shape, dtype=dtype, device=hidden.device).masked_fill_(hidden, -torch.inf)
