"""The loop against transformers' `generate`: the same codes, the same logits, and none of its faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from generation.clip import Clip
from generation.engines.musicgen.chroma import chroma_of
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.plan import heard_part
from generation.request import Sampling
from tests.generation.engines.musicgen import reference

Checkpoints = dict[str, Path]
KINDS = ("mono", "stereo", "melody", "stereo-melody")


@pytest.mark.parametrize("guidance", [3.0, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_text_only(checkpoints: Checkpoints, kind: str, guidance: float) -> None:
    ours = reference.load(checkpoints[kind])
    row = reference.make_row(ours, 100, sampling=reference.guided(reference.GREEDY, guidance))
    expected = reference.generate(checkpoints[kind], 100, guidance=guidance)
    assert torch.equal(reference.decode(reference.make_batch(ours), row)[0], expected)
    assert len(expected.unique()) > 10


@pytest.mark.parametrize("num_frames", [50, 333, 1500])
def test_lengths_from_one_second_to_thirty(checkpoints: Checkpoints, num_frames: int) -> None:
    ours = reference.load(checkpoints["mono"])
    codes = reference.decode(reference.make_batch(ours), reference.make_row(ours, num_frames))[0]
    assert codes.shape[1] == num_frames
    assert torch.equal(codes, reference.generate(checkpoints["mono"], num_frames))


@pytest.mark.parametrize("guidance", [3.0, 1.0])
@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_with_a_clip_that_is_continued(checkpoints: Checkpoints, clip: Clip, kind: str, guidance: float) -> None:
    ours = reference.load(checkpoints[kind])
    heard = heard_part(clip.cut(0, 3.3), ours.shape)
    samples = torch.from_numpy(heard.samples.copy())[None]
    row = reference.make_row(
        ours, 60, prompt=ours.codec.encode(heard), sampling=reference.guided(reference.GREEDY, guidance)
    )
    expected = reference.generate(checkpoints[kind], 60, guidance=guidance, input_values=samples)
    assert torch.equal(reference.decode(reference.make_batch(ours), row)[0], expected)
    assert expected.shape[1] == 165 + 60


@pytest.mark.parametrize("guidance", [3.0, 1.0])
@pytest.mark.parametrize("kind", ["melody", "stereo-melody"])
def test_with_a_melody_that_is_followed(checkpoints: Checkpoints, clip: Clip, kind: str, guidance: float) -> None:
    ours = reference.load(checkpoints[kind])
    chroma = chroma_of(clip)
    row = reference.make_row(ours, 100, chroma=chroma, sampling=reference.guided(reference.GREEDY, guidance))
    expected = reference.generate(checkpoints[kind], 100, guidance=guidance, input_features=chroma[None])
    assert torch.equal(reference.decode(reference.make_batch(ours), row)[0], expected)
    assert not torch.equal(expected, reference.generate(checkpoints[kind], 100, guidance=guidance))


@pytest.mark.parametrize("kind", ["melody", "stereo-melody"])
def test_a_melody_model_goes_on_from_codes(checkpoints: Checkpoints, kind: str) -> None:
    """As with a clip, or in a second window; `generate` of these models takes no clip to go on from."""
    ours = reference.load(checkpoints[kind])
    prompt = torch.randint(0, 64, (ours.shape.num_codebooks, 150), generator=torch.Generator().manual_seed(1))
    assert logits_error(checkpoints[kind], Precision.FLOAT32, prompt) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_logits_within_a_ten_thousandth(checkpoints: Checkpoints, kind: str) -> None:
    assert logits_error(checkpoints[kind], Precision.FLOAT32) < 1e-4


@pytest.mark.parametrize(("precision", "bound"), [(Precision.BFLOAT16, 0.1), (Precision.INT8, 0.25)])
def test_smaller_weights_stay_close(checkpoints: Checkpoints, precision: Precision, bound: float) -> None:
    assert 0 < logits_error(checkpoints["mono"], precision) < bound


def test_a_row_among_others_equals_the_row_alone(checkpoints: Checkpoints, clip: Clip) -> None:
    """Rows of other lengths, settings and prompts, joining and leaving at other frames, change nothing."""
    ours = reference.load(checkpoints["mono"])
    heard = ours.codec.encode(heard_part(clip.cut(0, 2), ours.shape))
    wishes = [
        {"num_new_frames": 40, "seed": 1, "sampling": Sampling(temperature=0.8)},
        {"num_new_frames": 90, "seed": 2, "sampling": Sampling(top_p=0.9, top_k=0), "words": "slow jazz with piano"},
        {"num_new_frames": 60, "seed": 3, "sampling": Sampling(guidance_scale=1.0), "prompt": heard},
        {"num_new_frames": 70, "seed": 4, "sampling": Sampling(top_k=5, guidance_scale=6.0), "words": ""},
        {"num_new_frames": 55, "seed": 5, "prompt": heard[:, :31]},
    ]
    alone = [reference.decode(reference.make_batch(ours), reference.make_row(ours, **wish))[0] for wish in wishes]
    rows = [reference.make_row(ours, **wish) for wish in wishes]
    for expected, codes in zip(alone, reference.decode(reference.make_batch(ours, 3), *rows), strict=True):
        assert torch.equal(codes, expected)


@pytest.mark.parametrize("num_alone", range(1, 8))
def test_a_row_that_is_moved_while_it_joins_equals_the_row_alone(checkpoints: Checkpoints, num_alone: int) -> None:
    """Its neighbour leaves after some of the six chunks of its prompt."""
    ours = reference.load(checkpoints["mono"])
    prompt = torch.randint(0, 64, (4, 350), generator=torch.Generator().manual_seed(1))
    batch, late = reference.make_batch(ours, 2), {"num_new_frames": 8, "prompt": prompt, "seed": 1}
    alone = reference.decode(reference.make_batch(ours), reference.make_row(ours, **late))[0]
    short = reference.make_row(ours, num_alone)
    assert torch.equal(reference.decode(batch, short, reference.make_row(ours, **late))[1], alone)


@pytest.mark.parametrize("num_steps", [1, 3, 5])
def test_a_row_that_leaves_while_it_joins_leaves_no_trace(checkpoints: Checkpoints, num_steps: int) -> None:
    """Cancelled after some of the six chunks of its prompt; another one then takes its place."""
    ours = reference.load(checkpoints["mono"])
    prompt = torch.randint(0, 64, (4, 350), generator=torch.Generator().manual_seed(1))
    wishes = [{"num_new_frames": 20, "seed": 1}, {"num_new_frames": 12, "seed": 2, "prompt": prompt[:, :90]}]
    alone = [reference.decode(reference.make_batch(ours), reference.make_row(ours, **wish))[0] for wish in wishes]
    batch = reference.make_batch(ours, 2)
    stays, goes, comes = (
        reference.make_row(ours, **wish) for wish in (wishes[0], wishes[1] | {"prompt": prompt}, wishes[1])
    )
    batch.join(stays)
    batch.step()
    batch.join(goes)
    for _ in range(num_steps):
        batch.step()
    assert batch.joining is goes
    batch.leave(goes)
    assert not batch.has(goes)
    for codes, expected in zip(reference.finish(batch, stays, comes), alone, strict=True):
        assert torch.equal(codes, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_int8_rows_are_the_same_to_the_last_bit_in_any_company(checkpoints: Checkpoints, kind: str) -> None:
    ours = reference.load(checkpoints[kind], Precision.INT8)
    prompt = torch.randint(0, 64, (ours.shape.num_codebooks, 200), generator=torch.Generator().manual_seed(1))
    wishes = [
        {"num_new_frames": 40, "seed": 1},
        {"num_new_frames": 30, "seed": 2, "sampling": Sampling(guidance_scale=1.0), "words": "slow jazz"},
        {"num_new_frames": 50, "seed": 3, "prompt": prompt},
    ]
    alone = [reference.decode(reference.make_batch(ours), reference.make_row(ours, **wish))[0] for wish in wishes]
    rows = [reference.make_row(ours, **wish) for wish in wishes]
    for expected, codes in zip(alone, reference.decode(reference.make_batch(ours, 2), *rows), strict=True):
        assert torch.equal(codes, expected)


def logits_error(folder: Path, precision: Precision, prompt: Tensor | None = None) -> float:
    """The largest difference of our logits from transformers' over 40 positions, as a share of their spread.

    For float32 the spread of the tiny checkpoint's logits is about 1, so that the share is also the difference.
    """
    ours = reference.load(folder, precision)
    batch, row = reference.make_batch(ours), reference.make_row(ours, 40, prompt=prompt)
    caught: list[Tensor] = []
    predict = batch.decoder.layers.predict

    def catch(*arguments: Any) -> Tensor:
        caught.append(predict(*arguments).clone())
        return caught[-1]

    batch.decoder.layers.predict = catch  # type: ignore[method-assign]
    reference.decode(batch, row)
    mine, num_known = torch.stack([logits[0] for logits in caught], dim=1), row.prompt.shape[1]
    theirs = reference.logits_of(folder, batch.cache.rows.sequence[0, :, : num_known + mine.shape[1]])[:, num_known:]
    assert mine.shape == theirs.shape
    return float((mine - theirs).abs().max() / theirs.std())
