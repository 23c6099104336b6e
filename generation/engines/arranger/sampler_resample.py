"""Reading a sample at another speed, as matrix products: a windowed sinc for 32 frames at a time.

The speed is taken as a fraction, p source frames for q frames out, so that the places between the source's frames, and
with them the weights, come round every q frames. Row after row of the source, each p frames after the one before, times
the weights of 32 of these frames is one product:

    source   |<------ p ------>|<------ p ------>|<-- ...
    row 0    [== p/q * 32 + taps ==]                         @ weights [row, 32]  ->  out[0, 0..31]
    row 1                      [== p/q * 32 + taps ==]                            ->  out[1, 0..31]
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_tone import Wave

BLOCK_FRAMES = 32
HALF_TAPS = 24
"""With `BETA` the weights pass all up to 0.9 of half the lower rate (19.8 kHz) as it is, and nothing from 1.1 on."""
BETA = 7.857
"""Kaiser's window for -80 dB (J. F. Kaiser 1974: 0.1102 (A - 8.7))."""
STEPS_PER_TAP = 512
MAX_TUNING_ERROR = 1 / 30_000
"""Of the speed: 0.06 cents, a hundredth of what anybody hears."""
CALL_FRAMES = 4096
CALL_PRODUCTS = 250_000
"""The rows of a product are as many for short waves as for long ones, so that the bits are the same (BLAS takes other
ways for other shapes), and too few to be spread over threads."""
KEPT_STEPS = (0.25, 4.0)
"""The weights of the usual speeds are kept: they take some 60 kB, those of others more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """`source` frames go in for `out` frames that come out; `half` source frames are heard before and after a place.

    `blocks` float32 [blocks, width, 32]: each begins `firsts` frames into the source. A product has `rows` rows.
    """

    source: int
    out: int
    half: int
    rows: int
    firsts: tuple[int, ...]
    blocks: Wave


def resampled(source: Wave, step: float, num_frames: int) -> Wave:
    """float32 [<= num_frames]: the source read `step` times as fast, without what lies above half of either rate.

    What comes out is, bit for bit, the beginning of what comes out of a longer source that begins with this one, but
    for the last `frames_heard` of it.
    """
    weights = _kept_weights(step) if KEPT_STEPS[0] <= step <= KEPT_STEPS[1] else _weights(step)
    num_frames = max(min(num_frames, int(len(source) / step)), 1)
    num_calls = -(-num_frames // (weights.rows * weights.out))
    width = weights.blocks.shape[1]
    padded = np.zeros(num_calls * weights.rows * weights.source + width, dtype=np.float32)
    heard = source[: len(padded) - weights.half + 1]
    padded[weights.half - 1 : weights.half - 1 + len(heard)] = heard
    out: Wave = np.empty((num_calls, weights.rows, weights.out), dtype=np.float32)
    shape, stride = (num_calls, weights.rows, width), weights.source * padded.itemsize
    strides = (weights.rows * stride, stride, padded.itemsize)
    for index, (first, block) in enumerate(zip(weights.firsts, weights.blocks, strict=True)):
        rows: Wave = np.ndarray(shape, np.float32, padded, first * padded.itemsize, strides)  # they overlap
        columns = out[..., index * BLOCK_FRAMES : (index + 1) * BLOCK_FRAMES]
        np.matmul(rows, block[:, : columns.shape[-1]], out=columns)
    return out.reshape(-1)[:num_frames]


def frames_heard(step: float) -> int:
    """So many source frames beyond a place are heard in it."""
    return int(HALF_TAPS * max(step, 1.0)) + 1


def _weights(step: float) -> _Weights:
    """The weights of one speed: some 10 kB for each 32 frames."""
    ratio, half = _fraction(step), frames_heard(step)
    width = int(BLOCK_FRAMES * ratio) + 2 * half + 2
    times = -(-width // ratio.numerator)  # rows that overlap can't be given to BLAS as they lie
    source, out = ratio.numerator * times, ratio.denominator * times
    places = np.arange(out) * source // out
    firsts = places[::BLOCK_FRAMES]
    taps = _taps(np.arange(out) * source % out / out, half, step)
    inside = places - np.repeat(firsts, BLOCK_FRAMES)[:out]
    blocks = np.zeros((len(firsts), BLOCK_FRAMES, width), dtype=np.float32)
    at = np.arange(out) * width + inside
    blocks.reshape(-1)[at[:, None] + np.arange(2 * half)] = taps
    blocks = np.ascontiguousarray(blocks.transpose(0, 2, 1))
    rows = max(min(CALL_FRAMES // out, CALL_PRODUCTS // (width * BLOCK_FRAMES)), 1)
    return _Weights(source, out, half, rows, tuple(firsts.tolist()), blocks)


_kept_weights = lru_cache(maxsize=64)(_weights)


def _fraction(step: float) -> Fraction:
    largest = 128
    while True:
        ratio = Fraction(step).limit_denominator(largest)
        if abs(ratio - step) <= step * MAX_TUNING_ERROR:
            return ratio
        largest *= 2


def _taps(between: NDArray[np.float64], half: int, step: float) -> Wave:
    """float32 [places, 2 * half]: the weights of the frames round each place, which lies `between` two of them; their
    sum is 1."""
    scale = np.float32(min(1.0, 1 / step) * STEPS_PER_TAP)
    at = np.abs(np.arange(1 - half, half + 1, dtype=np.float32) - between[:, None].astype(np.float32)) * scale
    index = at.astype(np.intp)
    at -= index.astype(np.float32)
    table = _sinc()
    at *= table[1].take(index, mode="clip")
    at += table[0].take(index, mode="clip")
    at /= at.sum(axis=1, keepdims=True)
    return at


@lru_cache(maxsize=1)
def _sinc() -> tuple[Wave, Wave]:
    """Half of the windowed sinc, `STEPS_PER_TAP` values for each of its zeros and silence behind it, and the step after
    each."""
    time = np.arange(HALF_TAPS * STEPS_PER_TAP + 1) / STEPS_PER_TAP
    wave = np.sinc(time) * np.i0(BETA * np.sqrt(1 - (time / HALF_TAPS) ** 2)) / np.i0(BETA)
    wave[-1:] = 0
    table = np.append(wave, 0.0).astype(np.float32)
    return table[:-1].copy(), np.diff(table)
