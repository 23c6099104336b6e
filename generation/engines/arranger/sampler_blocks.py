"""A fixed two-pole filter as matrix products: what a recursion does frame by frame, 32 frames at a time.

A filter's memory is one complex number c, its pole's mode: c[n] = p c[n - 1] + x[n], y[n] = d x[n] + 2 Re(r c[n]).
Of a block X of 32 frames the output is therefore X T + (Re c, Im c) O, with c from before the block, and what the block
adds to c is X G. Only c goes from block to block one after the other:

    blocks [n, 32] ── X G ── recursion over n / 32 values ── c ──┐
           └──────────────────── X T ────────────────────────── + c O ── out [n, 32]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_tone import Wave

BLOCK_FRAMES = 32
"""Longer blocks multiply more, shorter ones have more memory to hand on: 16 and 64 take as long or longer."""
CALL_BLOCKS = 128
"""So many blocks go into one product, the last ones filled up with silence: products of one shape give the same bits,
whatever else is in the wave (BLAS takes other ways for other shapes), and are too small to be spread over threads."""
PIECE_FRAMES = 8 * CALL_BLOCKS * BLOCK_FRAMES
"""What is worked out at once stays in the processor's cache."""
Biquad = tuple[float, float, float, float, float]
"""b0, b1, b2, a1, a2 of a filter with two poles."""
State = tuple[float, float]
"""The two memories of the direct form II transposed, as `scipy.signal.lfilter` has them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """`output` float32 [32 + 2, 32]: T over O; `memory` float32 [32, 2]: G; `pole` p; `residue` r."""

    output: Wave
    memory: Wave
    pole: complex
    residue: complex


def through_fixed(wave: Wave, filter_: Biquad, state: State = (0.0, 0.0)) -> tuple[Wave, State]:
    """float32 [frames] through a filter, and the state after the last whole block. The filter must ring (a pair of
    complex poles), as the cookbook's low-pass and Butterworth's of even order do.

    Raises:
        ValueError: its poles are real.

    Single precision but for the memory: within -135 dB of double precision for cutoffs from 30 Hz on, where
    `lfilter` in single precision is at -67 dB, in a third of its time. What comes out is, bit for bit, the beginning of
    what comes out of a longer wave that begins with this one.
    """
    out: Wave = np.empty(len(wave), dtype=np.float32)
    for first in range(0, len(wave), PIECE_FRAMES):
        piece = slice(first, first + PIECE_FRAMES)
        out[piece], state = _piece_through(wave[piece], filter_, state)
    return out, state


def _piece_through(wave: Wave, filter_: Biquad, state: State) -> tuple[Wave, State]:
    matrices = _matrices(filter_)
    a1 = filter_[3]
    blocks = _in_blocks(wave)
    rows = blocks.reshape(-1, BLOCK_FRAMES + 2)
    added = (blocks[..., :BLOCK_FRAMES] @ matrices.memory).reshape(-1, 2).astype(np.float64)
    start = _to_mode(state, a1, matrices)
    modes = _accumulated(added.view(np.complex128)[:, 0], matrices.pole**BLOCK_FRAMES, start)
    rows[0, BLOCK_FRAMES:] = start.real, start.imag
    rows[1:, BLOCK_FRAMES] = modes[:-1].real
    rows[1:, BLOCK_FRAMES + 1] = modes[:-1].imag
    last = complex(modes[len(wave) // BLOCK_FRAMES - 1]) if len(wave) >= BLOCK_FRAMES else start
    return (blocks @ matrices.output).reshape(-1)[: len(wave)], _from_mode(last, a1, matrices)


def _accumulated(added: NDArray[np.complex128], turn: complex, start: complex) -> NDArray[np.complex128]:
    """c[n] = turn * c[n - 1] + added[n]: a triangular system with one diagonal below the main one, solved by BLAS."""
    from scipy.linalg.blas import ztbsv

    band = np.empty((len(added), 2), dtype=np.complex128)
    band[:, 0], band[:, 1] = 1, -turn
    added[0] += turn * start
    solved: NDArray[np.complex128] = ztbsv(1, band.T, added, lower=1, diag=1)
    return solved


def _in_blocks(wave: Wave) -> Wave:
    """float32 [calls, blocks, 32 + 2]: the wave, silence to the end of the call, and room for the memory."""
    num_calls = -(-len(wave) // (CALL_BLOCKS * BLOCK_FRAMES))
    blocks = np.empty((max(num_calls, 1), CALL_BLOCKS, BLOCK_FRAMES + 2), dtype=np.float32)
    rows = blocks.reshape(-1, BLOCK_FRAMES + 2)
    num_full = len(wave) // BLOCK_FRAMES
    rows[:num_full, :BLOCK_FRAMES] = wave[: num_full * BLOCK_FRAMES].reshape(-1, BLOCK_FRAMES)
    rows[num_full:, :BLOCK_FRAMES] = 0
    rest = len(wave) - num_full * BLOCK_FRAMES
    if rest:
        rows[num_full, :rest] = wave[num_full * BLOCK_FRAMES :]
    return blocks


@lru_cache(maxsize=512)
def _matrices(filter_: Biquad) -> _Matrices:
    """The matrices of one filter, 5 kB (partial fractions of its transfer function)."""
    b0, b1, b2, a1, a2 = filter_
    if a1 * a1 >= 4 * a2:
        raise ValueError(f"a filter with real poles does not ring: a1 {a1}, a2 {a2}")
    pole = complex(-a1 / 2, np.sqrt(a2 - a1 * a1 / 4))
    residue = (b0 + b1 / pole + b2 / pole**2) / (1 - pole.conjugate() / pole)
    frames = np.arange(BLOCK_FRAMES)
    impulse = 2 * (residue * pole**frames).real
    impulse[0] += b2 / a2
    later = frames[None, :] - frames[:, None]
    direct = np.where(later >= 0, impulse[np.maximum(later, 0)], 0)
    ringing = 2 * residue * pole ** (frames + 1)
    output = np.concatenate([direct, [ringing.real, -ringing.imag]]).astype(np.float32)
    memory = pole ** (BLOCK_FRAMES - 1 - frames)
    return _Matrices(output, np.stack([memory.real, memory.imag], axis=1).astype(np.float32), pole, residue)


def _to_mode(state: State, a1: float, matrices: _Matrices) -> complex:
    """The mode that rings on like this state: both give y[0] = s1 and y[1] = s2 - a1 s1 when nothing comes in."""
    if state == (0.0, 0.0):
        return 0j
    first = 2 * matrices.residue * matrices.pole
    second = first * matrices.pole
    wanted = state[0], state[1] - a1 * state[0]
    determinant = first.imag * second.real - first.real * second.imag
    real = (first.imag * wanted[1] - second.imag * wanted[0]) / determinant
    imag = (first.real * wanted[1] - second.real * wanted[0]) / determinant
    return complex(real, imag)


def _from_mode(mode: complex, a1: float, matrices: _Matrices) -> State:
    first = 2 * matrices.residue * matrices.pole * mode
    return first.real, (first * matrices.pole).real + a1 * first.real
