"""Whether MusicGen's greedy codes are those of transformers' `generate`, on a published shape in float32.

    python -m benchmarks.musicgen_parity                    # the small shape; about twelve minutes on two quiet cores
    python -m benchmarks.musicgen_parity --seconds 10       # no take longer than 10 s
    python -m benchmarks.musicgen_parity --device cuda

Weights are random, the codes' embeddings widely spread, so that each code changes what follows. The tests do the same
with tiny checkpoints; here the products are as long as the published ones, so that another order of summing could show.
`distinct` is how many different codes were chosen: a model that always says the same would prove nothing.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from benchmarks._musicgen_peer import SHAPES, Peer, Report, build, device_name, make_row, shallow_copy
from generation.clip import Clip
from generation.engines.musicgen.chroma import chroma_of
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint, assemble
from generation.engines.musicgen.shelf import make_batch
from generation.request import Sampling
from tests.support import clips
from tests.support.tiny_checkpoint import tiny_tokenizer

GREEDY = Sampling(top_k=1)
FRAMES_PER_S = 50


@dataclass(frozen=True, slots=True)
class Case:
    """A request to both: seconds that are made, with or without guidance, after a clip, or following a melody."""

    name: str
    kind: str
    seconds: float
    guidance_scale: float = 3.0
    clip: Clip | None = field(default=None, repr=False)
    melody: Clip | None = field(default=None, repr=False)

    @property
    def num_frames(self) -> int:
        """New codec frames."""
        return round(self.seconds * FRAMES_PER_S)


def cases() -> list[Case]:
    """The kinds of request that the loop treats differently, the shortest and the longest included."""
    clip = clips.little_song(num_bars=2).resampled(32_000).to_mono().cut(0, 2)
    return [
        Case("text, 1 s", "mono", 1),
        Case("text, 10 s", "mono", 10),
        Case("text, 30 s", "mono", 30),
        Case("text, no guidance, 5 s", "mono", 5, guidance_scale=1.0),
        Case("after a clip of 2 s, 3 s", "mono", 3, clip=clip),
        Case("after a clip, no guidance", "mono", 3, guidance_scale=1.0, clip=clip),
        Case("stereo, 5 s", "stereo", 5),
        Case("melody, words alone, 3 s", "melody", 3),
        Case("melody, a tune to follow, 5 s", "melody", 5, melody=clips.hum()),
        Case("melody, no guidance, 3 s", "melody", 3, guidance_scale=1.0, melody=clips.hum()),
    ]


def main() -> None:
    """Compare and print; ends with 1 where any code differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=30, help="no longer takes than this")
    parser.add_argument("--save", action="store_true", help="write the report to benchmarks/results")
    wishes = parser.parse_args()
    torch.set_num_threads(wishes.threads)
    device = torch.device(wishes.device)
    report = Report()
    report.heading("musicgen_parity", f"shape {wishes.shape}, float32, random weights, {device_name(device)}")
    wrong = 0
    for case, theirs, ours in compared(wishes.shape, device, wishes.seconds):
        same = int((theirs == ours).sum())
        wrong += theirs.numel() - same
        share = f"{same} of {theirs.numel()} codes are generate's"
        report(f"{case.name:30s} {share}, {len(theirs.unique())} distinct")
    if wishes.save:
        report.save(f"musicgen-parity-{device.type}-{datetime.date.today()}.md", "MusicGen's codes and generate's")
    raise SystemExit(wrong > 0)


def compared(shape: str, device: torch.device, max_s: float) -> Iterator[tuple[Case, Tensor, Tensor]]:
    """Each case with the codes of `generate` and ours, int64 [codebooks, frames]."""
    for kind in ("mono", "stereo", "melody"):
        model = build(shape, kind)
        _spread(model)
        peer = Peer(model, device, torch.float32)
        checkpoint = assemble(shape, "random", shallow_copy(model), tiny_tokenizer(), Precision.FLOAT32, device)
        for case in cases():
            if case.kind == kind and case.seconds <= max_s:
                theirs = peer.generate(
                    case.num_frames, do_sample=False, guidance_scale=case.guidance_scale, **_inputs(case, device)
                )
                yield case, theirs, our_codes(checkpoint, case)


def _spread(model: Any) -> None:
    """Embeddings a hundred times as far apart as transformers draws them."""
    with torch.no_grad():
        for table in model.decoder.model.decoder.embed_tokens:
            table.weight.normal_(std=2.0)


def _inputs(case: Case, device: torch.device) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if case.clip is not None:
        inputs["input_values"] = torch.from_numpy(case.clip.samples.copy())[None].to(device)
    if case.melody is not None:
        inputs["input_features"] = chroma_of(case.melody)[None].to(device)
    return inputs


def our_codes(checkpoint: Checkpoint, case: Case) -> Tensor:
    """Our greedy codes, int64 [codebooks, frames], the clip's first."""
    melody = None if case.melody is None else chroma_of(case.melody)
    prompt = None if case.clip is None else checkpoint.codec.encode(case.clip)
    sampling = replace(GREEDY, guidance_scale=case.guidance_scale)
    row = make_row(checkpoint, case.num_frames, prompt, sampling=sampling, melody=melody)
    batch = make_batch(checkpoint, 1)
    batch.join(row)
    while not batch.is_done(row):
        batch.step()
    return batch.codes(row).cpu()


if __name__ == "__main__":
    main()
