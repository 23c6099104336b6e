"""Continuous batching: rows join and leave the running batch at any codec frame.

The rows that are decoding lie in the first places of the cache, without gaps, so that a step computes a plain slice.
One more row at a time may be prefilling in the place behind them, a chunk a step. When a row leaves, the last one is
moved into its place.

    cache places    0  1  2 | 3          | 4 ..
                    decoding | prefilling | free
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.delay import collect, frames_complete, lay_out, num_positions
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.shape import MAX_WINDOW_FRAMES
from generation.request import Sampling

PREFILL_CHUNK = 64
"""Positions that a joining row prefills in one step, in which the others wait: in int8 about half a second of one
core's time on a machine that is busy otherwise, for both halves of the small shape."""
CPU_SPAN = 64
"""Attention looks at the cache in multiples of this many places."""


@dataclass(eq=False)
class Row:
    """One window of one take in the batch.

    prompt: int64 [codebooks, frames], codes that are continued; may have no frames.
    num_frames: of the whole window, the prompt's included; at most `MAX_WINDOW_FRAMES`.
    prompt_memory: keys and values of the prompt's text, a layer each [tokens, 2 * hidden]; empty for melody models.
    prefix: [2, places, hidden], a melody model's conditions with and without the prompt; no places otherwise.
    generator: the take's own; draws all of the window's noise when the row joins.
    """

    prompt: Tensor
    num_frames: int
    sampling: Sampling
    generator: torch.Generator
    prompt_memory: list[Tensor]
    prefix: Tensor
    position: int = 0
    place: int | None = field(default=None)

    def __post_init__(self) -> None:
        if not self.prompt.shape[1] < self.num_frames <= MAX_WINDOW_FRAMES:
            raise ValueError(f"{self.num_frames} frames after {self.prompt.shape[1]} don't fit {MAX_WINDOW_FRAMES}")

    @property
    def is_guided(self) -> bool:
        """Whether it needs both halves."""
        return self.sampling.guidance_scale > 1


class Batch:
    """The rows of one checkpoint on one device. `run` decodes: the decoder itself, or its captured graphs."""

    def __init__(self, decoder: Decoder, run: Callable[[int, int, int, int], None] | None = None) -> None:
        self.decoder, self.cache = decoder, decoder.cache
        self.shape = decoder.weights.shape
        self.run = run or decoder.decode
        self.waiting: deque[Row] = deque()
        self.rows: list[Row] = []
        self.joining: Row | None = None
        self._inputs: Tensor | None = None
        self._prefilled = 0

    def join(self, row: Row) -> None:
        """Let a row in as soon as there is a place."""
        self.waiting.append(row)

    def leave(self, row: Row) -> None:
        """Take a row out, wherever it is."""
        if row in self.waiting:
            self.waiting.remove(row)
        elif row is self.joining:
            self.joining = None
        elif row in self.rows:
            self._close_gap(row)
        row.place = None

    def step(self) -> None:
        """Prefill a chunk of the row that joins, and decode one position of all others."""
        if self.joining is None and self.waiting and len(self.rows) < self.cache.max_rows:
            self._begin(self.waiting.popleft())
        if self.joining is not None:
            self._prefill(self.joining)
        if self.rows:
            guided = any(row.is_guided for row in self.rows)
            self.run(len(self.rows), 2 if guided else 1, self._span(), self._num_ranks())
            for row in self.rows:
                row.position += 1

    def has(self, row: Row) -> bool:
        """Whether a row is in the batch or waits for it."""
        return row is self.joining or row in self.rows or row in self.waiting

    def is_done(self, row: Row) -> bool:
        """Whether all its codes are there; then it must leave before the next step."""
        return row.position + 1 == num_positions(row.num_frames, self.shape.delays)

    def codes(self, row: Row) -> Tensor:
        """The codec frames of a row that are complete, int64 [codebooks, frames], on the device."""
        if row.place is None:
            raise ValueError("the row has no place in the batch")
        num_frames = min(frames_complete(row.position, self.shape.delays), row.num_frames)
        return collect(self.cache.rows.sequence[row.place], num_frames, self.shape.delays)

    @inference
    def _begin(self, row: Row) -> None:
        row.place, self.joining, self._prefilled = len(self.rows), row, 0
        state, place, num_known = self.cache.rows, row.place, row.prompt.shape[1]
        sequence = lay_out(row.prompt, row.num_frames, self.shape.delays, self.shape.pad_token)
        state.sequence[place, :, : sequence.shape[1]] = sequence
        noise = torch.rand(sequence.shape[1] - num_known, self.shape.num_codebooks, generator=row.generator).T
        state.noise[place, :, num_known : sequence.shape[1]] = noise
        state.position[place], state.prefix[place], state.active[place] = num_known, row.prefix.shape[1], 0
        sampling = row.sampling
        state.settings.put(place, sampling.temperature, sampling.top_k, sampling.top_p, sampling.guidance_scale)
        if row.prompt_memory:
            self.cache.put_prompt(place, row.prompt_memory)
            self._measure_prompts()
        known = self.decoder.embed(sequence[:, :num_known].T)
        self._inputs = torch.cat([row.prefix, known.expand(2, -1, -1)], dim=1)

    def _prefill(self, row: Row) -> None:
        if self._inputs is None or row.place is None:
            raise RuntimeError("no row is joining")
        halves = 2 if row.is_guided else 1
        chunk = self._inputs[:halves, self._prefilled : self._prefilled + PREFILL_CHUNK]
        if chunk.shape[1]:
            self.decoder.prefill(row.place, chunk, self._prefilled)
            self._prefilled += chunk.shape[1]
        if self._prefilled == self._inputs.shape[1]:
            row.position = row.prompt.shape[1]
            self.cache.rows.active[row.place] = 1
            self.rows.append(row)
            self.joining = self._inputs = None
            self._measure_prompts()

    @inference
    def _close_gap(self, row: Row) -> None:
        gap = self.rows.index(row)
        last = self.rows.pop()
        if last is not row:
            self.cache.move(len(self.rows), gap)
            self.rows[gap], last.place = last, gap
        if self.joining is not None:
            self.cache.move(len(self.rows) + 1, len(self.rows))
            self.joining.place = len(self.rows)
        vacated = len(self.rows) + (self.joining is not None)
        self.cache.rows.active[vacated] = 0
        self.cache.rows.position[vacated] = 0
        self._measure_prompts()

    def _measure_prompts(self) -> None:
        rows = (*self.rows, *([self.joining] if self.joining else []))
        longest = max((row.prompt_memory[0].shape[0] for row in rows if row.prompt_memory), default=1)
        self.cache.prompt_span = -(-longest // 16) * 16

    def _span(self) -> int:
        places: int = max(row.position + row.prefix.shape[1] for row in self.rows) + 1
        return min(-(-places // CPU_SPAN) * CPU_SPAN, self.shape.max_positions)

    def _num_ranks(self) -> int:
        largest = max(row.sampling.top_k or self.shape.num_codes for row in self.rows)
        return min(max(largest, 1), self.shape.num_codes)
