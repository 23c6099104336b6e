"""The steps in which keys and values are rounded to int8: one for each channel of each layer, found when loading.

Attention reads the keys and values of all places before; in int8 that is a quarter of float32, with which it took as
long as all products after ten seconds of music. onnxruntime wants the steps once for all places and rows: they are from
keys and values that the model makes in float32 of codes at random: the first positions as they always are, which carry
the largest values, and positions from all over the window. What goes beyond `HEADROOM` times their range is cut off.

The error on the logits, as a share of their spread (rms, small shape, random weights): 3.0 % with int8 weights alone,
3.0 to 3.2 % with int8 keys and values too. A step after ten seconds of music takes a quarter less time.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generation.engines.musicgen.cache import HALVES, Cache
from generation.engines.musicgen.conditions import Conditions
from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.delay import lay_out
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.weights import DecoderWeights

HEADROOM = 4.0
"""The range that is kept, as a multiple of the largest value that was seen: cutting values off harms far more than
coarser steps do."""
NUM_POSITIONS = 48
NUM_FIRST = 12
"""How many of them are the window's first."""


@inference
def cache_steps(weights: DecoderWeights, conditions: Conditions) -> list[Tensor]:
    """The steps for int8 keys and values, with some prompt's conditions and without.

    Returns:
        A layer each, float32 [2, hidden], the 2 being keys and values: value = int8 * step.
    """
    decoder = _decoder_for(weights, conditions)
    decoder.layers.remember(0, _inputs(decoder, conditions), 0)
    largest = [layer.abs().amax(dim=(1, 3)).flatten(1) for layer in decoder.cache.past]
    return [(each * (HEADROOM / 127)).clamp_(min=1e-12) for each in largest]


def _decoder_for(weights: DecoderWeights, conditions: Conditions) -> Decoder:
    """A decoder in torch that remembers one row of `NUM_POSITIONS` in float32."""
    num_places = conditions.prefix.shape[1] + NUM_POSITIONS
    cache = Cache(weights.shape, Precision.FLOAT32, 1, weights.device, num_places)
    if conditions.prompt_memory:
        cache.put_prompt(0, conditions.prompt_memory)
        cache.prompt_span = conditions.prompt_memory[0].shape[0]
    return Decoder(weights, cache)


def _inputs(decoder: Decoder, conditions: Conditions) -> Tensor:
    """A melody model's prefix, then codes at random, with positions: float32 [halves, places, hidden]."""
    shape, generator = decoder.weights.shape, torch.Generator().manual_seed(0)
    codes = torch.randint(0, shape.num_codes, (shape.num_codebooks, NUM_POSITIONS), generator=generator)
    known = lay_out(codes, NUM_POSITIONS, shape.delays, shape.pad_token)[:, :NUM_POSITIONS]
    hidden = torch.cat([conditions.prefix, decoder.embed(known.T).expand(HALVES, -1, -1)], dim=1)
    num_first = conditions.prefix.shape[1] + NUM_FIRST
    rest = torch.linspace(num_first, shape.max_positions - 1, hidden.shape[1] - num_first).long()
    return hidden + decoder.weights.positions[torch.cat([torch.arange(num_first), rest])]
