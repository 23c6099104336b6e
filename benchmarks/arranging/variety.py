"""Variety: do eight seeds of the same words give eight pieces, or one piece eight times?

Likeness is the share of notes that two takes have in common, counted from the tonic and on the bar's sixteenths, so
that neither another key nor another tempo makes a copy look new. What a copy reaches is measured beside it: the same
piece with other fills and ornaments (vary at strength 0.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from generation.engines.arranger.style import Style
from generation.request import Operation
from tests.support import hearings
from tests.support.scores import bars_of, composed, likeness, longest_run, share_in_harmony

SEEDS = 8
LENGTH_S = 45.0
NEAR_COPY, SAME_TUNE = 0.75, 0.5
"""From here on two takes are near-copies. Where the progression, the groove and the patterns of two seeds happen to be
the same ones of a style and the tune alone differs, up to 0.65 of the notes are common; the same piece with other fills
lies at 0.87 and more. The tunes of two seeds share 0.23 or less."""


@dataclass(frozen=True)
class Variety:
    """A style's takes: the least share of notes in harmony, the longest run of one bar in any part, the likeness of
    the two most alike, of the two tunes most alike, of all pairs on average and of copies, notes a second."""

    in_harmony: float
    longest_run: int
    nearest: float
    nearest_tune: float
    mean: float
    copies: float
    notes_per_s: float


def measured(style: Style, seeds: int = SEEDS) -> Variety:
    """Takes of a style's first word."""
    word = style.words[0]
    made = [composed(Operation.COMPOSE, word, seed, duration_s=LENGTH_S) for seed in range(seeds)]
    alike = [likeness(one, other) for one, other in combinations(made, 2)]
    tunes = [likeness(one, other, "lead") for one, other in combinations(made, 2)]
    runs = [
        longest_run(bars_of(one.score, part))
        for one in made
        for part in one.score.parts
        if not part.name.startswith(("effects", "texture"))
    ]
    copy, another = (composed(Operation.VARY, word, seed, hearings.song(), strength=0.1) for seed in (1, 2))
    density = np.mean([sum(len(part.notes) for part in one.score.parts) / LENGTH_S for one in made])
    return Variety(
        min(share_in_harmony(one) for one in made), max(runs), max(alike, default=0.0), max(tunes, default=0.0),
        float(np.mean(alike or [0.0])), likeness(copy, another), float(density),
    )  # fmt: skip
