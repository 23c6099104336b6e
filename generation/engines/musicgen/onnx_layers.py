"""Running the decoder's quantised layers with onnxruntime, over the cache's own memory: nothing is copied in a step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engines.musicgen.cache import HALVES, Cache
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.onnx_graph import DecoderGraph
from generation.engines.musicgen.shape import ModelShape
from generation.engines.musicgen.weights import DecoderWeights

SPIN_US = 50
"""How long a thread waits busily for the next product, in microseconds: longer than between two of them, and far less
than onnxruntime's own choice, which takes the processor from others between two steps."""


def with_sessions(weights: DecoderWeights, steps: list[Tensor]) -> DecoderWeights:
    """Turn quantised weights into sessions of onnxruntime; what is left of them is the projection of the prompt.

    Args:
        weights: whose values are taken.
        steps: of the keys and values in int8, see `calibration.cache_steps`.
    """
    graphs = [DecoderGraph(weights, steps)]
    if weights.precision is Precision.INT4:
        graphs.append(DecoderGraph(weights, steps, is_for_one=True))
    arrays = tuple(array for graph in graphs for array in graph.large.values())
    return replace(weights, sessions=tuple(_session(graph) for graph in graphs), shared_with_sessions=arrays)


def _session(graph: DecoderGraph) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    shared = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in graph.large.values()]
    options.add_external_initializers(list(graph.large), shared)
    return onnxruntime.InferenceSession(graph.serialise(), options, providers=["CPUExecutionProvider"])


class OnnxLayers:
    """See `decoder.Layers`. Always computes both halves: a step's time is that of reading the weights."""

    def __init__(self, weights: DecoderWeights, cache: Cache) -> None:
        self.weights, self.cache = weights, cache
        self.pass_over: Pass | None = None

    def session_for(self, num_lines: int) -> Any:
        """The session for so many lines at once: the last one is for steps of one take, where there are two."""
        return self.weights.sessions[-1 if num_lines <= HALVES else 0]

    def predict(self, hidden: Tensor, num_halves: int, places: Tensor, span: int) -> Tensor:
        """One position of the first rows."""
        num_rows, wanted = hidden.shape[0], (hidden.shape[0], self.cache.prompt_span, self.cache.prompts_version)
        if self.pass_over is None or self.pass_over.wanted != wanted:
            self.pass_over = Pass(self, slice(0, HALVES * num_rows), 1, wanted)
        halves = hidden.repeat_interleave(HALVES, 0)[:, None]
        logits = self.pass_over.run(halves, places.repeat_interleave(HALVES))
        return logits[:, 0].unflatten(0, (num_rows, HALVES))[:, :num_halves]

    def remember(self, row: int, hidden: Tensor, start: int) -> None:
        """Known positions of one row."""
        num_halves, num_positions, _ = hidden.shape
        lines = slice(row * HALVES, row * HALVES + num_halves)
        reading = Pass(self, lines, num_positions, first_place=start)
        reading.run(hidden, torch.full((num_halves,), start + num_positions - 1))


class Pass:
    """The session bound to some lines of the cache, and to tensors for what goes in and comes out."""

    def __init__(
        self,
        layers: OnnxLayers,
        halves: slice,
        num_positions: int,
        wanted: tuple[int, ...] = (),
        first_place: int | None = None,
    ) -> None:
        """`first_place`: of the positions that are read; None predicts one position of each half."""
        shape, num_halves = layers.weights.shape, halves.stop - halves.start
        self.session, self.wanted = layers.session_for(num_halves * num_positions), wanted
        self.binding, self.bound = self.session.io_binding(), list[Tensor]()
        lines, width = (num_halves, num_positions), shape.hidden
        self.hidden = self._input("hidden", torch.zeros(*lines, width))
        self.places = self._input("places", torch.zeros(num_halves, dtype=torch.int32))
        self.total = self._input("total", torch.zeros((), dtype=torch.int32))
        self.logits = self._output("logits", torch.zeros(*lines, shape.num_codebooks * shape.num_codes))
        self._input("zero_points", torch.full((*lines, 1), 128, dtype=torch.uint8))
        self._bind_past(layers.cache, halves)
        self._bind_reading(num_halves, num_positions, shape, first_place)
        if not shape.is_melody:
            rows = slice(halves.start // HALVES, -(-halves.stop // HALVES))
            self._bind_prompts(layers.cache, rows)
            self._input("by_half", torch.tensor([*lines, width]))
            self._input("by_row", torch.tensor([rows.stop - rows.start, -1, width]))
            has_prompt = (torch.arange(halves.start, halves.stop) % HALVES == 0).float()
            self._input("has_prompt", has_prompt[:, None, None].contiguous())

    def run(self, hidden: Tensor, places: Tensor) -> Tensor:
        """Run all layers.

        Args:
            hidden: float32 [halves, positions, hidden].
            places: int64 [halves], the last place of each.

        Returns:
            Logits float32 [halves, positions, codebooks * codes], overwritten by the next run.
        """
        self.hidden.copy_(hidden)
        self.places.copy_(places)
        self.total.copy_(places.max() + 1)
        self.session.run_with_iobinding(self.binding)
        return self.logits

    def _bind_past(self, cache: Cache, halves: slice) -> None:
        for index, layer in enumerate(cache.past):
            for part, memory in zip(("keys", "values"), layer[:, halves], strict=True):
                self._input(f"past_{part}_{index}", memory)
                self._output(f"new_{part}_{index}", memory)

    def _bind_reading(self, num_halves: int, num_positions: int, shape: ModelShape, first_place: int | None) -> None:
        """Where the positions that are read lie; for a prediction, which does not look at it, the smallest there is."""
        places = torch.arange(num_positions) + (first_place or 0)
        end = int(places[-1]) + 1
        lines = (num_halves, shape.num_heads, num_positions, shape.head_size)
        self._input("is_reading", torch.tensor(first_place is not None))
        self._input("reading_places", places[:, None].expand(lines).contiguous())
        self._input("reading_end", torch.tensor([end]))
        later = torch.arange(end) > places[:, None]
        self._input("reading_mask", torch.zeros(later.shape).masked_fill_(later, -torch.inf)[None, None])

    def _bind_prompts(self, cache: Cache, rows: slice) -> None:
        tokens = torch.arange(cache.prompt_span)
        self._input("prompt_mask", (tokens < cache.prompt_lengths[rows, None]).int())
        for index, layer in enumerate(cache.prompts):
            for part, memory in zip(("keys", "values"), layer[:, rows, :, : cache.prompt_span], strict=True):
                self._input(f"prompt_{part}_{index}", memory.contiguous())

    def _input(self, name: str, tensor: Tensor) -> Tensor:
        self.binding.bind_input(name, "cpu", 0, _numpy_type(tensor), tuple(tensor.shape), tensor.data_ptr())
        self.bound.append(tensor)
        return tensor

    def _output(self, name: str, tensor: Tensor) -> Tensor:
        self.binding.bind_output(name, "cpu", 0, _numpy_type(tensor), tuple(tensor.shape), tensor.data_ptr())
        self.bound.append(tensor)
        return tensor


def _numpy_type(tensor: Tensor) -> Any:
    return np.dtype(str(tensor.dtype).removeprefix("torch.")).type
