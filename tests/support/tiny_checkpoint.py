"""Tiny MusicGen and Bark checkpoints with random weights, written to disk as the published ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = (
    "lo",
    "fi",
    "hip",
    "hop",
    "mellow",
    "warm",
    "piano",
    "drums",
    "rock",
    "jazz",
    "slow",
    "fast",
    "with",
    "a",
    "and",
)
HOP_SAMPLES = 640
"""32 kHz / 50 codec frames a second, as published: lengths in tests are then the real ones."""


def build_tiny_musicgen(folder: Path, *, kind: str = "mono", seed: int = 0) -> Path:
    """Write a checkpoint of `kind` ("mono", "stereo", "melody", "stereo-melody") with its processor and tokenizer.

    Two layers of 32 channels and 64 codes; EnCodec at 32 kHz and 50 frames a second, so that lengths are real.
    """
    import torch
    from transformers import (
        EncodecFeatureExtractor,
        MusicgenForConditionalGeneration,
        MusicgenMelodyForConditionalGeneration,
    )

    melody, channels = "melody" in kind, 2 if "stereo" in kind else 1
    torch.manual_seed(seed)
    maker = MusicgenMelodyForConditionalGeneration if melody else MusicgenForConditionalGeneration
    model = maker(_musicgen_config(melody, channels)).eval()
    _randomise(model)
    model.generation_config.update(
        pad_token_id=64, bos_token_id=64, decoder_start_token_id=64, guidance_scale=3.0, do_sample=True, max_length=1500
    )
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    EncodecFeatureExtractor(sampling_rate=32_000, feature_size=channels).save_pretrained(folder)
    return folder


def tiny_tokenizer() -> Any:
    """A T5 tokenizer over a few words and the letters."""
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(f"▁{word}", -3.0) for word in WORDS]
    pieces += [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz0123456789-,."]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=512)


def _musicgen_config(melody: bool, channels: int) -> Any:
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenMelodyConfig,
        MusicgenMelodyDecoderConfig,
        T5Config,
    )

    text = T5Config(vocab_size=64, d_model=24, d_kv=8, d_ff=32, num_layers=2, num_heads=3)
    codec = EncodecConfig(
        sampling_rate=32_000,
        target_bandwidths=[1.2],  # 4 codebooks of 6 bits at 50 frames a second
        upsampling_ratios=[8, 5, 4, 4],
        codebook_size=64,
        num_filters=4,
        hidden_size=16,
        use_causal_conv=False,  # as the published 32 kHz codec
        use_conv_shortcut=False,
        num_lstm_layers=2,
    )
    decoder_kind = MusicgenMelodyDecoderConfig if melody else MusicgenDecoderConfig
    decoder = decoder_kind(
        vocab_size=64,
        hidden_size=32,
        ffn_dim=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_codebooks=4 * channels,
        audio_channels=channels,
        pad_token_id=64,
        bos_token_id=64,
    )
    maker = MusicgenMelodyConfig if melody else MusicgenConfig
    return maker(text_encoder=text, audio_encoder=codec, decoder=decoder)


def _randomise(model: Any) -> None:
    """Spread the weights, so that greedy codes vary from frame to frame, and give the codec non-empty codebooks."""
    import torch

    with torch.no_grad():
        for name, value in model.decoder.named_parameters():
            if value.ndim > 1:
                value.copy_(torch.randn_like(value) * (1.0 if "embed_tokens" in name else 0.3))
        for layer in model.audio_encoder.quantizer.layers:
            layer.codebook.embed.copy_(torch.randn_like(layer.codebook.embed))


def build_tiny_bark(folder: Path, *, seed: int = 0) -> Path:
    """Write a Bark checkpoint with its processor and one voice, "v2/en_speaker_6"; vocabularies of about 100 tokens."""
    import torch
    from transformers import BarkModel, BarkProcessor

    torch.manual_seed(seed)
    model = BarkModel(_bark_config()).eval()
    with torch.no_grad():
        for layer in model.codec_model.quantizer.layers:
            layer.codebook.embed.copy_(torch.randn_like(layer.codebook.embed))
    model.save_pretrained(folder)
    _write_bark_generation(folder)
    BarkProcessor(tokenizer=_tiny_bert_tokenizer()).save_pretrained(folder)
    _write_voice(folder, "v2/en_speaker_6")
    return folder


def _bark_config() -> Any:
    from transformers import BarkConfig, EncodecConfig

    sub = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "block_size": 1024}
    codec = EncodecConfig(
        target_bandwidths=[6.0], upsampling_ratios=[8, 5, 4, 2], codebook_size=16, num_filters=2, hidden_size=8
    )
    return BarkConfig(
        semantic_config={**sub, "input_vocab_size": 192, "output_vocab_size": 192},
        coarse_acoustics_config={**sub, "input_vocab_size": 160, "output_vocab_size": 160},
        fine_acoustics_config={**sub, "input_vocab_size": 17, "output_vocab_size": 17},
        codec_config=codec.to_dict(),
    )


def _write_bark_generation(folder: Path) -> None:
    """Written by hand: this class has not all the fields that its own save_pretrained checks (transformers 5.23)."""
    from transformers.models.bark.generation_configuration_bark import BarkGenerationConfig

    how = BarkGenerationConfig(
        semantic_config={
            "eos_token_id": 100, "text_encoding_offset": 110, "text_pad_token": 190, "semantic_infer_token": 191,
            "semantic_vocab_size": 100, "max_input_semantic_length": 32, "max_new_tokens": 768,
        },
        coarse_acoustics_config={
            "coarse_semantic_pad_token": 150, "coarse_infer_token": 151, "max_coarse_input_length": 32,
        },
        codebook_size=16,
    )  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(how.to_dict(), default=str))


def _write_voice(folder: Path, voice: str) -> None:
    """A voice is what somebody has said before, in the three kinds of tokens."""
    import numpy as np

    said = {
        "semantic_prompt": np.arange(60) % 100,
        "coarse_prompt": np.arange(180).reshape(2, 90) % 16,
        "fine_prompt": np.arange(720).reshape(8, 90) % 16,
    }
    files = {name: f"speaker_embeddings/{voice}_{name}.npy" for name in said}
    for name, tokens in said.items():
        (folder / files[name]).parent.mkdir(parents=True, exist_ok=True)
        np.save(folder / files[name], tokens)
    index = {"repo_or_path": str(folder), voice: files}
    (folder / "speaker_embeddings_path.json").write_text(json.dumps(index))


def _tiny_bert_tokenizer() -> Any:
    from transformers import BertTokenizer

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "♪", *WORDS]
    return BertTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, model_max_length=512)
