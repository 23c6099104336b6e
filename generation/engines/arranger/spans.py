"""Chord spans: which chord sounds at which beat, and after how many bars the chords come again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from generation.engines.arranger.theory import QUALITIES, chord_name, chord_pitch_classes, scale_of
from generation.hearing import Key

CYCLES_BARS = (1, 2, 4, 8, 12, 16)
"""After how many bars chords usually come again; twelve are the blues."""
SAME_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from `start` to `end` (beats of the frame's grid); `root` is a pitch class, `quality` one of theory's;
    `confidence` 0..1 is how surely it was heard."""

    start: float
    end: float
    root: int
    quality: str
    confidence: float = 1.0

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Root first."""
        return chord_pitch_classes(self.root, self.quality)

    @property
    def name(self) -> str:
        """As musicians write it."""
        return chord_name(self.root, self.quality)


@dataclass(frozen=True)
class Harmony:
    """Chord spans that follow each other without a hole, and the key they are heard in. `cycle_bars`: after how many
    bars a clip's chords come again, 0 where they are not a clip's or are not gone on with."""

    spans: tuple[ChordSpan, ...]
    key: Key
    from_clip: bool = False
    cycle_bars: int = 0

    @cached_property
    def _starts(self) -> list[float]:
        return [span.start for span in self.spans]

    def at(self, beat: float) -> ChordSpan:
        """The chord that sounds at a beat (the nearest one outside)."""
        return self.spans[min(max(bisect_right(self._starts, beat + 1e-6) - 1, 0), len(self.spans) - 1)]

    def next_after(self, beat: float) -> ChordSpan:
        """The chord that follows the one at `beat` (itself at the end)."""
        return self.spans[min(bisect_right(self._starts, beat + 1e-6), len(self.spans) - 1)]

    def between(self, start: float, end: float) -> tuple[ChordSpan, ...]:
        """The spans that overlap start..end, cut to it."""
        first = max(bisect_right(self._starts, start + 1e-6) - 1, 0)
        last = bisect_right(self._starts, end - 1e-6)
        return tuple(
            replace(span, start=max(span.start, start), end=min(span.end, end))
            for span in self.spans[first:last]
            if span.start < end - 1e-6 and span.end > start + 1e-6
        )

    def scale_at(self, beat: float) -> tuple[int, ...]:
        """The notes a tune may use at a beat: the key's scale, bent where the chord leaves it.

        A scale note a semitone from a chord note outside the scale gives way to it (G sharp for G over E7 in A minor).
        """
        scale, tones = scale_of(self.key), self.at(beat).pitch_classes
        foreign = [tone for tone in tones if tone not in scale]
        kept = {pc for pc in scale if pc in tones or all((pc - tone) % 12 not in (1, 11) for tone in foreign)}
        return tuple(sorted(kept | set(tones)))


@dataclass(frozen=True, slots=True)
class Cycle:
    """A clip's chords in bars: its first whole bar, the bar after its last whole one, after how many bars the chords
    come again, and whether they were heard to."""

    first_bar: int
    last_bar: int
    bars: int
    is_heard: bool


def find_cycle(spans: list[ChordSpan], beats: int) -> Cycle:
    """After how many bars the chords come again.

    The cycle is the shortest usual one that the chords keep to wherever they can be compared with those one cycle
    later, for a bar at least; without such a one, the longest of 8, 4, 2 or 1 bars that was heard whole.
    """
    start, end = round(spans[0].start), round(spans[-1].end)
    first_bar = -(-start // beats)
    last_bar = max(end // beats, first_bar + 1)
    source = Harmony(tuple(spans), Key(0, "major"))
    for period in CYCLES_BARS:
        pairs = [(beat, beat + period * beats) for beat in range(start, end - period * beats)]
        if len(pairs) < beats * (2 if period < 4 else 1) or period > last_bar - first_bar:
            continue
        same = sum(_alike(source.at(one), source.at(other)) for one, other in pairs)
        if same >= SAME_SHARE * len(pairs):
            return Cycle(first_bar, last_bar, period, True)
    return Cycle(first_bar, last_bar, max(bars for bars in (8, 4, 2, 1) if bars <= last_bar - first_bar), False)


def surest_bar(source: Harmony, cycle: Cycle, bar: int, beats: int) -> int:
    """Which of the clip's bars tells the chords of a later `bar` best: of those whole cycles before it the one whose
    chords most of the others have too, then the one heard most surely, then the last."""
    last = bar - cycle.bars * -(-(bar - cycle.last_bar + 1) // cycle.bars)
    if not cycle.is_heard:
        return last

    def worth(one: int) -> tuple[int, float, int]:
        spans = source.between(one * beats, (one + 1) * beats)
        chords = [(span.start - one * beats, span.root, span.quality) for span in spans]
        others = [source.between(o * beats, (o + 1) * beats) for o in copies]
        agreed = sum(
            chords == [(span.start - o * beats, span.root, span.quality) for span in other]
            for o, other in zip(copies, others, strict=True)
        )
        return agreed, round(sum((span.end - span.start) * span.confidence for span in spans), 2), one

    copies = range(last, cycle.first_bar - 1, -cycle.bars)
    return max(copies, key=worth)


def _alike(one: ChordSpan, other: ChordSpan) -> bool:
    """Whether two chords have the same root and the same third: a seventh more or less is the same chord."""
    return one.root == other.root and (3 in QUALITIES[one.quality]) == (3 in QUALITIES[other.quality])


def repeated(source: Harmony, first: int, end: int, beats: int, origin: Callable[[int], int]) -> list[ChordSpan]:
    """The chords of bars `first`..`end`, each taken from the bar of the source that `origin` names."""
    laid: list[ChordSpan] = []
    for bar in range(first, end):
        shift = (bar - origin(bar)) * beats
        for span in source.between(bar * beats - shift, (bar + 1) * beats - shift):
            laid.append(replace(span, start=span.start + shift, end=span.end + shift))
    return laid
