"""CUDA graphs of the decoding step: one launch a step instead of some thousand.

A graph replays fixed work on fixed addresses, so one is captured for each bucket of rows, of halves, of cache places
and of ranks, when it is first needed. Everything that changes from step to step lies in the cache's `RowState`, on the
device. Rows of a bucket that nobody uses are computed and, not being `active`, left as they are; what they write into
the cache is at the place that their own next step will write.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.inference import inference

SPAN_PLACES = 256
NUM_WARM_UPS = 3
"""Runs before a capture, on a stream of their own, as torch's documentation of CUDA graphs asks for."""


class Bucket(NamedTuple):
    """What a step is rounded up to; the arguments of `Decoder.decode`, and the prompts' span."""

    num_rows: int
    num_halves: int
    span: int
    num_ranks: int
    prompt_span: int


class StepGraphs:
    """`Decoder.decode` with its arguments rounded up to a bucket, replayed from a graph where there are graphs.

    `is_capturing` False runs the same buckets without graphs: slower, and it works on any device.
    """

    def __init__(self, decoder: Decoder, *, is_capturing: bool) -> None:
        self.decoder, self.is_capturing = decoder, is_capturing
        self.graphs: dict[Bucket, torch.cuda.CUDAGraph] = {}

    def __call__(self, num_rows: int, num_halves: int, span: int, num_ranks: int) -> None:
        """Decode one position; see `Decoder.decode`."""
        bucket = self.bucket(num_rows, num_halves, span, num_ranks)
        if not self.is_capturing:
            self._decode(bucket)
            return
        if bucket not in self.graphs:
            self.graphs[bucket] = self._capture(bucket)
        self.graphs[bucket].replay()

    def bucket(self, num_rows: int, num_halves: int, span: int, num_ranks: int) -> Bucket:
        """Round up: rows to a power of two, places to `SPAN_PLACES`, ranks to 256 or all, prompt tokens to 64."""
        cache, shape = self.decoder.cache, self.decoder.weights.shape
        ranks = min(256, shape.num_codes)
        return Bucket(
            min(1 << (num_rows - 1).bit_length(), cache.max_rows),
            num_halves,
            min(-(-span // SPAN_PLACES) * SPAN_PLACES, shape.max_positions),
            ranks if num_ranks <= ranks else shape.num_codes,
            min(-(-cache.prompt_span // 64) * 64, cache.max_prompt_span),
        )

    def _decode(self, bucket: Bucket) -> None:
        cache, before = self.decoder.cache, self.decoder.cache.prompt_span
        cache.prompt_span = bucket.prompt_span
        self.decoder.decode(bucket.num_rows, bucket.num_halves, bucket.span, bucket.num_ranks)
        cache.prompt_span = before

    @inference
    def _capture(self, bucket: Bucket) -> torch.cuda.CUDAGraph:
        """Warm up and capture with no row active, so that nothing moves."""
        active = self.decoder.cache.rows.active
        kept = active.clone()
        active.zero_()
        side = torch.cuda.Stream(active.device)
        side.wait_stream(torch.cuda.current_stream(active.device))
        with torch.cuda.stream(side):
            for _ in range(NUM_WARM_UPS):
                self._decode(bucket)
        torch.cuda.current_stream(active.device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._decode(bucket)
        active.copy_(kept)
        return graph
