"""What is drawn: the distributions of transformers' warpers, by each row's own settings and noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers.generation.logits_process import (
    ClassifierFreeGuidanceLogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from generation.engines.musicgen.sampling import RowSettings, draw, guide, ranked_probabilities

NUM_CODES = 300


def settings_of(*rows: tuple[float, int, float, float]) -> RowSettings:
    settings = RowSettings.empty(len(rows), torch.device("cpu"))
    for number, row in enumerate(rows):
        settings.put(number, *row)
    return settings


def logits_of(num_rows: int, seed: int = 0) -> Tensor:
    return 3 * torch.randn(num_rows, 4, NUM_CODES, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(1.0, 0, 0.0), (0.7, 25, 0.0), (1.3, 0, 0.9), (1.0, 50, 0.5), (1.0, 1, 0.0)]
)
def test_distribution_is_that_of_transformers(temperature: float, top_k: int, top_p: float) -> None:
    logits = logits_of(1)
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    warpers += [TopKLogitsWarper(top_k)] if top_k else []
    warpers += [TopPLogitsWarper(top_p)] if top_p else []
    expected = warpers(torch.zeros(4, 1, dtype=torch.int64), logits[0].clone()).softmax(-1)
    ranked, codes = ranked_probabilities(logits, settings_of((temperature, top_k, top_p, 1.0)), NUM_CODES)
    ours = torch.zeros(1, 4, NUM_CODES).scatter(2, codes, ranked / ranked.sum(-1, keepdim=True))
    torch.testing.assert_close(ours[0], expected, atol=1e-6, rtol=1e-4)


def test_guidance_is_that_of_transformers() -> None:
    both = torch.stack([logits_of(1, 1)[0], logits_of(1, 2)[0]])
    expected = ClassifierFreeGuidanceLogitsProcessor(3.0)(torch.zeros(4, 1), both.flatten(0, 1))
    guided = guide(both[None], torch.tensor([3.0]))
    torch.testing.assert_close(guided[0], expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(guide(both[None], torch.tensor([1.0]))[0], both[0])


def test_frequencies_of_draws_follow_the_distribution() -> None:
    logits, settings = logits_of(1), settings_of((1.0, 20, 0.0, 1.0))
    ranked, codes = ranked_probabilities(logits, settings, NUM_CODES)
    noise = torch.rand(20_000, 4, generator=torch.Generator().manual_seed(3))
    drawn = draw(logits.expand(20_000, -1, -1), settings, noise, num_ranks=20)
    for codebook in range(4):
        likeliest = codes[0, codebook, :5]
        frequencies = (drawn[:, codebook, None] == likeliest).float().mean(0)
        torch.testing.assert_close(frequencies, ranked[0, codebook, :5], atol=0.012, rtol=0)


def test_each_row_has_its_own_settings() -> None:
    logits = logits_of(1).expand(3, -1, -1)
    settings = settings_of((1.0, 1, 0.0, 1.0), (2.0, 0, 0.0, 1.0), (0.05, 0, 0.0, 1.0))
    noise = torch.full((3, 4), 0.999)
    drawn = draw(logits, settings, noise, NUM_CODES)
    assert torch.equal(drawn[0], logits[0].argmax(-1))
    assert torch.equal(drawn[2], drawn[0])
    assert not torch.equal(drawn[1], drawn[0])


@pytest.mark.parametrize("noise", [0.0, 1.0 - 2**-24])
def test_extreme_noise_draws_a_code_that_is_possible(noise: float) -> None:
    settings = settings_of((1.0, 7, 0.0, 1.0))
    logits = logits_of(1)
    drawn = draw(logits, settings, torch.full((1, 4), noise), NUM_CODES)
    possible = logits.topk(7).indices
    assert bool((possible == drawn[..., None]).any(-1).all())
