"""How well the voices are led, by the rules that a teacher of harmony would mark, and whether pieces go where they say.

Counted on scores: octaves and fifths of the tune and of the chords' highest voice with the bass, leaps, notes where an
instrument does not have them, how far chords move, the landing; in a take "with a drop" how much denser and stronger
the drop is than the build before it, and whether the build rises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generation.engines.arranger.compose import Composition
from generation.engines.arranger.score import Score
from generation.engines.arranger.style import Style
from generation.request import Operation
from tests.support.counterpoint import (
    chords_with_bass,
    lands,
    leaps,
    movement,
    out_of_reach,
    tune_with_bass,
)
from tests.support.scores import composed

LENGTH_S = 45.0
SEEDS = 4
STROKE_S = 0.2
"""How long a drum's stroke counts as sounding."""


@dataclass(frozen=True)
class Writing:
    """Of a style's takes: shares of parallel moves, leaps beyond an octave and wide ones left open by 100 intervals,
    notes out of reach, semitones a voice moves from chord to chord, share of takes that land; the drop's notes a second
    by the build's, its strength in dB above the build, the build's second half by its first (NaN without)."""

    tune_parallels: float
    chord_parallels: float
    far_leaps: float
    open_leaps: float
    out_of_reach: int
    movement: float
    lands: float
    drop_density: float
    drop_db: float
    build_rise: float


def measured(style: Style, seeds: int = SEEDS) -> Writing:
    """Takes of a style's first word, plain and with a drop."""
    word = style.words[0]
    made = [composed(Operation.COMPOSE, word, seed, duration_s=LENGTH_S) for seed in range(seeds)]
    drops = [
        found
        for seed in range(seeds)
        if (found := _drop(composed(Operation.COMPOSE, f"{word} with a drop", seed, duration_s=LENGTH_S).score))
    ]
    far, bare, steps = (sum(counts) for counts in zip(*map(leaps, made), strict=True))
    moved = [step for one in made for step in movement(one)]
    return Writing(
        _share(made, tune_with_bass), _share(made, chords_with_bass), 100 * far / max(steps, 1),
        100 * bare / max(steps, 1), sum(sum(out_of_reach(one).values()) for one in made),
        float(np.mean(moved)) if moved else 0.0, float(np.mean([lands(one) for one in made])),
        *(np.mean(drops, axis=0).tolist() if drops else (float("nan"),) * 3),
    )  # fmt: skip


def _share(made: list[Composition], counted: Callable[[Composition], tuple[int, int]]) -> float:
    along, moves = (sum(counts) for counts in zip(*map(counted, made), strict=True))
    return float(along / max(moves, 1))


def _drop(score: Score) -> tuple[float, float, float] | None:
    """(density by the build's, dB above the build, second half of the build by its first) of the first drop."""
    kinds = [kind for _, kind in score.markers]
    if "drop" not in kinds or kinds.index("drop") == 0:
        return None
    at = kinds.index("drop")
    edges = [start_s for start_s, _ in score.markers[at - 1 : at + 2]]
    middle = (edges[0] + edges[1]) / 2
    build, drop = _density(score, edges[0], edges[1]), _density(score, edges[1], edges[2])
    rise = _density(score, middle, edges[1]) / max(_density(score, edges[0], middle), 0.1)
    return drop / max(build, 0.1), _strength_db(score, edges[1], edges[2]) - _strength_db(score, *edges[:2]), rise


def _density(score: Score, start_s: float, end_s: float) -> float:
    """Notes a second that begin there; effects don't count."""
    parts = [part for part in score.parts if not part.name.startswith(("effects", "texture"))]
    return sum(start_s <= n.start_s < end_s for part in parts for n in part.notes) / (end_s - start_s)


def _strength_db(score: Score, start_s: float, end_s: float) -> float:
    """Velocity squared times sounding time, by time, in dB."""
    total = 0.0
    for part in score.parts:
        if part.name.startswith(("effects", "texture")):
            continue
        for note in part.notes:
            end = note.start_s + STROKE_S if part.is_drums else note.end_s
            total += note.velocity**2 * max(min(end, end_s) - max(note.start_s, start_s), 0.0)
    return float(10 * np.log10(total / (end_s - start_s) + 1e-9))
