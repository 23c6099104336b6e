"""The decoder's layers as an ONNX graph with quantised weights, which onnxruntime runs on a CPU.

One call then runs all layers, without torch's price for each operator, and on threads that share the processor
well with others. The product is MLAS's of unsigned by signed int8 (`MatMulIntegerToFloat`), on processors with AMX a
tile at once: reading the weights is then all that a step waits for, and a few rows more cost nothing. For steps of one
take, weights in int4 have a graph of their own (`MatMulNBits`), which reads half as much.

Activations are rounded to int8 with a scale for each line, and products summed in whole numbers, so that a row's result
is the same to the last bit whatever the other rows are. Keys and values are kept in int8 with the steps of
calibration.py; attention multiplies them in float32. A step attends with the operator that reads int8
(`GroupQueryAttention`); for many positions at once that one turns them into float32 for each position anew, so a clip
is read by another way (`_attend_many`), in 60 % of the time after ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from generation.engines.musicgen.linear import Linear
from generation.engines.musicgen.quantised import BLOCK, Int4Linear, Int8Linear
from generation.engines.musicgen.weights import DecoderWeights, Norm

CONTRIB = "com.microsoft"
OPSET, IR_VERSION = 21, 10
"""ONNX 1.16 of 2024; onnxruntime from 1.28 on: 1.27 takes keys and values in int8, and computes them wrongly."""
FLOAT32, INT8 = 1, 3
"""ONNX's numbers of these types."""
INT8_ACTIVATIONS = {"accuracy_level": 4}
"""For `MatMulNBits`; with activations in float32 it takes four times as long."""
LARGE_BYTES = 1 << 10
"""What is larger is handed to the session beside the graph: a graph can't be larger than 2 GB."""
Array = npt.NDArray[Any]
Branch = Callable[[], tuple[str, ...]]
"""Adds nodes and names the values that leave the branch."""


class Graph:
    """Nodes, inputs, outputs and constants of a graph in the making; names of values are plain strings."""

    def __init__(self) -> None:
        self.helper: Any = import_module("onnx.helper")
        self.numpy_helper: Any = import_module("onnx.numpy_helper")
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.small: list[Any] = []
        self.large: dict[str, Array] = {}
        self.num_values = 0

    def input(self, name: str, dtype: str, *sizes: int | str) -> str:
        """Declare an input; a size that varies has a name."""
        self.inputs.append(self._declare(name, dtype, sizes))
        return name

    def output(self, name: str, dtype: str, *sizes: int | str) -> str:
        """Declare an output."""
        self.outputs.append(self._declare(name, dtype, sizes))
        return name

    def constant(self, array: Array) -> str:
        """A constant; large ones leave the graph."""
        name = self._new()
        if array.nbytes < LARGE_BYTES:
            self.small.append(self.numpy_helper.from_array(array, name))
            return name
        tensor = self.numpy_helper.from_array(array[:0], name)
        tensor.dims[:] = array.shape
        tensor.ClearField("raw_data")
        tensor.data_location = tensor.EXTERNAL
        tensor.external_data.add(key="location", value="handed over")
        self.small.append(tensor)
        self.large[name] = array
        return name

    def node(self, kind: str, *inputs: str, outputs: tuple[str, ...] = (), domain: str = "", **attributes: Any) -> str:
        """Add a node; its first output."""
        names = outputs or (self._new(),)
        self.nodes.append(self.helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0]

    def choose(self, condition: str, then: Branch, otherwise: Branch, outputs: tuple[str, ...]) -> str:
        """Values of one of two branches, by a bool: a value for each of `outputs`; the first of these."""
        branches = {"then_branch": self._branch(then), "else_branch": self._branch(otherwise)}
        return self.node("If", condition, outputs=outputs, **branches)

    def serialise(self) -> bytes:
        """The finished graph, without the large constants."""
        graph = self.helper.make_graph(self.nodes, "decoder", self.inputs, self.outputs, self.small)
        opsets = [self.helper.make_opsetid("", OPSET), self.helper.make_opsetid(CONTRIB, 1)]
        model: bytes = self.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
        return model

    def _branch(self, build: Branch) -> Any:
        """A graph within the graph; it sees all values made before it."""
        around, self.nodes = self.nodes, []
        values = [self.helper.make_empty_tensor_value_info(name) for name in build()]
        branch = self.helper.make_graph(self.nodes, self._new(), [], values)
        self.nodes = around
        return branch

    def _declare(self, name: str, dtype: str, sizes: tuple[int | str, ...]) -> Any:
        tensor_type = self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.helper.make_tensor_value_info(name, tensor_type, sizes)

    def _new(self) -> str:
        self.num_values += 1
        return f"v{self.num_values}"


class DecoderGraph(Graph):
    """The layers of MusicGen: see `TorchLayers.transform`, which does the same in torch, for what happens in a layer.

    Inputs, for `halves` = those of all rows: hidden [halves, positions, hidden]; zero_points uint8 [halves, positions,
    1], all 128; places int32 [halves], the last place of each; total int32, the largest of them plus 1; has_prompt
    float32 [halves, 1, 1], 1 or 0; by_half and by_row int64, how a layer's lines lie: [halves, positions, hidden] and
    [rows, halves of a row * positions, hidden]; prompt_mask int32 [rows, tokens]; is_reading bool, whether there may be
    many positions, of one row; then reading_places int64 [halves, heads, positions, head], the place of each;
    reading_end int64 [1], the place behind the last; reading_mask float32 [1, 1, positions, reading_end], 0 or -inf; of
    each layer past_keys_0, past_values_0 ... int8 [halves, heads, places, head], written in place, and prompt_keys_0,
    prompt_values_0 ... [rows, heads, tokens, head]. Output: logits [halves, positions, codebooks * codes].
    """

    def __init__(self, weights: DecoderWeights, steps: list[Tensor], is_for_one: bool = False) -> None:
        """Of quantised weights, which are taken.

        Args:
            steps: see `calibration.cache_steps`.
            is_for_one: take the 4 bits of weights in int4, for steps of one take.
        """
        super().__init__()
        self.is_for_one = is_for_one
        shape, width = weights.shape, weights.shape.hidden
        self.num_heads, self.steps = shape.num_heads, steps
        self.past_sizes = ("halves", shape.num_heads, shape.max_positions, shape.head_size)
        self.prompt_sizes = ("rows", shape.num_heads, "tokens", shape.head_size)
        self.place_axis = self.constant(np.array([2]))
        self.first_place = self.constant(np.array([0]))
        self.least, self.most = self.constant(np.array(-128, np.float32)), self.constant(np.array(127, np.float32))
        self.by_head = self.constant(np.array([0, 0, shape.num_heads, shape.head_size]))
        hidden = self.input("hidden", "float32", "halves", "positions", width)
        self.input("zero_points", "uint8", "halves", "positions", 1)
        self.input("places", "int32", "halves")
        self.input("total", "int32")
        self.input("is_reading", "bool")
        self.input("reading_places", "int64", "halves", shape.num_heads, "positions", shape.head_size)
        self.input("reading_end", "int64", 1)
        self.input("reading_mask", "float32", 1, 1, "positions", "seen")
        if not shape.is_melody:
            self.input("by_half", "int64", 3)
            self.input("by_row", "int64", 3)
            self.input("has_prompt", "float32", "halves", 1, 1)
            self.input("prompt_mask", "int32", "rows", "tokens")
        self.output("logits", "float32", "halves", "positions", shape.num_codebooks * shape.num_codes)
        self._stack(weights, hidden)

    def _stack(self, weights: DecoderWeights, hidden: str) -> None:
        """All layers and the heads."""
        normed = self.norm(hidden, weights.layers[0].norm)
        followers = [*(layer.norm for layer in weights.layers[1:]), weights.norm]
        for index, (layer, next_norm) in enumerate(zip(weights.layers, followers, strict=True)):
            attended = self.linear(self._attend_to_past(self.linear(normed, layer.query_key_value), index), layer.out)
            hidden = self.node("Add", hidden, attended)
            if layer.cross is not None:
                query = self.linear(self.norm(hidden, layer.cross.norm), layer.cross.query)
                attended = self.linear(self._attend_to_prompt(query, index), layer.cross.out)
                hidden = self.node("Add", hidden, self.node("Mul", attended, "has_prompt"))
            up = self.node("Gelu", self.linear(self.norm(hidden, layer.feed_norm), layer.up), domain=CONTRIB)
            hidden = self.node("Add", hidden, self.linear(up, layer.down))
            normed = self.norm(hidden, next_norm)
        self.linear(normed, weights.heads, output="logits")

    def linear(self, inputs: str, weight: Linear, output: str = "") -> str:
        """Multiply [..., inputs]."""
        outputs = (output,) if output else ()
        if self.is_for_one and isinstance(weight, Int4Linear):
            return self._multiply_int4(inputs, weight, outputs)
        if isinstance(weight, Int8Linear):
            return self._multiply_int8(inputs, weight, outputs)
        raise TypeError("the graph is made of quantised weights")

    def _multiply_int8(self, inputs: str, weight: Int8Linear, outputs: tuple[str, ...]) -> str:
        """Round each line to int8 by its largest value, multiply, scale back.

        A line of zeros has the scale 0, and whatever it is rounded to becomes 0 again.
        """
        values, scales = (self.constant(array) for array in weight.take())
        last_axis, seventh_bits = self.constant(np.array([-1])), self.constant(np.array(1 / 127, np.float32))
        largest = self.node("ReduceMax", self.node("Abs", inputs), last_axis, keepdims=1)
        scale = self.node("Mul", largest, seventh_bits)
        rounded = self.node("QuantizeLinear", inputs, scale, "zero_points", axis=2, block_size=weight.num_inputs)
        one, zero_point = self.constant(np.array(1, np.float32)), self.constant(np.array(128, np.uint8))
        product = self.node("MatMulIntegerToFloat", rounded, values, one, scales, zero_point, domain=CONTRIB)
        return self.node("Mul", product, scale, outputs=outputs)

    def _multiply_int4(self, inputs: str, weight: Int4Linear, outputs: tuple[str, ...]) -> str:
        """One operator, which rounds each block of a line to int8 itself."""
        arrays = [self.constant(array) for array in weight.take_blocks()]
        sizes = {"K": weight.num_inputs, "N": weight.num_outputs, "bits": 4, "block_size": BLOCK}
        return self.node("MatMulNBits", inputs, *arrays, outputs=outputs, domain=CONTRIB, **sizes, **INT8_ACTIVATIONS)

    def norm(self, hidden: str, norm: Norm) -> str:
        """The layer norm."""
        parameters = (self.constant(norm.weight.numpy()), self.constant(norm.bias.numpy()))
        return self.node("LayerNormalization", hidden, *parameters, axis=-1, epsilon=norm.epsilon)

    def _attend_to_past(self, projected: str, index: int) -> str:
        """Take the keys and values of `projected` [halves, positions, 3 * hidden] in, and attend."""
        past = [self.input(f"past_{part}_{index}", "int8", *self.past_sizes) for part in ("keys", "values")]
        present = [self.output(f"new_{part}_{index}", "int8", *self.past_sizes) for part in ("keys", "values")]
        steps = [self.constant(part.numpy()) for part in self.steps[index]]
        return self.choose(
            "is_reading",
            lambda: self._attend_many(projected, past, steps),
            lambda: self._attend_one(projected, past, steps),
            (self._new(), *present),
        )

    def _attend_one(self, projected: str, past: list[str], steps: list[str]) -> tuple[str, ...]:
        """One position of each half, over keys and values as they are; what it saw, keys, values."""
        inputs = (projected, "", "", *past, "places", "total", "", "", "", "", "", *steps)
        heads = {"num_heads": self.num_heads, "kv_num_heads": self.num_heads}
        kept = {"k_quant_type": "PER_CHANNEL", "v_quant_type": "PER_CHANNEL", "kv_cache_bit_width": 8}
        names = (self._new(), self._new(), self._new())
        self.node("GroupQueryAttention", *inputs, outputs=names, domain=CONTRIB, **heads, **kept)
        return names

    def _attend_many(self, projected: str, past: list[str], steps: list[str]) -> tuple[str, ...]:
        """Many positions of one row, over keys and values in float32; what they saw, keys, values.

        Both are left in steps: those of the keys are multiplied into the query, those of the values into the sum.
        """
        query, *chunk = self._thirds(projected)
        present = [
            self.node("ScatterElements", memory, "reading_places", self._rounded(part, step), axis=2)
            for memory, part, step in zip(past, chunk, steps, strict=True)
        ]
        seen = [
            self.node("Cast", self.node("Slice", memory, self.first_place, "reading_end", self.place_axis), to=FLOAT32)
            for memory in present
        ]
        inputs = (self.node("Mul", query, steps[0]), *seen, "", "", "reading_mask")
        attended = self.node("MultiHeadAttention", *inputs, domain=CONTRIB, num_heads=self.num_heads)
        return (self.node("Mul", attended, steps[1]), *present)

    def _thirds(self, projected: str) -> tuple[str, ...]:
        """Query, keys and values, each [halves, positions, hidden]."""
        names = (self._new(), self._new(), self._new())
        self.node("Split", projected, outputs=names, axis=2, num_outputs=len(names))
        return names

    def _rounded(self, part: str, step: str) -> str:
        """Keys or values [halves, positions, hidden] in whole steps, int8 [halves, heads, positions, head]."""
        whole = self.node("Round", self.node("Div", part, step))
        rounded = self.node("Cast", self.node("Clip", whole, self.least, self.most), to=INT8)
        return self.node("Transpose", self.node("Reshape", rounded, self.by_head), perm=[0, 2, 1, 3])

    def _attend_to_prompt(self, query: str, index: int) -> str:
        prompt = [self.input(f"prompt_{part}_{index}", "float32", *self.prompt_sizes) for part in ("keys", "values")]
        inputs = (self.node("Reshape", query, "by_row"), *prompt, "", "prompt_mask")
        attended = self.node("MultiHeadAttention", *inputs, domain=CONTRIB, num_heads=self.num_heads)
        return self.node("Reshape", attended, "by_half")
