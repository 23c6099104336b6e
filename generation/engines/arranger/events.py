"""Events: notes on the beat grid, before they become seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A note from `start` for `length` (beats of the frame's grid), MIDI pitch, velocity 0..1."""

    start: float
    length: float
    pitch: int
    velocity: float

    @property
    def end(self) -> float:
        """Where it stops."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Stroke:
    """A sign of a pattern that sounds: its step, how many steps it holds, and the sign."""

    step: int
    steps: int
    sign: str


def strokes(pattern: str) -> list[Stroke]:
    """The strokes of a pattern: a sign starts one, "-" holds it, "." is silence."""
    found: list[Stroke] = []
    for step, sign in enumerate(pattern):
        if sign == "-" and found and found[-1].step + found[-1].steps == step:
            found[-1] = Stroke(found[-1].step, found[-1].steps + 1, found[-1].sign)
        elif sign not in "-.":
            found.append(Stroke(step, 1, sign))
    return found


def bar_of_pattern(pattern: str, bar: int, steps_per_bar: int, beats_per_bar: int) -> str:
    """One bar of a pattern, fitted to the metre.

    Patterns are written in 4/4 (16 steps a bar) or in the style's own metre of 12 steps. A 4/4 pattern gives 3/4 by
    leaving away its third beat, and 6/8 by giving each half bar's two beats three eighths each (long, short), so two
    bars of 6/8 come from one of 4/4. A pattern of 12 steps gives 4/4 by repeating its last beat.
    """
    if steps_per_bar == 16:
        if len(pattern) % 16 == 0:
            return _nth(pattern, bar, 16)
        twelve = _nth(pattern, bar, 12)
        return twelve + twelve[8:]
    if len(pattern) % 12 == 0 and len(pattern) % 16:
        return _nth(pattern, bar, 12)
    if beats_per_bar == 3:
        full = _nth(pattern, bar, 16)
        return full[:8] + full[12:]
    half = _nth(pattern, bar, 8)
    return "".join(
        half[b] + _held(half[b]) + _held(half[b]) + _held(half[b]) + half[b + 2] + half[b + 3] for b in (0, 4)
    )


def _nth(pattern: str, bar: int, steps: int) -> str:
    count = max(1, len(pattern) // steps)
    start = (bar % count) * steps
    return pattern[start : start + steps]


def _held(sign: str) -> str:
    return "." if sign == "." else "-"
