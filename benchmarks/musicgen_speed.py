"""How fast MusicGen is here, against transformers' `generate` in the same process and run.

    python -m benchmarks.musicgen_speed                     # the short form, some two minutes on two quiet cores
    python -m benchmarks.musicgen_speed --full              # the table of a CPU; --save keeps it in benchmarks/results
    python -m benchmarks.musicgen_speed --device cuda --shape medium --rows 1,8,32

Weights are random, of the published shapes: speed does not depend on their values. Codec frames a second; 50 is real
time. `generate` in float32, in bfloat16, our steps and a reading of memory take turns, so that a busy neighbour slows
all of them: figures are the middle of the rounds, and a ratio is that to the better of the two of its round, with the
least and the largest behind it; `undisturbed` is the ratio of the least times, `cpu` that of processor time. `generate`
works without a clip in every row.
`roofline` is the time that reading the weights, keys and values once takes at the bandwidth measured in the same
round, as a share of the time that a step took.
"""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks._musicgen_peer import (
    NUM_DELAYS,
    SHAPES,
    WORDS,
    Peer,
    Report,
    Spent,
    build,
    device_name,
    in_turn,
    make_row,
    shallow_copy,
    timed,
)
from generation.engines.base import EngineJob
from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.delay import lay_out
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.linear import Linear, Precision
from generation.engines.musicgen.loading import Checkpoint, assemble
from generation.engines.musicgen.memory import rows_that_fit
from generation.engines.musicgen.performance import Performance
from generation.engines.musicgen.plan import Plan
from generation.engines.musicgen.quantised import Int4Linear
from generation.engines.musicgen.shelf import Station, make_batch, warm_up
from generation.request import Operation, Request, Sampling
from tests.support.tiny_checkpoint import tiny_tokenizer

GUIDED = Sampling()
READ_BYTES = 1 << 30
NUM_COMPARED = 30
"""Codec frames after which the logits are compared with float32's."""
NUM_WARM_UPS = 2
MAX_ROWS_WITH_CLIP = 4
"""On a CPU, clips of ten seconds for more requests take minutes to be read."""


def main() -> None:
    """Measure and print."""
    wishes = read_arguments()
    torch.set_num_threads(wishes.threads)
    device = torch.device(wishes.device)
    report = Report()
    report.heading("musicgen_speed", f"shape {wishes.shape}, random weights, {device_name(device)}")
    model = build(wishes.shape)
    peers = [Peer(model, device, dtype) for dtype in (torch.float32, torch.bfloat16)]
    expected = peers[0].generate(NUM_COMPARED, do_sample=False)
    for precision in wishes.precisions:
        checkpoint = assemble(wishes.shape, "random", shallow_copy(model), tiny_tokenizer(), precision, device)
        if precision is not Precision.FLOAT32:
            report_error(checkpoint, model, expected, report)
        report_speed(checkpoint, wishes, peers, report)
    report_codec(checkpoint, report)
    report_preview(checkpoint, report)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    report(f"\npeak memory of this process, all models of this run together: {peak_gb:.1f} GB")
    report(f"load after: {os.getloadavg()[0]:.1f}")
    if wishes.save:
        report.save(f"musicgen-{device.type}-{datetime.date.today()}.md", "MusicGen's speed")


def read_arguments() -> argparse.Namespace:
    """The command line; precisions and rows as lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--full", action="store_true", help="all rows, prompts and precisions")
    parser.add_argument("--save", action="store_true", help="write the report to benchmarks/results")
    parser.add_argument("--rounds", type=int, help="how often each is measured")
    parser.add_argument("--frames", type=int, default=24, help="codec frames that each measurement decodes")
    parser.add_argument("--rows", help="requests at once")
    parser.add_argument("--prompts", help="codec frames of the clip that is continued")
    parser.add_argument("--precisions")
    full = parser.parse_args().full
    parser.set_defaults(
        rounds=5 if full else 3,
        rows="1,2,4,8,16,32" if full else "1,4",
        prompts="0,500" if full else "0",
        precisions="float32,bfloat16,int8,int4" if full else "bfloat16,int8,int4",
    )
    wishes = parser.parse_args()
    if wishes.device != "cpu":
        wishes.precisions = wishes.precisions.replace(",int8,int4", "")
    wishes.precisions = [Precision(name) for name in wishes.precisions.split(",")]
    wishes.rows = [int(number) for number in wishes.rows.split(",")]
    wishes.prompts = [int(number) for number in wishes.prompts.split(",")]
    return wishes


def noise(checkpoint: Checkpoint, num_frames: int, seed: int) -> Tensor:
    """Codes at random, int64 [codebooks, num_frames]: speed does not depend on what a clip sounds like."""
    shape, generator = checkpoint.shape, torch.Generator().manual_seed(seed)
    return torch.randint(0, shape.num_codes, (shape.num_codebooks, num_frames), generator=generator)


def join(batch: Batch, rows: list[Row]) -> None:
    """Let rows in and prefill them, so that all decode with the next step."""
    for row in rows:
        batch.join(row)
    while len(batch.rows) < len(rows):
        batch.step()


def report_error(checkpoint: Checkpoint, model: Any, codes: Tensor, report: Report) -> None:
    """How far the logits lie from float32's, given the same codes before them."""
    device = checkpoint.weights.device
    exact = assemble("exact", "random", shallow_copy(model), tiny_tokenizer(), Precision.FLOAT32, device)
    logits = [logits_after(each, codes) for each in (exact, checkpoint)]
    error, spread = (logits[1] - logits[0]).square().mean().sqrt(), logits[0].std()
    agreement = (logits[0].argmax(-1) == logits[1].argmax(-1)).float().mean()
    name = checkpoint.weights.precision
    report(
        f"\n{name}: logits differ by {error / spread:.2%} of their spread (rms), greedy choice agrees {agreement:.0%}"
    )


@inference
def logits_after(checkpoint: Checkpoint, codes: Tensor) -> Tensor:
    """The logits with the prompt after each of the codes, float32 [positions, codebooks, codes], on the CPU."""
    batch, shape = make_batch(checkpoint, 1), checkpoint.shape
    batch.cache.put_prompt(0, checkpoint.conditioner.prepare(WORDS).prompt_memory)
    batch.cache.prompt_span = 16
    known = lay_out(codes.to(checkpoint.weights.device), codes.shape[1], shape.delays, shape.pad_token)
    hidden = batch.decoder.embed(known.T) + checkpoint.weights.positions[: known.shape[1]]
    places = torch.arange(known.shape[1], device=hidden.device)[:, None]
    logits = [
        batch.decoder.layers.predict(each[None], 1, place, 64).float().cpu().flatten().clone()
        for each, place in zip(hidden, places, strict=True)
    ]
    return torch.stack(logits).unflatten(-1, (shape.num_codebooks, -1))


def report_speed(checkpoint: Checkpoint, wishes: argparse.Namespace, peers: list[Peer], report: Report) -> None:
    """A row of the table for each number of requests and length of prompt."""
    weights, device = checkpoint.weights, checkpoint.weights.device
    memory = torch.ones(READ_BYTES // 4, device=device)
    works = [partial(peer.generate, wishes.frames) for peer in peers]
    for prompt_frames in wishes.prompts:
        for num_rows in wishes.rows:
            if prompt_frames and num_rows > MAX_ROWS_WITH_CLIP:
                continue
            if rows_that_fit(Cache.num_bytes(weights.shape, weights.precision), num_rows, device) < num_rows:
                report(f"{weights.precision!s:9s} {num_rows:2d} at once: not enough free memory for their caches")
                continue
            step = stepping(checkpoint, wishes, num_rows, prompt_frames)
            *generated, stepped, read = in_turn(wishes.rounds, [*works, step, lambda: memory.sum().item()], device)
            del step  # and the batch, before the next one is made
            bytes_read = step_bytes(checkpoint, num_rows, prompt_frames + wishes.rounds * wishes.frames / 2)
            report(
                f"{weights.precision!s:9s} {num_rows:2d} at once, prompt {prompt_frames / 50:2.0f} s "
                + Turns(num_rows, wishes.frames, generated, stepped, read).told(bytes_read)
            )


def stepping(
    checkpoint: Checkpoint, wishes: argparse.Namespace, num_rows: int, prompt_frames: int
) -> Callable[[], None]:
    """Work of `wishes.frames` steps of a batch in which so many rows have joined, warmed up, for every round."""
    batch, num_frames = make_batch(checkpoint, num_rows), wishes.rounds * wishes.frames + num_rows + NUM_WARM_UPS + 4
    seeds = range(num_rows)
    rows = [
        make_row(checkpoint, num_frames, noise(checkpoint, prompt_frames, seed), sampling=GUIDED, seed=seed)
        for seed in seeds
    ]
    join(batch, rows)
    for _ in range(NUM_WARM_UPS):
        batch.step()

    def steps() -> None:
        for _ in range(wishes.frames):
            batch.step()

    return steps


@dataclass(frozen=True, slots=True)
class Turns:
    """Rounds in which `generate`, our steps and a reading of memory took turns."""

    num_rows: int
    num_frames: int
    generated: list[list[Spent]]
    stepped: list[Spent]
    read: list[Spent]

    def told(self, bytes_read: float) -> str:
        """The row of the table; a step reads `bytes_read`."""
        step_s = [each.wall_s / self.num_frames for each in self.stepped]
        step_cpu_s = [each.cpu_s / self.num_frames for each in self.stepped]
        best_s, best_cpu_s = self._best_generated()
        gains = [self.num_rows * each / ours for each, ours in zip(best_s, step_s, strict=True)]
        cpu_gains = [self.num_rows * each / ours for each, ours in zip(best_cpu_s, step_cpu_s, strict=True)]
        shares = [bytes_read / READ_BYTES * each.wall_s / ours for each, ours in zip(self.read, step_s, strict=True)]
        return (
            f"{self.num_rows / median(step_s):6.1f} frames/s; generate {1 / median(best_s):4.1f},"
            f" x{median(gains):.1f} ({min(gains):.1f} to {max(gains):.1f}), undisturbed"
            f" x{self.num_rows * min(best_s) / min(step_s):.1f}, cpu x{median(cpu_gains):.1f};"
            f" step {median(step_s) * 1e3:.1f} ms (best {min(step_s) * 1e3:.1f}), {median(shares):.0%} of the roofline"
        )

    def _best_generated(self) -> tuple[list[float], list[float]]:
        """Of each round the seconds that a frame took the better dtype, on the clock and of processor time."""
        num_steps = self.num_frames + NUM_DELAYS
        rounds = list(zip(*self.generated, strict=True))
        wall_s = [min(each.wall_s for each in one) / num_steps for one in rounds]
        return wall_s, [min(each.cpu_s for each in one) / num_steps for one in rounds]


def step_bytes(checkpoint: Checkpoint, num_rows: int, mean_place: float) -> float:
    """What a guided step has to read: the layers' weights once, each row's keys and values twice."""
    weights, products = checkpoint.weights, [checkpoint.weights.heads]
    for layer in weights.layers:
        products += [layer.query_key_value, layer.out, layer.up, layer.down]
        if layer.cross is not None:
            products += [layer.cross.query, layer.cross.out]
    total = sum(_product_bytes(product, num_rows) for product in products)
    line = 2 * weights.shape.hidden * weights.precision.cache_dtype.itemsize * weights.shape.num_layers
    return float(total + num_rows * 2 * mean_place * line)


def _product_bytes(product: Linear, num_rows: int) -> int:
    """In int4 steps of several takes read the weights' other form, a byte each."""
    if isinstance(product, Int4Linear) and num_rows > 1:
        return int(product.num_inputs * product.num_outputs)
    return int(product.num_bytes)


def report_codec(checkpoint: Checkpoint, report: Report) -> None:
    """EnCodec in chunks of a second, and what a row of the cache takes."""
    device, shape = checkpoint.weights.device, checkpoint.shape
    codes = torch.randint(0, shape.num_codes, (shape.num_codebooks, 250), device=device)
    decoder = checkpoint.codec.decoder()
    decoder.decode(codes[:, :100])
    spent = timed(lambda: [decoder.decode(codes[:, :end]) for end in (150, 200, 250)], device).per(3)
    row_mb = Cache.num_bytes(shape, checkpoint.weights.precision) / 1e6
    report(f"\nEnCodec: {spent.wall_s * 1e3:.0f} ms, cpu {spent.cpu_s * 1e3:.0f} ms, for a second of music")
    report(f"a row of the cache takes {row_mb:.0f} MB at most")


def report_preview(checkpoint: Checkpoint, report: Report) -> None:
    """From a request to its first preview, 3 s of music, through the engine's own way."""
    station = Station(checkpoint, make_batch(checkpoint, 1))
    warm_up(station)
    request = Request(Operation.COMPOSE, WORDS, engine="musicgen", duration_s=4)
    start = time.perf_counter()
    performance = Performance(EngineJob("preview", request, 1), Plan(WORDS, 200), checkpoint)
    while performance.heard_s < 3:
        performance.turn_window(station.batch)
        station.step()
        if performance.num_waiting() >= 50 or performance.made_s >= 3.2:
            performance.decode_chunk(station.batch)
    report(f"first preview, 3 s of music, in {checkpoint.weights.precision} after {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
