"""Drawing the next codes: guidance, temperature, top-k and top-p, each row with its own settings and its own noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RowSettings:
    """The sampling settings of the rows of a batch, one entry a row, on the decoder's device.

    temperature, top_p, guidance: float32 [rows]; top_k: int64 [rows]; 0 turns top_k and top_p off, 1 guidance.
    """

    temperature: Tensor
    top_k: Tensor
    top_p: Tensor
    guidance: Tensor

    @classmethod
    def empty(cls, num_rows: int, device: torch.device) -> Self:
        """Settings of rows that nobody uses yet."""
        ones = torch.ones(num_rows, device=device)
        return cls(ones.clone(), torch.zeros(num_rows, dtype=torch.int64, device=device), ones * 0, ones.clone())

    def first(self, num_rows: int) -> RowSettings:
        """The settings of the first rows, as views."""
        return RowSettings(
            self.temperature[:num_rows], self.top_k[:num_rows], self.top_p[:num_rows], self.guidance[:num_rows]
        )

    def put(self, row: int, temperature: float, top_k: int, top_p: float, guidance: float) -> None:
        """Set one row."""
        self.temperature[row], self.top_k[row] = temperature, top_k
        self.top_p[row], self.guidance[row] = top_p, guidance


def guide(logits: Tensor, guidance: Tensor) -> Tensor:
    """Classifier-free guidance: away from the logits without the prompt, by the row's scale.

    Args:
        logits: float32 [rows, halves, codebooks, codes]; halves: with the prompt and without, or the first alone.
        guidance: float32 [rows]; at 1 a row keeps its logits with prompt to the last bit.

    Returns:
        float32 [rows, codebooks, codes].
    """
    conditional = logits[:, 0]
    if logits.shape[1] == 1:
        return conditional
    scale = guidance[:, None, None]
    guided = torch.lerp(logits[:, 1], conditional, scale)
    return torch.where(scale > 1, guided, conditional)


def ranked_probabilities(logits: Tensor, settings: RowSettings, num_ranks: int) -> tuple[Tensor, Tensor]:
    """The probabilities that the settings leave, most likely code first.

    Temperature, then top-k, then top-p over what is left, in the order and with the ties of transformers' warpers
    (top-p keeps the code that crosses the threshold).

    Args:
        logits: float32 [rows, codebooks, codes].
        settings: of the rows.
        num_ranks: how many of the most likely codes are looked at; at least every row's top-k, or all codes.

    Returns:
        Probabilities float32 and codes int64, both [rows, codebooks, num_ranks]. The probabilities are not
        normalised again after top-p.
    """
    scaled = logits / settings.temperature[:, None, None]
    values, codes = torch.topk(scaled, num_ranks, dim=-1)
    rank = torch.arange(num_ranks, device=logits.device)
    top_k = settings.top_k[:, None, None]
    values = values.masked_fill((top_k > 0) & (rank >= top_k), -torch.inf)
    probabilities = values.softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities
    top_p = settings.top_p[:, None, None]
    return probabilities.masked_fill((top_p > 0) & (before >= top_p) & (rank > 0), 0.0), codes


def draw(logits: Tensor, settings: RowSettings, noise: Tensor, num_ranks: int) -> Tensor:
    """Draw a code for each row and codebook by inverting the cumulative distribution at the row's own noise.

    Args:
        logits: float32 [rows, codebooks, codes], after guidance.
        settings: of the rows; a `top_k` of 1 is greedy.
        noise: float32 [rows, codebooks], uniform in 0..1, from the row's own generator.
        num_ranks: see `ranked_probabilities`.

    Returns:
        int64 [rows, codebooks].
    """
    probabilities, codes = ranked_probabilities(logits, settings, num_ranks)
    reached = probabilities.cumsum(dim=-1)
    threshold = noise[..., None] * reached[..., -1:]
    rank = (reached <= threshold).sum(dim=-1, keepdim=True).clamp_(max=num_ranks - 1)
    return codes.gather(-1, rank).squeeze(-1)
