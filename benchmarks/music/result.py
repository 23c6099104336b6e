"""A case of the benchmark and what was measured of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.music.cases import Case
from benchmarks.music.figures import Figures


@dataclass(frozen=True)
class Result:
    """A case and its figures."""

    case: Case
    figures: Figures

    def has(self, name: str) -> bool:
        """Whether the number was measured."""
        return name in self.figures.numbers

    def falls_short(self, *beginnings: str) -> bool:
        """Whether one of the sentences about what falls short holds one of these beginnings."""
        return any(start in sentence for sentence in self.figures.short for start in beginnings)


def values_of(items: Sequence[Result], name: str) -> np.ndarray:
    """A number of all cases that have it."""
    found = [result.figures.numbers.get(name, math.nan) for result in items]
    return np.array([value for value in found if not math.isnan(value)])


def groups(results: Sequence[Result]) -> dict[str, list[Result]]:
    """By engine and operation, in the order of the cases."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(f"{result.case.engine} {result.case.operation.value}", []).append(result)
    return found
