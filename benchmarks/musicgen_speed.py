"""How fast MusicGen is here, against transformers' `generate` in the same process and run.

    python -m benchmarks.musicgen_speed --threads 2                    # the table of a CPU
    python -m benchmarks.musicgen_speed --frames 30 --rows 1,4         # a short look
    python -m benchmarks.musicgen_speed --device cuda --shape medium --rows 1,8,32

Weights are random, of the published shapes: speed does not depend on their values. Codec frames a second; 50 is real
time. `roofline` is the time that reading the weights, keys and values once takes at the bandwidth measured here, as a
share of the time that a step took.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import datetime
import platform
import resource
import time
from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import Tensor

from generation.engines.base import EngineJob
from generation.engines.musicgen.batch import Batch, Row
from generation.engines.musicgen.cache import Cache
from generation.engines.musicgen.delay import lay_out
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import Checkpoint, assemble
from generation.engines.musicgen.performance import Performance
from generation.engines.musicgen.plan import Plan
from generation.engines.musicgen.shelf import Station, make_batch, warm_up
from generation.request import Operation, Request, Sampling
from tests.support.tiny_checkpoint import tiny_tokenizer

SHAPES = {
    "small": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "ffn_dim": 4096},
    "medium": {"hidden_size": 1536, "num_hidden_layers": 48, "num_attention_heads": 24, "ffn_dim": 6144},
    "large": {"hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "ffn_dim": 8192},
}
WORDS = "lo fi hip hop mellow warm piano with slow drums"
GUIDED = Sampling()
GREEDY = Sampling(top_k=1)


def main() -> None:
    """Measure and print."""
    wishes = read_arguments()
    torch.set_num_threads(wishes.threads)
    device = torch.device(wishes.device)
    print(f"{datetime.date.today()}  {platform.machine()}  {device_name(device)}, {wishes.threads} threads,")
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, shape {wishes.shape}, random weights\n")
    bandwidth = measure_bandwidth(device)
    print(f"memory reads at {bandwidth / 1e9:.1f} GB/s\n")
    model = build(wishes.shape)
    baseline, expected = measure_generate(model, device, wishes.frames)
    best = max(baseline.values())
    for name, speed in baseline.items():
        print(f"generate {name:9s} one request            {speed:7.1f} frames/s")
    for precision in wishes.precisions:
        checkpoint = assemble(wishes.shape, "random", shallow_copy(model), tiny_tokenizer(), precision, device)
        if precision is Precision.FLOAT32:
            report_parity(checkpoint, expected)
        else:
            report_error(checkpoint, model, expected)
        report_speed(checkpoint, wishes, best, bandwidth)
    report_codec(checkpoint)
    report_preview(checkpoint)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\npeak memory of this process, all models of this run together: {peak_gb:.1f} GB")


def read_arguments() -> argparse.Namespace:
    """The command line; precisions and rows as lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=100, help="codec frames that each measurement decodes")
    parser.add_argument("--rows", default="1,2,4,8,16,32", help="requests at once")
    parser.add_argument("--prompts", default="0,500", help="codec frames of the clip that is continued")
    parser.add_argument("--precisions", default="")
    wishes = parser.parse_args()
    default = "float32,bfloat16,int8" if wishes.device == "cpu" else "bfloat16"
    wishes.precisions = [Precision(name) for name in (wishes.precisions or default).split(",")]
    wishes.rows = [int(number) for number in wishes.rows.split(",")]
    wishes.prompts = [int(number) for number in wishes.prompts.split(",")]
    return wishes


def device_name(device: torch.device) -> str:
    """The GPU's or the processor's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU {torch.backends.cpu.get_cpu_capability()}"


def measure_bandwidth(device: torch.device, num_bytes: int = 1 << 30) -> float:
    """Bytes a second of reading memory once, the best of five."""
    numbers = torch.ones(num_bytes // 4, device=device)
    return num_bytes / min(timed(lambda: numbers.sum().item(), device) for _ in range(5))


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


def measure_generate(model: Any, device: torch.device, num_frames: int) -> tuple[dict[str, float], Tensor]:
    """Frames a second of `generate` for one guided request, without the codec; and its greedy float32 codes."""
    caught: list[Tensor] = []

    def catch(audio_codes: Tensor, **_: Any) -> Any:
        caught.append(audio_codes[0, 0].cpu())
        raise CodesAreThere

    def generate(peer: Any, **how: Any) -> None:
        tokens = tiny_tokenizer()([WORDS], return_tensors="pt").to(device)
        with contextlib.suppress(CodesAreThere):
            peer.generate(**tokens, max_new_tokens=num_frames + 3, guidance_scale=3.0, **how)

    speeds: dict[str, float] = {}
    for dtype in (torch.float32, torch.bfloat16):
        peer = copy.deepcopy(model).to(device, dtype)
        peer.audio_encoder.decode = catch
        generate(peer, do_sample=False)
        seconds = min(timed(lambda peer=peer: generate(peer, do_sample=True), device) for _ in range(2))
        speeds[str(dtype).removeprefix("torch.")] = num_frames / seconds
    return speeds, caught[0]


def make_row(checkpoint: Checkpoint, num_frames: int, prompt_frames: int, sampling: Sampling, seed: int) -> Row:
    """A request of `num_frames` new codec frames."""
    conditions = checkpoint.conditioner.prepare(WORDS)
    generator = torch.Generator().manual_seed(seed)
    shape, device = checkpoint.shape, checkpoint.weights.device
    prompt = torch.randint(0, shape.num_codes, (shape.num_codebooks, prompt_frames), generator=generator).to(device)
    total = prompt_frames + num_frames
    return Row(prompt, total, sampling, generator, conditions.prompt_memory, conditions.prefix)


def join(batch: Batch, rows: list[Row]) -> None:
    """Let rows in and prefill them, so that all decode with the next step."""
    for row in rows:
        batch.join(row)
    while len(batch.rows) < len(rows):
        batch.step()


def report_parity(checkpoint: Checkpoint, expected: Tensor) -> None:
    """Whether greedy float32 codes are those of `generate`."""
    batch, row = make_batch(checkpoint, 1), make_row(checkpoint, expected.shape[1], 0, GREEDY, 0)
    batch.join(row)
    while not batch.is_done(row):
        batch.step()
    same = (batch.codes(row).cpu() == expected).float().mean()
    print(f"\ngreedy codes in float32 equal to generate's: {same:.2%} of {expected.numel()}")


def report_error(checkpoint: Checkpoint, model: Any, codes: Tensor) -> None:
    """How far the logits lie from float32's, given the same codes before them."""
    exact = assemble("exact", "random", shallow_copy(model), tiny_tokenizer(), Precision.FLOAT32, codes.device)
    logits = [logits_after(each, codes) for each in (exact, checkpoint)]
    error, spread = (logits[1] - logits[0]).square().mean().sqrt(), logits[0].std()
    agreement = (logits[0].argmax(-1) == logits[1].argmax(-1)).float().mean()
    name = checkpoint.weights.precision
    print(
        f"\n{name}: logits differ by {error / spread:.2%} of their spread (rms), greedy choice agrees {agreement:.0%}"
    )


@torch.inference_mode()
def logits_after(checkpoint: Checkpoint, codes: Tensor) -> Tensor:
    """The logits with the prompt after each of the codes, float32 [positions, codebooks, codes], on the CPU."""
    batch, shape = make_batch(checkpoint, 1), checkpoint.shape
    conditions = checkpoint.conditioner.prepare(WORDS)
    batch.cache.put_prompt(0, conditions.prompt_memory)
    batch.cache.prompt_span = 16
    known = lay_out(codes.to(checkpoint.weights.device), codes.shape[1], shape.delays, shape.pad_token)
    hidden = batch.decoder.embed(known.T)[None]
    places = torch.arange(known.shape[1], device=hidden.device)
    hidden = hidden + checkpoint.weights.positions[places]
    states = batch.decoder.transform(hidden, 0, 1, places[None], known.shape[1])
    return checkpoint.weights.heads(states)[0].float().cpu().unflatten(-1, (shape.num_codebooks, -1))


def report_speed(checkpoint: Checkpoint, wishes: argparse.Namespace, best: float, bandwidth: float) -> None:
    """A row of the table for each number of requests and length of prompt."""
    weights, device = checkpoint.weights, checkpoint.weights.device
    for prompt_frames in wishes.prompts:
        for num_rows in wishes.rows:
            batch = make_batch(checkpoint, num_rows)
            rows = [make_row(checkpoint, wishes.frames, prompt_frames, GUIDED, seed) for seed in range(num_rows)]
            join(batch, rows)
            batch.step()
            num_steps = wishes.frames - num_rows - 2
            seconds = timed(lambda batch=batch, n=num_steps: [batch.step() for _ in range(n)], device) / num_steps
            mean_place = prompt_frames + wishes.frames / 2
            share = step_bytes(checkpoint, num_rows, mean_place) / bandwidth / seconds
            print(
                f"{weights.precision!s:9s} {num_rows:2d} at once, prompt {prompt_frames / 50:4.0f} s"
                f" {num_rows / seconds:8.1f} frames/s {num_rows / seconds / best:6.1f}x generate"
                f"  step {seconds * 1e3:6.1f} ms, {share:4.0%} of the roofline",
                flush=True,
            )


def step_bytes(checkpoint: Checkpoint, num_rows: int, mean_place: float) -> float:
    """What a guided step has to read: the layers' weights once, each row's keys and values twice."""
    weights, total = checkpoint.weights, checkpoint.weights.heads.num_bytes
    for layer in weights.layers:
        products = [layer.query_key_value, layer.out, layer.up, layer.down]
        if layer.cross is not None:
            products += [layer.cross.query, layer.cross.out]
        total += sum(product.num_bytes for product in products)
    line = 2 * weights.shape.hidden * weights.precision.memory_dtype.itemsize * weights.shape.num_layers
    return total + num_rows * 2 * mean_place * line


def report_codec(checkpoint: Checkpoint) -> None:
    """EnCodec in chunks of a second, and what a row of the cache takes."""
    device, shape = checkpoint.weights.device, checkpoint.shape
    codes = torch.randint(0, shape.num_codes, (shape.num_codebooks, 250), device=device)
    decoder = checkpoint.codec.decoder()
    decoder.decode(codes[:, :100])
    seconds = timed(lambda: [decoder.decode(codes[:, :end]) for end in (150, 200, 250)], device) / 3
    row_mb = Cache.num_bytes(shape, checkpoint.weights.precision) / 1e6
    print(f"\nEnCodec: {seconds * 1e3:.0f} ms for a second of music; a row of the cache takes {row_mb:.0f} MB at most")


def report_preview(checkpoint: Checkpoint) -> None:
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
    print(f"first preview, 3 s of music, after {time.perf_counter() - start:.1f} s")


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds that some work takes."""
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - start


def synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
