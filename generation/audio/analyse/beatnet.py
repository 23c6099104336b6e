"""BeatNet's three recurrent nets in numpy: how much each frame sounds like a beat or a downbeat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from generation.audio.analyse.beat_features import FRAMES_PER_S, NUM_BANDS, FloatArray, beat_features

WEIGHTS = Path(__file__).parent / "weights" / "beatnet.npz"
NUM_NETS = 3
NUM_CELLS = 150
NUM_POOLED = 262
"""Of the 263 places of ten neighbouring bands, the last one has no neighbour to be pooled with."""
WARM_UP_S = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class BeatActivations:
    """What is heard of the rhythm, 50 frames a second.

    beat, downbeat: float64 [frames], probabilities 0..1 of a beat that is no downbeat, and of a downbeat.
    rise: float64 [frames], how much the spectrum rises, summed over bands: every onset, beat or not.
    """

    beat: np.ndarray
    downbeat: np.ndarray
    rise: np.ndarray

    @property
    def either(self) -> np.ndarray:
        """The probability of a beat of any kind, float64 [frames]."""
        total: np.ndarray = np.minimum(self.beat + self.downbeat, 1.0)
        return total


def beat_activations(mono: FloatArray) -> BeatActivations:
    """The mean of the three nets over `mono` (float32 [samples] at 22,050 Hz).

    The nets only look back, so they are deaf at the start: they first hear the clip's first seconds as a warm-up.
    """
    features = beat_features(mono)
    num_warm = min(round(WARM_UP_S * FRAMES_PER_S), len(features))
    probabilities = _softmax(_run_nets(features, num_warm)[:, num_warm:])
    beat, downbeat, _ = probabilities.mean(axis=0).T.astype(np.float64)
    return BeatActivations(beat, downbeat, features[:, NUM_BANDS:].sum(axis=1, dtype=np.float64))


def _run_nets(features: FloatArray, num_warm: int) -> FloatArray:
    """Logits [nets, num_warm + frames, (beat, downbeat, neither)] of the first `num_warm` frames and then of all.

    Convolution and pooling over bands, two LSTM layers, linear.
    """
    w = _weights()
    x = np.stack([_bands_in(features, w, net) for net in range(NUM_NETS)])
    x = np.concatenate([x[:, :num_warm], x], axis=1)
    for layer in ("l0", "l1"):
        x = _lstm(x, w[f"lstm.weight_ih_{layer}"], w[f"lstm.weight_hh_{layer}"], w[f"lstm.bias_{layer}"])
    out: FloatArray = x @ w["linear.weight"].transpose(0, 2, 1) + w["linear.bias"][:, None, :]
    return out


def _bands_in(features: FloatArray, w: dict[str, FloatArray], net: int) -> FloatArray:
    """One net's way in: 2 filters of 10 bands, ReLU, maximum of neighbours, linear to 150. [frames, 150]."""
    kernel = w["conv1.weight"][net, :, 0]  # [2, 10]
    pooled = []
    for filter_taps, bias in zip(kernel, w["conv1.bias"][net], strict=True):
        filtered = np.full((len(features), NUM_POOLED), bias, np.float32)
        for band, tap in enumerate(filter_taps):
            filtered += tap * features[:, band : band + NUM_POOLED]
        pooled.append(np.maximum(np.maximum(filtered[:, 0::2], filtered[:, 1::2]), 0))
    out: FloatArray = np.hstack(pooled) @ w["linear0.weight"][net].T + w["linear0.bias"][net]
    return out


def _lstm(x: FloatArray, weight_in: FloatArray, weight_back: FloatArray, bias: FloatArray) -> FloatArray:
    """One LSTM layer of all nets at once (Hochreiter and Schmidhuber 1997; gates in the order i, f, o, g).

    x: [nets, frames, 150]; weights [nets, 600, 150] as `_tanh_gates` makes them; returns the hidden states
    [nets, frames, 150]. A frame is a dozen small steps in place: most of its time is the product with the weights.
    """
    drive = x @ weight_in.transpose(0, 2, 1) + bias[:, None, :]
    drive = np.ascontiguousarray(drive.transpose(1, 0, 2))[:, :, None, :]  # [frames, nets, 1, 600]
    back = np.ascontiguousarray(weight_back.transpose(0, 2, 1))
    hidden = np.zeros((NUM_NETS, 1, NUM_CELLS), np.float32)
    cell, new = np.zeros_like(hidden), np.empty_like(hidden)
    gates = np.empty((NUM_NETS, 1, 4 * NUM_CELLS), np.float32)
    taken, kept, shown, offered = (gates[..., first * NUM_CELLS : (first + 1) * NUM_CELLS] for first in range(4))
    squashed = gates[..., : 3 * NUM_CELLS]
    out = np.empty((len(drive), *hidden.shape), np.float32)
    for t, incoming in enumerate(drive):
        np.matmul(hidden, back, out=gates)
        np.add(gates, incoming, out=gates)
        np.tanh(gates, out=gates)
        np.multiply(squashed, 0.5, out=squashed)  # the logistic function of x is 0.5 + 0.5 tanh(x / 2)
        np.add(squashed, 0.5, out=squashed)
        np.multiply(cell, kept, out=cell)
        np.multiply(taken, offered, out=new)
        np.add(cell, new, out=cell)
        np.tanh(cell, out=new)
        hidden = np.multiply(shown, new, out=out[t])
    return np.ascontiguousarray(out[:, :, 0].transpose(1, 0, 2))


def _tanh_gates(rows: FloatArray) -> FloatArray:
    """Weights or biases [nets, 600, ...] of the gates i, f, g, o as those of i / 2, f / 2, o / 2, g.

    So one tanh serves all of them; halves are exact in floating point and change no result.
    """
    i, f, g, o = np.split(rows, 4, axis=1)
    return np.concatenate([i / 2, f / 2, o / 2, g], axis=1)


def _softmax(logits: FloatArray) -> FloatArray:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    out: FloatArray = raised / raised.sum(axis=-1, keepdims=True)
    return out


@cache
def _weights() -> dict[str, FloatArray]:
    """The weights by name, the three nets stacked in front; an LSTM's two biases only ever occur as their sum, and
    its gates are ordered for `_lstm`."""
    with np.load(WEIGHTS) as stored:
        names = {name.split(".", 1)[1] for name in stored.files}
        w = {
            name: np.stack([stored[f"{net + 1}.{name}"].astype(np.float32) for net in range(NUM_NETS)])
            for name in names
        }
    for layer in ("l0", "l1"):
        w[f"lstm.bias_{layer}"] = w.pop(f"lstm.bias_ih_{layer}") + w.pop(f"lstm.bias_hh_{layer}")
        for name in (f"lstm.weight_ih_{layer}", f"lstm.weight_hh_{layer}", f"lstm.bias_{layer}"):
            w[name] = _tanh_gates(w[name])
    return w
