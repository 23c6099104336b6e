"""Events: notes on the beat grid, before they become seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

MAX_BARS_ALIKE = 3
"""So many bars in a row may be the same; the next one differs."""
_STEPS_PER_BEAT = 4
CROSSED_SHARE = 0.45
"""How often a part's pattern is made of two of its style's, a half bar of each: so few patterns give many pieces."""


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


def own_pattern(choices: Sequence[str], patterns: Sequence[str], rng: Random) -> str:
    """A pattern for a part of a take: one of `choices`, now and then going on as another of the style's `patterns` from
    the middle of the bar."""
    chosen = rng.choice(list(choices))
    others = [other for other in patterns if other != chosen and len(other) == len(chosen) and len(other) % 16 == 0]
    if not others or rng.random() >= CROSSED_SHARE:
        return chosen
    other = rng.choice(others)
    return "".join(chosen[bar : bar + 8] + other[bar + 8 : bar + 16] for bar in range(0, len(chosen), 16))


def _nth(pattern: str, bar: int, steps: int) -> str:
    count = max(1, len(pattern) // steps)
    start = (bar % count) * steps
    return pattern[start : start + steps]


def _held(sign: str) -> str:
    return "." if sign == "." else "-"


def within_reach(events: Iterable[Event], low: int, high: int) -> tuple[Event, ...]:
    """The events with pitches outside low..high (an octave at least) moved inside by octaves; a note that would double
    another one of its chord is left out."""
    out: list[Event] = []
    taken: set[tuple[float, int]] = set()
    for event in events:
        pitch = event.pitch + 12 * max(-(-(low - event.pitch) // 12), 0)
        pitch -= 12 * max(-(-(pitch - high) // 12), 0)
        if (event.start, pitch) not in taken:
            out.append(event if pitch == event.pitch else replace(event, pitch=pitch))
        taken.add((event.start, pitch))
    return tuple(out)


def never_stuck(
    events: Iterable[Event], beats_per_bar: float, counted_bar: float | None = None, *, is_pitched: bool = True
) -> tuple[Event, ...]:
    """The events with a small change in every bar that would be the fourth alike in a row.

    `counted_bar`, in the same beats, is the bar that people count where the band feels another one, in half or double
    time: such bars are kept from running too. Drums (not `is_pitched`) stay the drums that they are.
    """
    varied = _without_runs(events, beats_per_bar, is_pitched)
    return varied if counted_bar in (None, beats_per_bar) else _without_runs(varied, counted_bar, is_pitched)


def _without_runs(events: Iterable[Event], beats: float, is_pitched: bool) -> tuple[Event, ...]:
    """The events with a change in every bar of so many beats that would be the fourth alike, or the fourth of a pair
    that alternates."""
    bars: dict[int, list[Event]] = {}
    for event in sorted(events, key=lambda event: (event.start, event.pitch)):
        bars.setdefault(int(event.start // beats), []).append(event)
    shapes: dict[int, frozenset[tuple[int, int]]] = {}
    for bar, played in bars.items():
        shape = _shape(played, bar * beats)
        back = range(1, MAX_BARS_ALIKE + 1)
        if any(all(shapes.get(bar - step * index) == shape for index in back) for step in (1, 2)):
            bars[bar] = _changed(played, beats, is_pitched)
        shapes[bar] = _shape(bars[bar], bar * beats)
    return tuple(event for played in bars.values() for event in played)


def _shape(events: list[Event], start: float) -> frozenset[tuple[int, int]]:
    """Where after a beat which pitches begin, on sixteenths."""
    return frozenset((round((event.start - start) * _STEPS_PER_BEAT), event.pitch) for event in events)


def _changed(events: list[Event], beats: float, is_pitched: bool) -> list[Event]:
    """A bar without its last weak stroke, into which the one before is held; a bar of one stroke opens its chord by an
    octave, or strikes a single note, or a drum, twice."""
    starts = sorted({event.start for event in events})
    if len(starts) > 1:
        gone = next((start for start in reversed(starts[1:]) if start % 1), starts[-1])
        held = starts[starts.index(gone) - 1]
        end = max(event.end for event in events if event.start == gone)
        return [
            replace(event, length=max(event.length, end - held)) if event.start == held else event
            for event in events
            if event.start != gone
        ]
    last = events[-1]
    if len(events) > 1 and is_pitched:
        return [replace(events[0], pitch=events[0].pitch + 12), *events[1:]]
    if not is_pitched:
        start = last.start + (beats / 2 if last.start % beats < beats / 2 else -beats / 2)
        return [*events, replace(last, start=start, velocity=last.velocity * 0.85)]
    half = min(last.length, beats) / 2  # still in this bar
    again = replace(last, start=last.start + half, length=last.length - half, velocity=last.velocity * 0.85)
    return [replace(last, length=half), again]
