"""The delay pattern: how the codebooks of a codec frame are spread over the decoder's positions, in one place.

MusicGen (arXiv:2306.05284, section 2.2) predicts all codebooks at each position, each codebook one position later than
the one before it, so that a codebook sees the coarser ones of the same frame. Codes of frame t are written `t`, the
start and padding token `.`; four codebooks, six frames:

    position     0   1   2   3   4   5   6   7   8   9
    codebook 0   .   0   1   2   3   4   5   .   .   .
    codebook 1   .   .   0   1   2   3   4   5   .   .
    codebook 2   .   .   .   0   1   2   3   4   5   .
    codebook 3   .   .   .   .   0   1   2   3   4   5

So frame t of a codebook with delay d lies at position t + 1 + d, and F frames take F + 1 + max(d) positions, of which
all but the first are predicted. The stereo models have eight codebooks, left and right interleaved, and both sides of
a pair share one delay: 0 0 1 1 2 2 3 3.

A row's sequence is laid out before it is decoded: the dots and the prompt's codes are in it from the start, and a HOLE
marks what is to be predicted. A step then only fills the holes of the next position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

HOLE = -1
"""A place in a sequence that the decoder has yet to predict."""


def codebook_delays(num_codebooks: int, num_channels: int) -> tuple[int, ...]:
    """The delay of each codebook in positions: 0 1 2 3 for mono, 0 0 1 1 2 2 3 3 for stereo."""
    return tuple(codebook // num_channels for codebook in range(num_codebooks))


def num_positions(num_frames: int, delays: tuple[int, ...]) -> int:
    """How many positions the sequence of `num_frames` codec frames takes, the start token included."""
    return num_frames + 1 + max(delays)


def lay_out(prompt: Tensor, num_frames: int, delays: tuple[int, ...], pad: int) -> Tensor:
    """The sequence of a row before it is decoded.

    Args:
        prompt: int64 [codebooks, prompt_frames], the codes that are known; there may be none.
        num_frames: codec frames of the whole sequence, the prompt's included.
        delays: of each codebook, see `codebook_delays`.
        pad: the start and padding token.

    Returns:
        int64 [codebooks, positions] with codes, `pad` and `HOLE`.
    """
    sequence = prompt.new_full((len(delays), num_positions(num_frames, delays)), pad)
    for codebook, delay in enumerate(delays):
        row = sequence[codebook, delay + 1 : delay + 1 + num_frames]
        row[:] = HOLE
        row[: prompt.shape[1]] = prompt[codebook]
    return sequence


def collect(sequence: Tensor, num_frames: int, delays: tuple[int, ...]) -> Tensor:
    """The inverse of `lay_out`: the first `num_frames` codec frames, int64 [codebooks, num_frames]."""
    codes = sequence.new_empty((len(delays), num_frames))
    for codebook, delay in enumerate(delays):
        codes[codebook] = sequence[codebook, delay + 1 : delay + 1 + num_frames]
    return codes


def frames_complete(position: int, delays: tuple[int, ...]) -> int:
    """How many codec frames have all their codebooks once positions 0..`position` are filled."""
    return max(position - max(delays), 0)
