"""The lead beside a clip's own tune: it doubles the tune's main notes softly, and answers in its rests."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from generation.engines.arranger.events import Event

BESIDE_LEVEL = 0.7
"""How strong the lead plays beside the tune, by its own strength: the clip stays on top."""
MAIN_NOTE_BEATS = 0.25
"""A note of the tune that sounds for less of a beat than this is not that beat's note."""
REST_BEATS = 1.5
"""A tune that is silent for so long leaves room for an answer; shorter pauses are breath."""
FARTHEST_BELOW = 12
"""Semitones under the middle of a tune: what is heard deeper is the accompaniment where the tune rests."""
BREATH_BEATS = 0.25
"""What is left free after the tune's last note and before its next one."""


def tune_alone(heard: Sequence[Event]) -> tuple[Event, ...]:
    """The tune without what the ear took from the clip's accompaniment in its rests."""
    if not heard:
        return ()
    middle = median(event.pitch for event in heard)
    return tuple(event for event in heard if event.pitch >= middle - FARTHEST_BELOW)


def outlined(tune: Sequence[Event]) -> tuple[Event, ...]:
    """The tune's main notes: for every beat the one that sounds longest in it, held to the next one or to the rest.

    What is doubled so neither blurs the runs and grace notes of a clip nor repeats a mishearing of them.
    """
    phrases = _sung(tune, BREATH_BEATS)
    starts = [start for start, _ in phrases]
    main = _main_notes(tune)
    held = []
    for index, event in enumerate(main):
        _, end = phrases[bisect_right(starts, event.start) - 1]
        if index + 1 < len(main):
            end = min(end, main[index + 1].start)
        held.append(replace(event, length=end - event.start))
    return tuple(held)


def _main_notes(tune: Sequence[Event]) -> list[Event]:
    """The longest note of every beat, each once."""
    longest: dict[int, tuple[float, Event]] = {}
    for event in tune:
        for beat in range(int(event.start), int(event.end) + 1):
            share = min(event.end, beat + 1) - max(event.start, beat)
            if share >= MAIN_NOTE_BEATS and (beat not in longest or share > longest[beat][0]):
                longest[beat] = (share, event)
    return sorted({event for _, event in longest.values()}, key=_start)


def answers(own: Sequence[Event], tune: Sequence[Event]) -> tuple[Event, ...]:
    """Of what the lead would play by itself the notes that begin in the tune's rests, cut before it goes on."""
    phrases = _sung(tune, REST_BEATS)
    edges = [float("-inf"), *(edge for phrase in phrases for edge in phrase), float("inf")]
    out: list[Event] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        for event in own:
            length = min(event.length, end - BREATH_BEATS - event.start)
            if event.start >= start + BREATH_BEATS and length >= BREATH_BEATS:
                out.append(replace(event, length=length))
    return tuple(sorted(out, key=_start))


def _sung(tune: Sequence[Event], pause: float) -> list[tuple[float, float]]:
    """Where the tune sounds, from - to, without a pause of so many beats."""
    spans: list[tuple[float, float]] = []
    for event in sorted(tune, key=_start):
        if spans and event.start - spans[-1][1] < pause:
            spans[-1] = (spans[-1][0], max(spans[-1][1], event.end))
        else:
            spans.append((event.start, event.end))
    return spans


def _start(event: Event) -> float:
    return event.start
