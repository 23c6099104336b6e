"""A low-pass whose cutoff moves: two poles, one cutoff for every few milliseconds of a note."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_blocks import Biquad, State, through_fixed
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

FILTER_BLOCK = 128
"""Frames between changes of a moving filter: 2.9 ms, the control rate of FluidSynth is 1.5 ms."""
MAX_CALLS = 8
"""In a chunk up to so many stretches of one cutoff are filtered one after the other; a call costs as much as 1000
frames."""
CHUNK_BLOCKS = 128
"""What is solved at once: the matrix's band of 16,384 frames takes 400 kB and stays in the processor's cache."""
CHUNK_FRAMES = CHUNK_BLOCKS * FILTER_BLOCK
LONG_STRETCH_BLOCKS = 32
"""From 4096 frames of one cutoff on, matrix products are faster than a recursion."""
Curve = NDArray[np.float64]
_Filters = tuple[Curve, Curve, Curve]


def swept_lowpass(wave: Wave, cents: Curve, resonance_db: float) -> Wave:
    """Two-pole low-pass (R. Bristow-Johnson's Audio EQ Cookbook), one cutoff for each `FILTER_BLOCK` frames, or one for
    the whole wave.

    `cents` are absolute (0 is 8.176 Hz; 6900 is 440 Hz), kept in 1500..13500 and rounded to 25; there may be more of
    them than the wave is long. Gain is lowered by half the resonance, as the specification asks (8.1.2, generator 9).

    With one cutoff, or where `cents` go on to the end of a chunk, what comes out is, bit for bit, the beginning of what
    comes out of a longer wave that begins with this one: how a chunk is worked out depends on its own cutoffs alone.
    """
    if len(cents) == 1:
        return fixed_lowpass(wave, float(cents[0]), resonance_db)
    cents = np.clip(np.round(cents / 25) * 25, 1500, 13_500)
    filters = _lowpass_coefficients(8.176 * 2 ** (cents / 1200), resonance_db)
    out = np.empty_like(wave)
    state: State = (0.0, 0.0)
    for edges in _spans(cents, -(-len(wave) // FILTER_BLOCK)):
        span = slice(edges[0] * FILTER_BLOCK, edges[-1] * FILTER_BLOCK)
        filter_span = _solved if len(edges) - 1 > MAX_CALLS else _stretches
        out[span], state = filter_span(wave[span], filters, edges, state)
    return out


def fixed_lowpass(wave: Wave, cents: float, resonance_db: float) -> Wave:
    """The same with one cutoff for the whole wave."""
    return through_fixed(wave, _fixed(min(max(round(cents / 25) * 25, 1500), 13_500), resonance_db))[0]


def _spans(cents: Curve, num_blocks: int) -> list[list[int]]:
    """Blocks where a cutoff begins, and where the span ends, chunk by chunk until `num_blocks` are covered; chunks that
    go on with one and the same cutoff are one span."""
    changes = np.flatnonzero(np.diff(cents)) + 1
    spans: list[list[int]] = []
    for first in range(0, num_blocks, CHUNK_BLOCKS):
        last = min(first + CHUNK_BLOCKS, len(cents))
        inside = changes[np.searchsorted(changes, first, "right") : np.searchsorted(changes, last)].tolist()
        if spans and len(spans[-1]) == 2 and not inside and cents[first] == cents[first - 1]:
            spans[-1][1] = last
        else:
            spans.append([first, *inside, last])
    return spans


def _one(filters: _Filters, block: int) -> Biquad:
    b0, a1, a2 = (float(coefficient[block]) for coefficient in filters)
    return b0, 2 * b0, b0, a1, a2


@lru_cache(maxsize=512)
def _fixed(cents: int, resonance_db: float) -> Biquad:
    return _one(_lowpass_coefficients(np.array([8.176 * 2 ** (cents / 1200)]), resonance_db), 0)


def _stretches(wave: Wave, filters: _Filters, edges: list[int], state: State) -> tuple[Wave, State]:
    """A span through one filter from edge to edge (in blocks), one after the other, and the state that is left."""
    out = np.empty(len(wave), dtype=np.float32)
    for start, end in pairwise(edges):
        span = slice((start - edges[0]) * FILTER_BLOCK, min((end - edges[0]) * FILTER_BLOCK, len(wave)))
        if span.start < span.stop:
            through = through_fixed if end - start >= LONG_STRETCH_BLOCKS else _recursion
            out[span], state = through(wave[span], _one(filters, start), state)
    return out, state


def _recursion(wave: Wave, filter_: Biquad, state: State) -> tuple[Curve, State]:
    from scipy.signal import lfilter

    out, (first, second) = lfilter(filter_[:3], (1.0, *filter_[3:]), wave.astype(np.float64), zi=np.array(state))
    return out, (float(first), float(second))


def _lowpass_coefficients(cutoff_hz: Curve, resonance_db: float) -> tuple[Curve, Curve, Curve]:
    """b0 (the numerator is b0, 2 b0, b0), a1 and a2, each [blocks]; 0 dB of resonance is -3 dB at the cutoff."""
    omega = 2 * np.pi * np.minimum(cutoff_hz, 0.46 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    q = 10 ** ((resonance_db - 3.01) / 20)
    alpha, cosine = np.sin(omega) / (2 * q), np.cos(omega)
    gain = 10 ** (-resonance_db / 40)
    return (1 - cosine) / 2 * (gain / (1 + alpha)), -2 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)


def _solved(wave: Wave, filters: _Filters, edges: list[int], state: State) -> tuple[Curve, State]:
    """A chunk through one filter a block, all at once: what `lfilter` gives block after block, to 1e-12.

    With the state of the direct form II transposed, what a frame leaves behind is weighed by its own block:
    y[n] + a1[n-1] y[n-1] + a2[n-2] y[n-2] = w[n] + 2 w[n-1] + w[n-2], w = b0 x. These are the rows of a triangular
    system with two diagonals below the main one, which BLAS solves from the first frame to the last.
    """
    from scipy.linalg.blas import dtbsv

    b0, a1, a2 = (c[edges[0] : edges[-1]] for c in filters)
    band = np.repeat(np.stack([np.ones_like(a1), a1, a2], axis=1), FILTER_BLOCK, axis=0)[: len(wave)]
    pushed = np.repeat(b0, FILTER_BLOCK)[: len(wave)] * wave
    given = pushed.copy()
    given[1:] += 2 * pushed[:-1]
    given[2:] += pushed[:-2]
    given[:2] += state[: len(given)]
    solved = dtbsv(2, band.T, given, lower=1, diag=1)
    if len(wave) > 1:  # a chunk of one frame is the wave's last
        last, before = band[-1, 1:] * solved[-1], band[-2, 2] * solved[-2]
        state = float(2 * pushed[-1] + pushed[-2] - last[0] - before), float(pushed[-1] - last[1])
    return solved, state
