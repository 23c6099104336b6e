"""A low-pass whose cutoff moves: two poles, one cutoff for every few milliseconds of a note."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

FILTER_BLOCK = 128
"""Frames between changes of a moving filter: 2.9 ms, the control rate of FluidSynth is 1.5 ms."""
MAX_CALLS = 8
"""In a chunk up to so many stretches of one cutoff are filtered one after the other; a call costs as much as 1000
frames."""
CHUNK_BLOCKS = 128
"""What is solved at once: the matrix's band of 16,384 frames takes 400 kB and stays in the processor's cache."""
CHUNK_FRAMES = CHUNK_BLOCKS * FILTER_BLOCK
SINGLE_PRECISION_SUM = 0.0183
"""1 + a1 + a2, nearly the square of the cutoff in radians a frame, of a filter at 1 kHz without resonance."""
Curve = NDArray[np.float64]


def swept_lowpass(wave: Wave, cents: Curve, resonance_db: float) -> Wave:
    """Two-pole low-pass (R. Bristow-Johnson's Audio EQ Cookbook), one cutoff for each `FILTER_BLOCK` frames, or one for
    the whole wave.

    `cents` are absolute (0 is 8.176 Hz; 6900 is 440 Hz), kept in 1500..13500 and rounded to 25; there may be more of
    them than the wave is long. Gain is lowered by half the resonance, as the specification asks (8.1.2, generator 9).

    With one cutoff, or where `cents` go on to the end of a chunk, what comes out is, bit for bit, the beginning of what
    comes out of a longer wave that begins with this one: how a chunk is worked out depends on its own cutoffs alone.
    """
    cents = np.clip(np.round(cents / 25) * 25, 1500, 13_500)
    filters = _lowpass_coefficients(8.176 * 2 ** (cents / 1200), resonance_db)
    if len(cents) == 1:
        return _steady(wave, *(coefficient[0] for coefficient in filters))
    out = np.empty_like(wave)
    state = np.zeros(2)
    for number, first in enumerate(range(0, len(wave), CHUNK_FRAMES)):
        blocks = slice(number * CHUNK_BLOCKS, (number + 1) * CHUNK_BLOCKS)
        edges = [0, *(np.flatnonzero(np.diff(cents[blocks])) + 1).tolist(), CHUNK_BLOCKS]
        chunk = slice(first, first + CHUNK_FRAMES)
        b0, a1, a2 = (coefficient[blocks] for coefficient in filters)
        if len(edges) - 1 > MAX_CALLS:
            out[chunk], state = _solved(wave[chunk], b0, a1, a2, state)
        else:
            out[chunk], state = _stretches(wave[chunk], b0, a1, a2, state, edges)
    return out


def _stretches(wave: Wave, b0: Curve, a1: Curve, a2: Curve, state: Curve, edges: list[int]) -> tuple[Curve, Curve]:
    """A chunk through one filter from edge to edge (in blocks), one after the other, and the state that is left."""
    from scipy.signal import lfilter

    out = np.empty(len(wave))
    for start, end in pairwise(edges):
        piece = wave[start * FILTER_BLOCK : end * FILTER_BLOCK]
        if len(piece):
            span = slice(start * FILTER_BLOCK, start * FILTER_BLOCK + len(piece))
            numerator = b0[start], 2 * b0[start], b0[start]
            out[span], state = lfilter(numerator, (1.0, a1[start], a2[start]), piece, zi=state)
    return out, state


def _steady(wave: Wave, b0: float, a1: float, a2: float) -> Wave:
    """`wave` through one filter from its beginning, in single precision where that is enough: from 1 kHz on it is
    within -108 dB of double precision (at 200 Hz within -86 dB), in two thirds of the time."""
    from scipy.signal import lfilter

    kind = np.float32 if 1 + a1 + a2 >= SINGLE_PRECISION_SUM else np.float64
    numerator, denominator = np.array([b0, 2 * b0, b0], dtype=kind), np.array([1.0, a1, a2], dtype=kind)
    return np.asarray(lfilter(numerator, denominator, wave), dtype=np.float32)


def _lowpass_coefficients(cutoff_hz: Curve, resonance_db: float) -> tuple[Curve, Curve, Curve]:
    """b0 (the numerator is b0, 2 b0, b0), a1 and a2, each [blocks]; 0 dB of resonance is -3 dB at the cutoff."""
    omega = 2 * np.pi * np.minimum(cutoff_hz, 0.46 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    q = 10 ** ((resonance_db - 3.01) / 20)
    alpha, cosine = np.sin(omega) / (2 * q), np.cos(omega)
    gain = 10 ** (-resonance_db / 40)
    return (1 - cosine) / 2 * (gain / (1 + alpha)), -2 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)


def _solved(wave: Wave, b0: Curve, a1: Curve, a2: Curve, state: Curve) -> tuple[Curve, Curve]:
    """A chunk through one filter a block, all at once: what `lfilter` gives block after block, to 1e-12.

    With the state of the direct form II transposed, what a frame leaves behind is weighed by its own block:
    y[n] + a1[n-1] y[n-1] + a2[n-2] y[n-2] = w[n] + 2 w[n-1] + w[n-2], w = b0 x. These are the rows of a triangular
    system with two diagonals below the main one, which BLAS solves from the first frame to the last.
    """
    from scipy.linalg.blas import dtbsv

    band = np.ones((len(wave), 3))
    band[:, 1], band[:, 2] = (np.repeat(a, FILTER_BLOCK)[: len(wave)] for a in (a1, a2))
    pushed = np.repeat(b0, FILTER_BLOCK)[: len(wave)] * wave
    given = pushed.copy()
    given[1:] += 2 * pushed[:-1]
    given[2:] += pushed[:-2]
    given[:2] += state[: len(given)]
    solved = dtbsv(2, band.T, given, lower=1, diag=1)
    if len(wave) > 1:  # a chunk of one frame is the wave's last
        last, before = band[-1, 1:] * solved[-1], band[-2, 2] * solved[-2]
        state = np.array([2 * pushed[-1] + pushed[-2] - last[0] - before, pushed[-1] - last[1]])
    return solved, state
