"""Harmony: the clip's own chords on the beat grid, or a progression of the style; which chord sounds at which beat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from random import Random

from generation.engines.arranger.form import Section
from generation.engines.arranger.frame import Frame
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.spans import ChordSpan, Harmony, find_cycle, repeated, surest_bar
from generation.engines.arranger.style import Style
from generation.engines.arranger.theory import (
    QUALITIES,
    chord_pitch_classes,
    numeral_chord,
    scale_of,
)
from generation.hearing import Hearing, Key
from generation.request import Operation

MIN_CHORD_CONFIDENCE = 0.25
SUBSTITUTED_SHARE = 0.5
SUBSTITUTES: dict[str, tuple[str, ...]] = {
    "I": ("vi", "iii"), "IV": ("ii", "vi"), "V": ("iii", "IV"), "vi": ("I", "IV"), "ii": ("IV",), "iii": ("V", "vi"),
    "i": ("VI", "III"), "iv": ("VI",), "v": ("VII", "III"), "VI": ("iv",), "VII": ("v", "iv"), "III": ("i", "v"),
}  # fmt: skip
"""Triads that stand for each other: they share two notes or lead to the same place."""
MAX_PLAIN_SHARE = 0.7
"""A clip with more triads than this is a clip of triads: what else was heard in it is chance."""


def harmonise(frame: Frame, hearing: Hearing | None, style: Style, form: tuple[Section, ...], rng: Random) -> Harmony:
    """The chords of the take: the clip's where it has any, those that suit its melody, or the style's progressions."""
    end = float(max(frame.num_bars * frame.grid.beats_per_bar, frame.last_beat))
    if hearing is not None and frame.source_grid is not None:
        heard = heard_spans(frame, hearing)
        if heard:
            if frame.follows_clip:
                laid, cycle = _covering(heard, frame, end), 0
            else:
                laid, cycle = _carried_on(heard, frame)
            filled = _filled(laid, end)
            # under the clip itself a seventh that it does not have would rub with what it plays
            is_under = frame.operation is Operation.ACCOMPANY
            coloured = tuple(filled) if is_under else _coloured(filled, frame.key, style, is_heard=True)
            return Harmony(coloured, frame.key, True, cycle)
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
        spans.append(ChordSpan(start, end, ((chord.root or 0) + frame.transpose) % 12, chord.quality, chord.confidence))
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


def _carried_on(spans: list[ChordSpan], frame: Frame) -> tuple[list[ChordSpan], int]:
    """The clip's chords gone on with, its cycle of bars in phase up to the take's end; and that cycle's bars.

    For compose they begin with the clip's first whole bar; for extend with the bar after the one in which the clip
    leaves off. The rest of that one stays on the clip's last chord, where half of it was heard or no cycle was.
    """
    beats = frame.grid.beats_per_bar
    cycle, source = find_cycle(spans, beats), Harmony(tuple(spans), frame.key)
    if frame.join_s <= 0:
        laid = repeated(source, 0, frame.num_bars, beats, lambda bar: cycle.first_bar + bar % cycle.bars)
        return laid, cycle.bars
    whole = frame.first_beat // beats
    if cycle.is_heard and frame.first_beat - whole * beats < beats / 2 and whole >= cycle.last_bar:
        heard = [replace(span, end=min(span.end, whole * beats)) for span in spans if span.start < whole * beats]
    else:
        whole = max(frame.first_beat // beats + 1, round(spans[-1].start) // beats + 1)
        heard = [*spans[:-1], replace(spans[-1], end=float(whole * beats))]
    following = repeated(source, whole, frame.num_bars, beats, lambda bar: surest_bar(source, cycle, bar, beats))
    return [*heard, *following], cycle.bars


def _covering(spans: list[ChordSpan], frame: Frame, end: float) -> list[ChordSpan]:
    """The clip's chords, and before and after what was heard (of a long clip only a part is) their cycle in phase."""
    beats = frame.grid.beats_per_bar
    if spans[0].start <= beats and spans[-1].end >= end - 2 * beats:
        return spans
    cycle = find_cycle(spans, beats)

    def origin(bar: int) -> int:
        heard = cycle.first_bar <= bar < cycle.last_bar
        return bar if heard else cycle.first_bar + (bar - cycle.first_bar) % cycle.bars

    return repeated(Harmony(tuple(spans), frame.key), 0, int(end // beats) + 1, beats, origin)


def _progression(frame: Frame, style: Style, form: tuple[Section, ...], rng: Random) -> list[ChordSpan]:
    """A progression for each letter of the form, each section beginning it anew."""
    choices = list(style.progressions[frame.key.mode])  # type: ignore[index]
    rng.shuffle(choices)
    by_letter: dict[str, list[list[str]]] = {}
    spans: list[ChordSpan] = []
    beats = frame.grid.beats_per_bar
    for section in form:
        if section.letter not in by_letter:
            by_letter[section.letter] = _own_progression(choices[len(by_letter) % len(choices)], rng)
        bars = by_letter[section.letter]
        if style.bars_per_chord == 2 and section.num_bars >= 2 * len(bars):
            bars = [bar for bar in bars for _ in range(2)]
        for index in range(section.num_bars):
            numerals = bars[index % len(bars)]
            edges = _even_edges(beats, len(numerals))
            start = (section.first_bar + index) * beats
            for numeral, (left, right) in zip(numerals, edges, strict=True):
                spans.append(ChordSpan(start + left, start + right, *numeral_chord(numeral, frame.key)))
    return spans


def _own_progression(text: str, rng: Random) -> list[list[str]]:
    """A progression's numerals by bars; now and then one between the first and the last chord gives way to another of
    its function."""
    bars = [bar.split() for bar in text.split("|")]
    inner = [index for index, bar in enumerate(bars[1:-1], 1) if len(bar) == 1 and bar[0] in SUBSTITUTES]
    if inner and rng.random() < SUBSTITUTED_SHARE:
        index = rng.choice(inner)
        bars[index] = [rng.choice(SUBSTITUTES[bars[index][0]])]
    return bars


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
