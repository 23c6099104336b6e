"""The sizes of a MusicGen checkpoint, read from its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from generation.engines.musicgen.delay import codebook_delays

MAX_WINDOW_FRAMES = 1500
"""30 s at 50 codec frames a second: what the models were trained on (arXiv:2306.05284, section 3)."""
MAX_TEXT_TOKENS = 256
"""Longer prompts are cut. 500 characters of English are about 120 T5 tokens."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes that the loop needs. `chroma_frames` is 0 unless this is a melody model (then 235 in the published one)."""

    hidden: int
    num_layers: int
    num_heads: int
    num_codebooks: int
    num_codes: int
    num_channels: int
    sample_rate_hz: int
    frame_rate_hz: int
    pad_token: int
    chroma_frames: int = 0
    num_chroma: int = 0

    @classmethod
    def of(cls, config: Any) -> Self:
        """From a MusicgenConfig or MusicgenMelodyConfig of transformers."""
        decoder, codec = config.decoder, config.audio_encoder
        return cls(
            hidden=decoder.hidden_size,
            num_layers=decoder.num_hidden_layers,
            num_heads=decoder.num_attention_heads,
            num_codebooks=decoder.num_codebooks,
            num_codes=decoder.vocab_size,
            num_channels=decoder.audio_channels,
            sample_rate_hz=codec.sampling_rate,
            frame_rate_hz=codec.frame_rate,
            pad_token=decoder.pad_token_id,
            chroma_frames=getattr(config, "chroma_length", 0),
            num_chroma=getattr(config, "num_chroma", 0),
        )

    @property
    def head_size(self) -> int:
        """Channels of one attention head."""
        return self.hidden // self.num_heads

    @property
    def delays(self) -> tuple[int, ...]:
        """The delay of each codebook in positions."""
        return codebook_delays(self.num_codebooks, self.num_channels)

    @property
    def is_melody(self) -> bool:
        """Whether the model takes its prompt and a melody as a prefix instead of through cross-attention."""
        return self.chroma_frames > 0

    @property
    def hop_samples(self) -> int:
        """Audio samples of one codec frame (640 at 32 kHz)."""
        return self.sample_rate_hz // self.frame_rate_hz

    @property
    def max_positions(self) -> int:
        """Places a row needs in its key/value cache: a window, its delays, and a melody model's prefix."""
        prefix = self.chroma_frames + MAX_TEXT_TOKENS if self.is_melody else 0
        return prefix + MAX_WINDOW_FRAMES + 1 + max(self.delays)
