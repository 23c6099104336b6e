"""What a take is conditioned on: its words, and in melody models a melody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.shape import MAX_TEXT_TOKENS, ModelShape
from generation.engines.musicgen.weights import DecoderWeights


@dataclass(frozen=True, slots=True)
class Conditions:
    """A row's conditions: `prompt_memory` for cross-attention, or `prefix` in melody models; see `batch.Row`."""

    prompt_memory: list[Tensor]
    prefix: Tensor
    was_cut: bool = False


class Conditioner:
    """transformers' tokenizer and T5, and the projections of a MusicGen checkpoint, in float32."""

    def __init__(self, model: Any, tokenizer: Any, weights: DecoderWeights) -> None:
        self.tokenizer, self.text_encoder, self.weights = tokenizer, model.text_encoder.eval(), weights
        self.text_projection = getattr(model, "enc_to_dec_proj", None)
        self.chroma_projection = getattr(model, "audio_enc_to_dec_proj", None)

    @property
    def shape(self) -> ModelShape:
        """Of the checkpoint."""
        return self.weights.shape

    @inference
    def prepare(self, prompt: str, chroma: Tensor | None = None) -> Conditions:
        """The conditions for a prompt, and in melody models for a melody.

        Args:
            prompt: the user's words; may be empty.
            chroma: one-hot float32 [frames, pitch classes] (`chroma.chroma_of`); melody models only.
        """
        states, was_cut = self._read(prompt)
        dtype = self.weights.precision.dtype
        if self.shape.is_melody:
            return Conditions([], self._prefix(states, chroma).to(dtype), was_cut)
        no_prefix = torch.zeros(2, 0, self.shape.hidden, dtype=dtype, device=self.weights.device)
        memory = [layer.cross.memory(states.to(dtype)) for layer in self.weights.layers if layer.cross is not None]
        return Conditions(memory, no_prefix, was_cut)

    def _read(self, prompt: str) -> tuple[Tensor, bool]:
        """The prompt's states, float32 [tokens, hidden], and whether it was cut."""
        tokens = self.tokenizer([prompt], return_tensors="pt")["input_ids"].to(self.weights.device)
        was_cut = tokens.shape[1] > MAX_TEXT_TOKENS
        if was_cut:  # keep the end token, which T5 was trained to see
            tokens = torch.cat([tokens[:, : MAX_TEXT_TOKENS - 1], tokens[:, -1:]], dim=1)
        states = self.text_encoder(input_ids=tokens).last_hidden_state
        if self.text_projection is not None:
            states = self.text_projection(states)
        return states[0], was_cut

    def _prefix(self, states: Tensor, chroma: Tensor | None) -> Tensor:
        """Melody, then words, [2, chroma_frames + tokens, hidden]; the half without the prompt has neither.

        No melody is written as the first pitch class throughout, no words as zeros: as the models were trained.
        """
        none = torch.zeros(1, self.shape.num_chroma, device=states.device)
        none[:, 0] = 1
        melodies = [self._melody(none if chroma is None else chroma.to(states.device)), self._melody(none)]
        words = [states, torch.zeros_like(states)]
        return torch.stack([torch.cat(half) for half in zip(melodies, words, strict=True)])

    def _melody(self, chroma: Tensor) -> Tensor:
        """Project, and repeat or cut to the length that the model was trained with."""
        projected = chroma if self.chroma_projection is None else self.chroma_projection(chroma)
        repeats = -(-self.shape.chroma_frames // chroma.shape[0])
        return projected.repeat(repeats, 1)[: self.shape.chroma_frames]
