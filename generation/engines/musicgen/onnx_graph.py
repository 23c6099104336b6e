"""The decoder's layers as an ONNX graph with int8 weights, which onnxruntime runs on a CPU.

One call then runs all layers, without torch's price for each operator, and on threads that share the processor
well with others. The product is MLAS's of unsigned by signed int8 (`MatMulIntegerToFloat`), on processors with AMX a
tile at once: reading the weights is then all that a step waits for, and a few rows more cost nothing.

Activations are rounded to int8 with a scale for each row, and products summed in whole numbers, so that a row's result
is the same to the last bit whatever the other rows are.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.engines.musicgen.linear import Int8Linear, Linear
from generation.engines.musicgen.weights import DecoderWeights, Norm

CONTRIB = "com.microsoft"
OPSET, IR_VERSION = 21, 10
"""ONNX 1.16 of 2024; any onnxruntime from 1.20 on reads it."""
LARGE_BYTES = 1 << 10
"""What is larger is handed to the session beside the graph: a graph can't be larger than 2 GB."""
Array = npt.NDArray[Any]


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

    def serialise(self) -> bytes:
        """The finished graph, without the large constants."""
        graph = self.helper.make_graph(self.nodes, "decoder", self.inputs, self.outputs, self.small)
        opsets = [self.helper.make_opsetid("", OPSET), self.helper.make_opsetid(CONTRIB, 1)]
        model: bytes = self.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
        return model

    def _declare(self, name: str, dtype: str, sizes: tuple[int | str, ...]) -> Any:
        tensor_type = self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.helper.make_tensor_value_info(name, tensor_type, sizes)

    def _new(self) -> str:
        self.num_values += 1
        return f"v{self.num_values}"


class DecoderGraph(Graph):
    """The layers of MusicGen: see `TorchLayers.transform`, which does the same in torch, for what happens in a layer.

    Inputs, for `lines` = rows * halves * positions: hidden [lines, hidden]; zero_points uint8 [lines], all 128; places
    int32 [rows * halves], the last place of each; total int32, the largest of them plus 1; self_shape and cross_shape
    int64, how the lines lie: [rows * halves, positions, 3 * hidden] and [rows, halves * positions, hidden]; has_prompt
    float32 [lines, 1], 1 or 0; prompt_mask int32 [rows, tokens]; of each layer past_keys_0, past_values_0 ... [rows *
    halves, heads, places, head], written in place, and prompt_keys_0, prompt_values_0 ... [rows, heads, tokens, head].
    Output: logits [lines, codebooks * codes].
    """

    def __init__(self, weights: DecoderWeights) -> None:
        super().__init__()
        shape, width = weights.shape, weights.shape.hidden
        self.num_heads = shape.num_heads
        self.past_sizes = ("halves", shape.num_heads, shape.max_positions, shape.head_size)
        self.prompt_sizes = ("rows", shape.num_heads, "tokens", shape.head_size)
        self.seventh_bits = self.constant(np.array(1 / 127, np.float32))
        self.tiny = self.constant(np.array(1e-12, np.float32))
        self.last_axis, self.as_lines = self.constant(np.array([1])), self.constant(np.array([-1, width]))
        hidden = self.input("hidden", "float32", "lines", width)
        for name, dtype, *sizes in (
            ("zero_points", "uint8", "lines"),
            ("places", "int32", "halves"),
            ("total", "int32"),
            ("self_shape", "int64", 3),
        ):
            self.input(name, dtype, *sizes)
        if not shape.is_melody:
            self.input("cross_shape", "int64", 3)
            self.input("has_prompt", "float32", "lines", 1)
            self.input("prompt_mask", "int32", "rows", "tokens")
        self.output("logits", "float32", "lines", shape.num_codebooks * shape.num_codes)
        self._stack(weights, hidden)

    def _stack(self, weights: DecoderWeights, hidden: str) -> None:
        """All layers and the heads; each norm also adds what the part before it computed."""
        norm = weights.layers[0].norm
        normed = self.node("LayerNormalization", hidden, *self._norm(norm), axis=-1, epsilon=norm.epsilon)
        followers = [*(layer.norm for layer in weights.layers[1:]), weights.norm]
        for index, (layer, next_norm) in enumerate(zip(weights.layers, followers, strict=True)):
            attended = self.linear(self._attend_to_past(self.linear(normed, layer.query_key_value), index), layer.out)
            if layer.cross is not None:
                normed, hidden = self.add_and_norm(hidden, attended, layer.cross.norm)
                attended = self._attend_to_prompt(self.linear(normed, layer.cross.query), index)
                attended = self.node("Mul", self.linear(attended, layer.cross.out), "has_prompt")
            normed, hidden = self.add_and_norm(hidden, attended, layer.feed_norm)
            up = self.node("Gelu", self.linear(normed, layer.up), domain=CONTRIB)
            normed, hidden = self.add_and_norm(hidden, self.linear(up, layer.down), next_norm)
        self.linear(normed, weights.heads, output="logits")

    def linear(self, inputs: str, weight: Linear, output: str = "") -> str:
        """Multiply [lines, inputs]: round each line to int8 by its largest value, multiply, scale back."""
        if not isinstance(weight, Int8Linear):
            raise TypeError("the graph is made of int8 weights")
        largest = self.node("ReduceMax", self.node("Abs", inputs), self.last_axis, keepdims=0)
        scale = self.node("Max", self.node("Mul", largest, self.seventh_bits), self.tiny)
        rounded = self.node("QuantizeLinear", inputs, scale, "zero_points", axis=0)
        values, scales = self.constant(weight.take().numpy()), self.constant(weight.scales.numpy())
        one, zero_point = self.constant(np.array(1, np.float32)), self.constant(np.array(128, np.uint8))
        product = self.node("MatMulIntegerToFloat", rounded, values, one, scales, zero_point, domain=CONTRIB)
        column = self.node("Unsqueeze", scale, self.last_axis)
        return self.node("Mul", product, column, outputs=(output,) if output else ())

    def add_and_norm(self, hidden: str, more: str, norm: Norm) -> tuple[str, str]:
        """The norm of the sum, and the sum."""
        normed, total = self._new(), self._new()
        names = (normed, "", "", total)
        inputs = (hidden, more, *self._norm(norm))
        self.node("SkipLayerNormalization", *inputs, outputs=names, domain=CONTRIB, epsilon=norm.epsilon)
        return normed, total

    def _attend_to_past(self, projected: str, index: int) -> str:
        past = [self.input(f"past_{part}_{index}", "float32", *self.past_sizes) for part in ("keys", "values")]
        present = [self.output(f"new_{part}_{index}", "float32", *self.past_sizes) for part in ("keys", "values")]
        inputs = (self.node("Reshape", projected, "self_shape"), "", "", *past, "places", "total")
        names = (self._new(), *present)
        kind, heads = "GroupQueryAttention", self.num_heads
        attended = self.node(kind, *inputs, outputs=names, domain=CONTRIB, num_heads=heads, kv_num_heads=heads)
        return self.node("Reshape", attended, self.as_lines)

    def _attend_to_prompt(self, query: str, index: int) -> str:
        prompt = [self.input(f"prompt_{part}_{index}", "float32", *self.prompt_sizes) for part in ("keys", "values")]
        inputs = (self.node("Reshape", query, "cross_shape"), *prompt, "", "prompt_mask")
        attended = self.node("MultiHeadAttention", *inputs, domain=CONTRIB, num_heads=self.num_heads)
        return self.node("Reshape", attended, self.as_lines)

    def _norm(self, norm: Norm) -> tuple[str, str]:
        return self.constant(norm.weight.numpy()), self.constant(norm.bias.numpy())
