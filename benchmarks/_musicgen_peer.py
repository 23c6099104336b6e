"""The peer of the MusicGen benchmark: transformers' `generate` on the same random weights, and the stopwatch."""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import transformers
from torch import Tensor

from tests.support.tiny_checkpoint import tiny_tokenizer

SHAPES = {
    "small": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "ffn_dim": 4096},
    "medium": {"hidden_size": 1536, "num_hidden_layers": 48, "num_attention_heads": 24, "ffn_dim": 6144},
    "large": {"hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "ffn_dim": 8192},
}
WORDS = "lo fi hip hop mellow warm piano with slow drums"


class Spent(NamedTuple):
    """Seconds on the clock, and of processor time in all threads: other programs disturb the second far less."""

    wall_s: float
    cpu_s: float

    def per(self, count: float) -> Spent:
        """For one of so many."""
        return Spent(self.wall_s / count, self.cpu_s / count)


def timed(work: Callable[[], object], device: torch.device) -> Spent:
    """What some work takes."""
    synchronise(device)
    start, cpu_start = time.perf_counter(), time.process_time()
    work()
    synchronise(device)
    return Spent(time.perf_counter() - start, time.process_time() - cpu_start)


def best_of(repeats: int, work: Callable[[], object], device: torch.device) -> Spent:
    """The least of some repeats, on the clock and of processor time."""
    spent = [timed(work, device) for _ in range(repeats)]
    return Spent(min(each.wall_s for each in spent), min(each.cpu_s for each in spent))


def synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def build(shape: str) -> Any:
    """A MusicGen of a published shape with random weights, float32 on the CPU."""
    torch.manual_seed(0)
    config = transformers.MusicgenConfig(
        text_encoder=transformers.T5Config(d_model=768, d_ff=3072, num_layers=12, num_heads=12),
        audio_encoder=transformers.EncodecConfig(
            sampling_rate=32_000,
            target_bandwidths=[2.2],
            upsampling_ratios=[8, 5, 4, 4],
            codebook_size=2048,
            num_filters=64,
            use_causal_conv=False,
            use_conv_shortcut=False,
        ),
        decoder=transformers.MusicgenDecoderConfig(**SHAPES[shape]),
    )
    model = transformers.MusicgenForConditionalGeneration(config).eval()
    model.generation_config.update(pad_token_id=2048, bos_token_id=2048, decoder_start_token_id=2048)
    return model


def shallow_copy(model: Any) -> Any:
    """A shallow copy: `assemble` takes the decoder out of what it is given."""
    twin = object.__new__(type(model))
    twin.__dict__ = {**model.__dict__, "_modules": dict(model._modules)}
    return twin


class CodesAreThere(Exception):
    """Ends `generate` before its codec, which is measured on its own."""


class Peer:
    """`generate` for one guided request in one dtype, without the codec."""

    def __init__(self, model: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.name = f"generate {str(dtype).removeprefix('torch.')}"
        self.device = device
        self.model = copy.deepcopy(model).to(device, dtype)
        self.model.audio_encoder.decode = self._catch
        self.codes = torch.zeros(0)

    def generate(self, num_frames: int, *, do_sample: bool = True, **inputs: Any) -> Tensor:
        """The codes, int64 [codebooks, frames]."""
        tokens = tiny_tokenizer()([WORDS], return_tensors="pt").to(self.device)
        with contextlib.suppress(CodesAreThere):
            self.model.generate(
                **tokens, **inputs, max_new_tokens=num_frames + 3, guidance_scale=3.0, do_sample=do_sample
            )
        return self.codes

    def _catch(self, audio_codes: Tensor, **_: Any) -> Any:
        self.codes = audio_codes[0, 0].cpu()
        raise CodesAreThere
