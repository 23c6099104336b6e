"""Blends: do the beats of both clips fall together, at one tempo and in one key, as far as sound alone can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.music.drive import Outcome
    from benchmarks.music.figures import Figures


def measure_blend(outcome: Outcome, figures: Figures) -> None:
    """Placeholder."""
