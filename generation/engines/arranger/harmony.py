"""Harmony: the clip's own chords on the beat grid, or a progression of the style; which chord sounds at which beat."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from random import Random

from generation.engines.arranger.form import Section
from generation.engines.arranger.frame import Frame
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.style import Style
from generation.engines.arranger.theory import (
    QUALITIES,
    chord_name,
    chord_pitch_classes,
    numeral_chord,
    scale_of,
)
from generation.hearing import Hearing, Key

MIN_CHORD_CONFIDENCE = 0.25
CYCLES_BARS = (1, 2, 4, 8, 12, 16)
"""After how many bars chords usually come again; twelve are the blues."""
SAME_SHARE = 0.85
MAX_PLAIN_SHARE = 0.7
"""A clip with more triads than this is a clip of triads: what else was heard in it is chance."""


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from `start` to `end` (beats of the frame's grid); `root` is a pitch class, `quality` one of theory's."""

    start: float
    end: float
    root: int
    quality: str

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
    """Chord spans that follow each other without a hole, and the key they are heard in."""

    spans: tuple[ChordSpan, ...]
    key: Key
    from_clip: bool = False

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


def harmonise(frame: Frame, hearing: Hearing | None, style: Style, form: tuple[Section, ...], rng: Random) -> Harmony:
    """The chords of the take: the clip's where it has any, those that suit its melody, or the style's progressions."""
    end = float(max(frame.num_bars * frame.grid.beats_per_bar, frame.last_beat))
    if hearing is not None and frame.source_grid is not None:
        heard = heard_spans(frame, hearing)
        if heard:
            laid = _covering(heard, frame, end) if frame.follows_clip else _carried_on(heard, frame)
            return Harmony(_coloured(_filled(laid, end), frame.key, style, is_heard=True), frame.key, True)
    spans = _landed(_progression(frame, style, form, rng), frame, form)
    return Harmony(_coloured(_filled(spans, end), frame.key, style), frame.key)


def heard_spans(frame: Frame, hearing: Hearing) -> list[ChordSpan]:
    """The clip's chords on the beats of its own grid, moved to the take's key; empty when it has none to trust."""
    grid = frame.source_grid
    chords = [c for c in hearing.chords if c.root is not None and c.quality in QUALITIES]
    if grid is None or not chords or hearing.chord_confidence < MIN_CHORD_CONFIDENCE:
        return melody_spans(frame, hearing) if grid is not None else []
    spans: list[ChordSpan] = []
    for chord in chords:
        start, end = round(grid.beat_at(chord.start_s)), round(grid.beat_at(chord.end_s))
        start = max(start, int(spans[-1].end) if spans else 0)
        if end <= start:
            continue
        spans.append(ChordSpan(start, end, ((chord.root or 0) + frame.transpose) % 12, chord.quality))
    return spans


def melody_spans(frame: Frame, hearing: Hearing) -> list[ChordSpan]:
    """One chord of the key a bar, chosen so that it holds the clip's melody: what a hummed tune asks for."""
    grid = frame.source_grid
    if grid is None or len(hearing.melody) < 3 or hearing.melody_confidence < 0.2:
        return []
    beats = grid.beats_per_bar
    num_bars = int(grid.beat_at(hearing.duration_s) // beats) + 1
    weights = [[0.0] * 12 for _ in range(num_bars)]
    for note in hearing.melody:
        start, end = grid.beat_at(note.start_s), grid.beat_at(note.end_s)
        bar = min(max(int(start // beats), 0), num_bars - 1)
        strong = 1.5 if abs(start % beats) < 0.3 else 1.0
        weights[bar][(note.pitch + frame.transpose) % 12] += strong * (end - start)
    choices = _key_triads(frame.key)
    spans: list[ChordSpan] = []
    for bar, weight in enumerate(weights):
        before = (spans[-1].root, spans[-1].quality) if spans else None
        root, quality = max(choices, key=lambda chord: _suits(chord, weight, frame.key, before, bar == num_bars - 1))
        spans.append(ChordSpan(bar * beats, (bar + 1) * beats, root, quality))
    return spans


def _key_triads(key: Key) -> list[tuple[int, str]]:
    numerals = ("I", "IV", "V", "vi", "ii", "iii") if key.mode == "major" else ("i", "iv", "v", "VI", "III", "VII", "V")
    return [numeral_chord(numeral, key) for numeral in numerals]


def _suits(
    chord: tuple[int, str], weights: list[float], key: Key, before: tuple[int, str] | None, is_last: bool
) -> float:
    tones = chord_pitch_classes(*chord)
    total = sum(weights) or 1.0
    held = sum(weights[tone] for tone in tones) / total
    return held + 0.12 * (chord[0] == key.tonic) * (2 if is_last else 1) - 0.1 * (chord == before)


def _carried_on(spans: list[ChordSpan], frame: Frame) -> list[ChordSpan]:
    """The clip's chords gone on with: its cycle of bars, in phase, up to the take's end.

    For compose they begin with the clip's first whole bar; for extend with the bar after the one in which the clip
    leaves off, whose rest stays on the clip's last chord.
    """
    beats = frame.grid.beats_per_bar
    first_bar, last_bar, cycle = _cycle(spans, beats)
    source = Harmony(tuple(spans), frame.key)
    if frame.join_s <= 0:
        return _repeated(source, 0, frame.num_bars, beats, lambda bar: first_bar + bar % cycle)
    begun = replace(spans[-1], end=max(float(frame.first_beat), (frame.first_beat // beats + 1.0) * beats))
    heard = [*(span for span in spans[:-1] if span.start < begun.start), begun]
    next_bar = int(begun.end // beats)
    origin = last_bar - cycle  # the bar one cycle before the clip's last whole one is over
    following = _repeated(
        source, next_bar, frame.num_bars, beats, lambda bar: origin + (bar - last_bar) % cycle if cycle else bar
    )
    return [*heard, *following]


def _covering(spans: list[ChordSpan], frame: Frame, end: float) -> list[ChordSpan]:
    """The clip's chords, and before and after what was heard (of a long clip only a part is) their cycle in phase."""
    beats = frame.grid.beats_per_bar
    if spans[0].start <= beats and spans[-1].end >= end - 2 * beats:
        return spans
    first_bar, last_bar, cycle = _cycle(spans, beats)

    def origin(bar: int) -> int:
        return bar if first_bar <= bar < last_bar else first_bar + (bar - first_bar) % cycle

    return _repeated(Harmony(tuple(spans), frame.key), 0, int(end // beats) + 1, beats, origin)


def _repeated(source: Harmony, first: int, end: int, beats: int, origin: Callable[[int], int]) -> list[ChordSpan]:
    """The chords of bars `first`..`end`, each taken from the bar of the source that `origin` names."""
    laid: list[ChordSpan] = []
    for bar in range(first, end):
        shift = (bar - origin(bar)) * beats
        for span in source.between(bar * beats - shift, (bar + 1) * beats - shift):
            laid.append(replace(span, start=span.start + shift, end=span.end + shift))
    return laid


def _cycle(spans: list[ChordSpan], beats: int) -> tuple[int, int, int]:
    """(first whole bar, bar after the last whole one, after how many bars the chords come again).

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
            return first_bar, last_bar, period
    return first_bar, last_bar, max(bars for bars in (8, 4, 2, 1) if bars <= last_bar - first_bar)


def _alike(one: ChordSpan, other: ChordSpan) -> bool:
    """Whether two chords have the same root and the same third: a seventh more or less is the same chord."""
    return one.root == other.root and (3 in QUALITIES[one.quality]) == (3 in QUALITIES[other.quality])


def _progression(frame: Frame, style: Style, form: tuple[Section, ...], rng: Random) -> list[ChordSpan]:
    """A progression for each letter of the form, each section beginning it anew."""
    choices = list(style.progressions[frame.key.mode])  # type: ignore[index]
    rng.shuffle(choices)
    by_letter: dict[str, str] = {}
    spans: list[ChordSpan] = []
    beats = frame.grid.beats_per_bar
    for section in form:
        text = by_letter.setdefault(section.letter, choices[len(by_letter) % len(choices)])
        bars = [bar.split() for bar in text.split("|")]
        if style.bars_per_chord == 2 and section.num_bars >= 2 * len(bars):
            bars = [bar for bar in bars for _ in range(2)]
        for index in range(section.num_bars):
            numerals = bars[index % len(bars)]
            edges = _even_edges(beats, len(numerals))
            start = (section.first_bar + index) * beats
            for numeral, (left, right) in zip(numerals, edges, strict=True):
                spans.append(ChordSpan(start + left, start + right, *numeral_chord(numeral, frame.key)))
    return spans


def _even_edges(beats: int, parts: int) -> Iterable[tuple[float, float]]:
    """Where chords that share a bar begin and end: on beats, as evenly as beats allow."""
    cuts = [round(index * beats / parts) for index in range(parts + 1)]
    return [(left, right) for left, right in pairwise(cuts)]


def _landed(spans: list[ChordSpan], frame: Frame, form: tuple[Section, ...]) -> list[ChordSpan]:
    """The ending stands on the tonic, and the bar before it leads there (the fourth or fifth degree)."""
    if not form or form[-1].letter != "ending":
        return spans
    beats = frame.grid.beats_per_bar
    start = form[-1].first_bar * beats
    tonic = numeral_chord("I" if frame.key.mode == "major" else "i", frame.key)
    kept = [replace(span, end=min(span.end, start)) for span in spans if span.start < start]
    if kept and kept[-1].root == frame.key.tonic and len(kept) > 1:
        root, quality = numeral_chord("V" if frame.key.mode == "major" else "VII", frame.key)
        half = max(kept[-1].start, start - beats / 2)
        kept = [
            *kept[:-1],
            *([replace(kept[-1], end=half)] if half > kept[-1].start else []),
            ChordSpan(half, start, root, quality),
        ]
    return [*kept, ChordSpan(start, frame.num_bars * beats, *tonic)]


def _filled(spans: list[ChordSpan], end: float) -> list[ChordSpan]:
    """Without holes from beat 0 to `end`; equal neighbours become one."""
    filled: list[ChordSpan] = []
    for index, span in enumerate(spans):
        if span.start >= end:
            break
        following = spans[index + 1].start if index + 1 < len(spans) else end
        start = 0.0 if not filled else span.start
        here = replace(span, start=start, end=min(max(following, start), end))
        if filled and (filled[-1].root, filled[-1].quality) == (here.root, here.quality):
            filled[-1] = replace(filled[-1], end=here.end)
        elif here.end > here.start:
            filled.append(here)
    filled[-1] = replace(filled[-1], end=end)
    return filled


def _coloured(spans: list[ChordSpan], key: Key, style: Style, is_heard: bool = False) -> tuple[ChordSpan, ...]:
    """Sevenths and ninths in styles that have them, where the key's scale holds them. Heard chords get no ninths, and
    sevenths only where the clip has some itself, so that they stay those of the clip."""
    plain = sum(len(QUALITIES[span.quality]) == 3 for span in spans)
    if style.extensions == "none" or (is_heard and plain > MAX_PLAIN_SHARE * len(spans)):
        return tuple(spans)
    scale = scale_of(key)
    return tuple(
        replace(span, quality=_extended(span, scale, style.extensions == "ninths" and not is_heard)) for span in spans
    )


def _extended(span: ChordSpan, scale: tuple[int, ...], with_ninth: bool) -> str:
    quality = span.quality
    small, large = (span.root + 10) % 12 in scale, (span.root + 11) % 12 in scale
    if quality == "maj":
        quality = "maj7" if large else "7" if small else "maj"
    elif quality == "min" and small:
        quality = "min7"
    if with_ninth and (span.root + 2) % 12 in scale:
        quality = {"maj7": "maj9", "min7": "min9", "7": "9"}.get(quality, quality)
    return quality


def chord_names(harmony: Harmony, grid: Grid) -> list[dict[str, float | str]]:
    """The chords for the recipe: second and name of each."""
    return [{"start_s": round(grid.seconds(span.start), 3), "chord": span.name} for span in harmony.spans]
