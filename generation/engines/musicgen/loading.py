"""Loading a checkpoint: transformers reads the files, the decoder's weights are fused, the rest is used as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from generation.engines.musicgen.calibration import cache_steps
from generation.engines.musicgen.codec import Codec
from generation.engines.musicgen.conditions import Conditioner
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.onnx_layers import with_sessions
from generation.engines.musicgen.options import PUBLISHED, MusicgenOptions, require_licence
from generation.engines.musicgen.shape import ModelShape
from generation.engines.musicgen.weights import DecoderWeights, fuse
from generation.errors import EngineUnavailable

CALIBRATION_PROMPT = "lo-fi hip hop with a warm piano and slow drums"
"""Any ordinary one: see calibration.py."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that is ready to use. `revision` is the commit, or "local" for a folder."""

    name: str
    revision: str
    shape: ModelShape
    weights: DecoderWeights
    conditioner: Conditioner
    codec: Codec


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """What "auto" means on a device, and refusals of what it can't do."""
    if wanted == "auto":
        return Precision.INT8 if device.type == "cpu" else Precision.BFLOAT16
    precision = Precision(wanted)
    if precision.is_quantised and device.type != "cpu":
        raise EngineUnavailable(
            f"engines.musicgen.precision {wanted} is for CPUs; set it to bfloat16 or auto on a GPU."
        )
    if precision is Precision.FLOAT16 and device.type == "cpu":
        raise EngineUnavailable("engines.musicgen.precision float16 is for GPUs; set it to int8 or auto on a CPU.")
    return precision


def load_checkpoint(name: str, options: MusicgenOptions, device: torch.device) -> Checkpoint:
    """Read a published checkpoint or a local folder: safetensors only, no code from the repository.

    Raises:
        EngineUnavailable: the licence is not accepted, or the files are missing or not MusicGen's.
    """
    require_licence(options)
    source, revision = locate(name, options)
    model, tokenizer = read(source, revision)
    return assemble(name, revision or "local", model, tokenizer, choose_precision(options.precision, device), device)


def assemble(
    name: str, revision: str, model: Any, tokenizer: Any, precision: Precision, device: torch.device
) -> Checkpoint:
    """Make a checkpoint of a model that transformers has read; takes the decoder out of it.

    Raises:
        EngineUnavailable: its codec normalises or cuts the audio, which the published MusicGen codecs don't.
    """
    shape = ModelShape.of(model.config)
    codec_config = model.config.audio_encoder
    if codec_config.normalize or codec_config.chunk_length_s is not None:
        raise EngineUnavailable(f"The checkpoint {name} has a codec of another kind than MusicGen's; take another one.")
    weights = fuse(model.decoder, shape, precision, device)
    model.decoder = None  # its weights live on in `weights`
    model.to(device)
    conditioner = Conditioner(model, tokenizer, weights)
    if precision.is_quantised:
        weights = with_sessions(weights, cache_steps(weights, conditioner.prepare(CALIBRATION_PROMPT)))
    return Checkpoint(name, revision, shape, weights, conditioner, Codec(model.audio_encoder, shape))


def locate(name: str, options: MusicgenOptions) -> tuple[str, str]:
    """Where a checkpoint is read from: a repository and its commit, or a folder and no commit."""
    if name not in PUBLISHED:
        return str(Path(name).expanduser()), ""
    return PUBLISHED[name].repository, options.revision_of(name)


def read(source: str, revision: str) -> tuple[Any, Any]:
    """transformers' model (float32, on the CPU) and tokenizer."""
    from transformers import (
        AutoConfig,
        AutoTokenizer,
        MusicgenForConditionalGeneration,
        MusicgenMelodyForConditionalGeneration,
    )

    makers = {
        "musicgen": MusicgenForConditionalGeneration,
        "musicgen_melody": MusicgenMelodyForConditionalGeneration,
    }
    pinned: dict[str, Any] = {"trust_remote_code": False} | ({"revision": revision} if revision else {})
    try:
        kind = AutoConfig.from_pretrained(source, **pinned).model_type
        if kind not in makers:
            raise EngineUnavailable(f"{source} is no MusicGen checkpoint but {kind!r}; name another one under models.")
        model = makers[kind].from_pretrained(source, use_safetensors=True, dtype=torch.float32, **pinned)
        return model, AutoTokenizer.from_pretrained(source, **pinned)
    except (OSError, ValueError) as error:
        raise EngineUnavailable(_not_readable(source, revision)) from error


def _not_readable(source: str, revision: str) -> str:
    if revision:
        return (
            f"The weights {source} are not on this machine and could not be fetched (only safetensors are read)."
            f" With a network: hf download {source} --revision {revision}"
        )
    return (
        f"The folder {source} has no MusicGen checkpoint that can be read (config.json, model.safetensors, tokenizer)."
    )
