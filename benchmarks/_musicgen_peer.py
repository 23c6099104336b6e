"""What both MusicGen benchmarks need: the peer (`generate` on the same random weights), a stopwatch, a report."""

from __future__ import annotations

import contextlib
import copy
import datetime
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
import transformers
from torch import Tensor

from generation.engines.musicgen.batch import Row
from generation.engines.musicgen.loading import Checkpoint
from generation.request import Sampling
from tests.support.tiny_checkpoint import tiny_tokenizer

SHAPES = {
    "small": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "ffn_dim": 4096},
    "medium": {"hidden_size": 1536, "num_hidden_layers": 48, "num_attention_heads": 24, "ffn_dim": 6144},
    "large": {"hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "ffn_dim": 8192},
}
NUM_DELAYS = 3
"""Steps that `generate` makes beyond the frames that are asked for: the delay of the last codebook."""
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


def in_turn(num_rounds: int, works: list[Callable[[], object]], device: torch.device) -> list[list[Spent]]:
    """What each work takes, round after round, so that one that is slower for a while slows all of them.

    A machine that is shared with others changes its speed within seconds, by up to two: two works can only be compared
    when they take turns.

    Returns:
        For each work its rounds.
    """
    rounds = [[timed(work, device) for work in works] for _ in range(num_rounds)]
    return [list(each) for each in zip(*rounds, strict=True)]


def synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def build(shape: str, kind: str = "mono") -> Any:
    """A MusicGen of a published shape with random weights, float32 on the CPU; `kind`: "mono", "stereo" or "melody"."""
    torch.manual_seed(0)
    melody, channels = kind == "melody", 2 if kind == "stereo" else 1
    maker = transformers.MusicgenMelodyConfig if melody else transformers.MusicgenConfig
    decoder = transformers.MusicgenMelodyDecoderConfig if melody else transformers.MusicgenDecoderConfig
    config = maker(
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
        decoder=decoder(**SHAPES[shape], num_codebooks=4 * channels, audio_channels=channels),
    )
    whole = (
        transformers.MusicgenMelodyForConditionalGeneration if melody else transformers.MusicgenForConditionalGeneration
    )
    model = whole(config).eval()
    model.generation_config.update(pad_token_id=2048, bos_token_id=2048, decoder_start_token_id=2048)
    return model


def shallow_copy(model: Any) -> Any:
    """A shallow copy: `assemble` takes the decoder out of what it is given."""
    twin = object.__new__(type(model))
    twin.__dict__ = {**model.__dict__, "_modules": dict(model._modules)}
    return twin


def make_row(
    checkpoint: Checkpoint,
    num_frames: int,
    prompt: Tensor | None = None,
    *,
    sampling: Sampling,
    seed: int = 0,
    melody: Tensor | None = None,
) -> Row:
    """A request of `num_frames` new codec frames after a prompt, int64 [codebooks, frames]; `melody`: its chroma."""
    conditions = checkpoint.conditioner.prepare(WORDS, melody)
    if prompt is None:
        prompt = torch.zeros(checkpoint.shape.num_codebooks, 0, dtype=torch.int64)
    total, generator = prompt.shape[1] + num_frames, torch.Generator().manual_seed(seed)
    prompt = prompt.to(checkpoint.weights.device)
    return Row(prompt, total, sampling, generator, conditions.prompt_memory, conditions.prefix)


class Report:
    """Prints lines and keeps them."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)

    def heading(self, module: str, what: str) -> None:
        """When, on what, with which versions and by which command."""
        self(f"{datetime.date.today()}  {platform.machine()}  {torch.get_num_threads()} threads")
        self(f"torch {torch.__version__}, transformers {transformers.__version__}, {what}")
        self(" ".join(("python -m", f"benchmarks.{module}", *sys.argv[1:])))
        self(f"load before: {os.getloadavg()[0]:.1f} programs on {os.cpu_count()} cores\n")

    def save(self, name: str, title: str) -> None:
        """Put what was printed into benchmarks/results."""
        folder = Path(__file__).parent / "results"
        folder.mkdir(exist_ok=True)
        text = "\n".join(self.lines)
        (folder / name).write_text(f"# {title}\n\n```\n{text}\n```\n", encoding="utf-8")


def device_name(device: torch.device) -> str:
    """The GPU's or the processor's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU {torch.backends.cpu.get_cpu_capability()}"


class CodesAreThere(Exception):
    """Ends `generate` before its codec, which is measured on its own."""


class Peer:
    """`generate` for one guided request in one dtype, without the codec."""

    def __init__(self, model: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.name = f"generate {str(dtype).removeprefix('torch.')}"
        self.device = device
        self.model = copy.deepcopy(model).to(device, dtype)
        self.model.audio_encoder.decode = self._catch
        self.codes: list[Tensor] = []

    def generate(
        self, num_frames: int, *, do_sample: bool = True, guidance_scale: float = 3.0, **inputs: Any
    ) -> Tensor:
        """The codes, int64 [codebooks, frames]; a stereo model's are left and right in turn."""
        tokens = tiny_tokenizer()([WORDS], return_tensors="pt").to(self.device)
        options = {"max_new_tokens": num_frames + NUM_DELAYS, "guidance_scale": guidance_scale, "do_sample": do_sample}
        self.codes = []
        with contextlib.suppress(CodesAreThere):
            self.model.generate(**tokens, **inputs, **options)
        return torch.stack(self.codes, dim=1).flatten(0, 1)

    def _catch(self, audio_codes: Tensor, **_: Any) -> Any:
        self.codes.append(audio_codes[0, 0].cpu())
        if len(self.codes) == self.model.config.decoder.audio_channels:
            raise CodesAreThere
        return SimpleNamespace(audio_values=torch.zeros(1, 1, 1, device=self.device))
