"""What transformers' own `generate` makes of a checkpoint, and our loop driven over the same inputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.decoder import Decoder
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint, assemble, read
from generation.request import Sampling

CPU = torch.device("cpu")
GREEDY = Sampling(top_k=1)
WORDS = "lo fi hip hop, mellow"


def load(folder: Path, precision: Precision = Precision.FLOAT32) -> Checkpoint:
    model, tokenizer = read(str(folder), "")
    return assemble("tiny", "local", model, tokenizer, precision, CPU)


def make_batch(checkpoint: Checkpoint, max_rows: int = 4) -> Batch:
    weights = checkpoint.weights
    return Batch(Decoder(weights, Cache(weights.shape, weights.precision, max_rows, CPU)))


def make_row(
    checkpoint: Checkpoint,
    num_new_frames: int,
    *,
    words: str = WORDS,
    prompt: Tensor | None = None,
    chroma: Tensor | None = None,
    sampling: Sampling = GREEDY,
    seed: int = 0,
) -> Row:
    conditions = checkpoint.conditioner.prepare(words, chroma)
    if prompt is None:
        prompt = torch.zeros(checkpoint.shape.num_codebooks, 0, dtype=torch.int64)
    generator = torch.Generator().manual_seed(seed)
    num_frames = prompt.shape[1] + num_new_frames
    return Row(prompt, num_frames, sampling, generator, conditions.prompt_memory, conditions.prefix)


def decode(batch: Batch, *rows: Row) -> list[Tensor]:
    """Our codes of each row, int64 [codebooks, frames], all rows joining at once."""
    return finish(batch, *rows)


def finish(batch: Batch, *rows: Row) -> list[Tensor]:
    """The codes of rows; those that are not in the batch yet join it."""
    done: dict[int, Tensor] = {}
    for row in rows:
        if not batch.has(row):
            batch.join(row)
    while len(done) < len(rows):
        batch.step()
        for row in [row for row in batch.rows if batch.is_done(row)]:
            done[id(row)] = batch.codes(row)
            batch.leave(row)
    return [done[id(row)] for row in rows]


def generate(folder: Path, num_new_frames: int, *, guidance: float = 3.0, words: str = WORDS, **inputs: Any) -> Tensor:
    """transformers' greedy codes for one request, int64 [codebooks, frames]."""
    model, tokenizer = read(str(folder), "")
    caught: list[Tensor] = []
    decode_audio = model.audio_encoder.decode

    def catch(codes: Tensor, **kwargs: Any) -> Any:
        caught.append(codes[0, 0])
        return decode_audio(codes, **kwargs)

    model.audio_encoder.decode = catch
    tokens = tokenizer([words], return_tensors="pt")
    steps = num_new_frames + 3
    model.generate(**tokens, **inputs, max_new_tokens=steps, do_sample=False, guidance_scale=guidance)
    return torch.stack(caught, dim=1).flatten(0, 1)


def guided(sampling: Sampling, guidance: float) -> Sampling:
    return replace(sampling, guidance_scale=guidance)


@torch.no_grad()
def logits_of(folder: Path, sequence: Tensor, words: str = WORDS) -> Tensor:
    """transformers' logits with and without the prompt for a delayed sequence int64 [codebooks, positions].

    Returns float32 [2, positions, codebooks * codes].
    """
    model, tokenizer = read(str(folder), "")
    model.eval()
    tokens = tokenizer([words], return_tensors="pt")
    states = model.text_encoder(**tokens).last_hidden_state
    if hasattr(model, "enc_to_dec_proj"):
        states = model.enc_to_dec_proj(states)
    states = torch.cat([states, torch.zeros_like(states)])
    if hasattr(model.config, "chroma_length"):
        none = torch.nn.functional.one_hot(torch.zeros(2, model.config.chroma_length, dtype=torch.int64), 12).float()
        states = torch.cat([model.audio_enc_to_dec_proj(none), states], dim=1)
    ids = sequence.repeat(2, 1)
    logits = model.decoder(input_ids=ids, encoder_hidden_states=states).logits[:, -sequence.shape[1] :]
    return logits.unflatten(0, (2, -1)).transpose(1, 2).flatten(2)
