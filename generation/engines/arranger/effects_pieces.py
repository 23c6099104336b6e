"""Pieces: effects work on minutes of music in place, a little at a time: short steps, small memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

import numpy as np

from generation.engines.arranger.sampler_tone import Wave

PIECE_FRAMES = 128 * 1024
"""3 s: no effect takes more than a tenth of a second for it; a multiple of the compressor's hop."""
Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work that yields between pieces and ends with a result."""


def pieces(num_frames: int) -> Iterator[slice]:
    """The spans of a buffer, in order."""
    return (slice(first, min(first + PIECE_FRAMES, num_frames)) for first in range(0, num_frames, PIECE_FRAMES))


def finished(steps: Steps[Result]) -> Result:
    """The work in one go."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def changed(samples: Wave, change: Callable[[Wave], Wave]) -> Steps[None]:
    """Every piece of `samples` [channels, frames] replaced by what `change` makes of it alone."""
    for span in pieces(samples.shape[1]):
        samples[:, span] = change(samples[:, span])
        yield


def scaled(samples: Wave, gain: np.float32 | float) -> Steps[None]:
    """The samples times a gain."""
    for span in pieces(samples.shape[1]):
        samples[:, span] *= np.float32(gain)
        yield


def added(out: Wave, samples: Wave, gain: np.float32 | float) -> Steps[None]:
    """The samples times a gain added to `out`."""
    for span in pieces(out.shape[1]):
        out[:, span] += samples[:, span] * np.float32(gain)
        yield


def peak(samples: Wave) -> float:
    """The largest absolute sample, without a copy of all."""
    return max((float(np.abs(samples[:, span]).max()) for span in pieces(samples.shape[1])), default=0.0)
