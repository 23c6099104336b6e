"""How fast MusicGen is here, against transformers' `generate` in the same process and run.

    python -m benchmarks.musicgen_speed                     # the short form, under two minutes on two quiet cores
    python -m benchmarks.musicgen_speed --full              # the table of a CPU; --save keeps it in benchmarks/results
    python -m benchmarks.musicgen_speed --device cuda --shape medium --rows 1,8,32

Weights are random, of the published shapes: speed does not depend on their values. Codec frames a second; 50 is real
time. The ratios are those to `generate` in float32 and bfloat16, on the clock; `cpu` the ratio of processor time to the
better of the two, which other programs on the machine disturb less. `roofline` is the time that reading the weights,
keys and values once takes at the bandwidth measured here, as a share of the time that a step took.
"""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import time
from typing import Any

import torch
from torch import Tensor

from benchmarks._musicgen_peer import (
    SHAPES,
    WORDS,
    Peer,
    Report,
    Spent,
    best_of,
    build,
    device_name,
    make_row,
    shallow_copy,
    timed,
)
from generation.engines.base import EngineJob
from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.delay import lay_out
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint, assemble
from generation.engines.musicgen.memory import rows_that_fit
from generation.engines.musicgen.performance import Performance
from generation.engines.musicgen.plan import Plan
from generation.engines.musicgen.shelf import Station, make_batch, warm_up
from generation.request import Operation, Request, Sampling
from tests.support.tiny_checkpoint import tiny_tokenizer

GUIDED = Sampling()
MAX_ROWS_WITH_CLIP = 4
"""On a CPU, clips of ten seconds for more requests take minutes to be read."""


def main() -> None:
    """Measure and print."""
    wishes = read_arguments()
    torch.set_num_threads(wishes.threads)
    device = torch.device(wishes.device)
    report = Report()
    report.heading("musicgen_speed", f"shape {wishes.shape}, random weights, {device_name(device)}")
    bandwidth = measure_bandwidth(device)
    report(f"memory reads at {bandwidth / 1e9:.1f} GB/s\n")
    model = build(wishes.shape)
    peers, expected = measure_peers(model, device, wishes, report)
    for precision in wishes.precisions:
        checkpoint = assemble(wishes.shape, "random", shallow_copy(model), tiny_tokenizer(), precision, device)
        if precision is not Precision.FLOAT32:
            report_error(checkpoint, model, expected[:, :30], report)
        report_speed(checkpoint, wishes, peers, bandwidth, report)
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
    parser.add_argument("--frames", type=int, help="codec frames that each measurement decodes")
    parser.add_argument("--rows", help="requests at once")
    parser.add_argument("--prompts", help="codec frames of the clip that is continued")
    parser.add_argument("--precisions")
    full = parser.parse_args().full
    parser.set_defaults(
        frames=80 if full else 30,
        rows="1,2,4,8,16,32" if full else "1,4",
        prompts="0,500" if full else "0",
        precisions="float32,bfloat16,int8" if full else "bfloat16,int8",
    )
    wishes = parser.parse_args()
    if wishes.device != "cpu":
        wishes.precisions = wishes.precisions.replace(",int8", "")
    wishes.precisions = [Precision(name) for name in wishes.precisions.split(",")]
    wishes.rows = [int(number) for number in wishes.rows.split(",")]
    wishes.prompts = [int(number) for number in wishes.prompts.split(",")]
    return wishes


def measure_bandwidth(device: torch.device, num_bytes: int = 1 << 30) -> float:
    """Bytes a second of reading memory once, the best of five."""
    numbers = torch.ones(num_bytes // 4, device=device)
    return num_bytes / best_of(5, lambda: numbers.sum().item(), device).wall_s


def measure_peers(
    model: Any, device: torch.device, wishes: argparse.Namespace, report: Report
) -> tuple[list[Spent], Tensor]:
    """What a frame takes `generate` in float32 and bfloat16; and its greedy float32 codes."""
    spent, codes = [], []
    for dtype in (torch.float32, torch.bfloat16):
        peer = Peer(model, device, dtype)
        codes.append(peer.generate(wishes.frames, do_sample=False))
        each = best_of(2, lambda peer=peer: peer.generate(wishes.frames), device).per(wishes.frames)
        report(f"{peer.name:18s} one request {1 / each.wall_s:12.1f} frames/s, {each.cpu_s * 1e3:.0f} ms of processor")
        spent.append(each)
    return spent, codes[0]


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


@torch.inference_mode()
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


def report_speed(
    checkpoint: Checkpoint, wishes: argparse.Namespace, peers: list[Spent], bandwidth: float, report: Report
) -> None:
    """A row of the table for each number of requests and length of prompt."""
    weights, device = checkpoint.weights, checkpoint.weights.device
    for prompt_frames in wishes.prompts:
        for num_rows in wishes.rows:
            if prompt_frames and num_rows > MAX_ROWS_WITH_CLIP:
                continue
            if rows_that_fit(Cache.num_bytes(weights.shape, weights.precision), num_rows, device) < num_rows:
                report(f"{weights.precision!s:9s} {num_rows:2d} at once: not enough free memory for their caches")
                continue
            batch = make_batch(checkpoint, num_rows)
            rows = [
                make_row(checkpoint, wishes.frames, noise(checkpoint, prompt_frames, seed), sampling=GUIDED, seed=seed)
                for seed in range(num_rows)
            ]
            join(batch, rows)
            num_steps = (wishes.frames - num_rows - 2) // 2
            work = lambda batch=batch, n=num_steps: [batch.step() for _ in range(n)]  # noqa: E731
            spent = best_of(2, work, device).per(num_steps)
            del batch, rows, work  # before the next ones are made
            bytes_read = step_bytes(checkpoint, num_rows, prompt_frames + wishes.frames / 2)
            report(
                f"{weights.precision!s:9s} {num_rows:2d} at once, prompt {prompt_frames / 50:2.0f} s"
                f" {num_rows / spent.wall_s:7.1f} frames/s; generate x"
                + ", x".join(f"{num_rows * peer.wall_s / spent.wall_s:.1f}" for peer in peers)
                + f", cpu x{num_rows * min(peer.cpu_s for peer in peers) / spent.cpu_s:.1f}; step"
                f" {spent.wall_s * 1e3:.1f} ms, cpu {spent.cpu_s * 1e3:.1f} ms,"
                f" {bytes_read / bandwidth / spent.wall_s:.0%} of the roofline"
            )


def step_bytes(checkpoint: Checkpoint, num_rows: int, mean_place: float) -> float:
    """What a guided step has to read: the layers' weights once, each row's keys and values twice."""
    weights, total = checkpoint.weights, checkpoint.weights.heads.num_bytes
    for layer in weights.layers:
        products = [layer.query_key_value, layer.out, layer.up, layer.down]
        if layer.cross is not None:
            products += [layer.cross.query, layer.cross.out]
        total += sum(product.num_bytes for product in products)
    line = 2 * weights.shape.hidden * weights.precision.cache_dtype.itemsize * weights.shape.num_layers
    return total + num_rows * 2 * mean_place * line


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
    report(f"first preview, 3 s of music, after {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
