"""How well a score's voices are led: parallels with the bass, leaps, reach of the instruments, movement, the ending."""

from __future__ import annotations

from itertools import pairwise

from generation.engines.arranger.compose import Composition
from generation.engines.arranger.instruments import playable
from generation.engines.arranger.score import Part
from generation.engines.arranger.style import all_styles
from generation.hearing import Note
from tests.support.scores import melodic, part

LATE_S = 0.05
"""How late a note may come that is meant to be on a beat."""
STRUM_S = 0.09
"""So long after a beat or a change of chords all that begins there sounds, a slow strum's last string too."""
CHORDAL_ROLES = ("chords", "pad")
WIDE, STEP = 7, 4
"""Semitones: a leap is wide beyond a fifth, and a step back after it is no more than a third."""


def sounding(found: Part, time_s: float) -> list[Note]:
    """The part's notes that sound at a time."""
    return [note for note in found.notes if note.start_s <= time_s < note.end_s]


def parallels(low: Part, high: Part, times_s: list[float]) -> tuple[int, int]:
    """(moves of both from an octave or fifth into another one the same way, moves of both) between the times, by the
    lowest note of one part and the highest of the other."""
    bottom = [min((n.pitch for n in sounding(low, time + STRUM_S)), default=None) for time in times_s]
    top = [max((n.pitch for n in sounding(high, time + STRUM_S)), default=None) for time in times_s]
    along = moves = 0
    for (a, b), (c, d) in pairwise(zip(bottom, top, strict=True)):
        if a is None or b is None or c is None or d is None or a == c or b == d:
            continue
        moves += 1
        along += (b - a) % 12 == (d - c) % 12 in (0, 7) and (c - a) * (d - b) > 0
    return along, moves


def tune_with_bass(made: Composition) -> tuple[int, int]:
    """Parallels of the tune and the bass, on beats, but for the last chord."""
    bass, lead = part(made.score, "bass"), part(made.score, "lead")
    end_s = made.score.markers[-1][0] - LATE_S
    beats = [time for time in made.score.beats_s if time < end_s]
    return (0, 0) if bass is None or lead is None else parallels(bass, lead, beats)


def chordal(made: Composition) -> list[Part]:
    """The parts that play chords, other than power chords, which are parallel fifths by themselves."""
    roles = {
        p.name for p in all_styles()[made.details["style"]].parts if p.role in CHORDAL_ROLES and p.voicing != "power"
    }
    return [found for found in melodic(made.score) if found.name in roles]


def chords_with_bass(made: Composition) -> tuple[int, int]:
    """Parallels of the bass and the highest notes of the parts that play chords, where chords change."""
    bass, changes = part(made.score, "bass"), [span["start_s"] for span in made.details["chords"]]
    counts = [parallels(bass, found, changes) for found in chordal(made)] if bass is not None else []
    return sum(count[0] for count in counts), sum(count[1] for count in counts)


def movement(made: Composition) -> list[float]:
    """Semitones that the voices of chords move on average, for every change of chords in every part of them."""
    moved: list[float] = []
    for found in chordal(made):
        chords = [
            sorted({n.pitch for n in sounding(found, span["start_s"] + STRUM_S)}) for span in made.details["chords"]
        ]
        for before, here in pairwise(chords):
            if len(before) > 1 and len(here) > 1 and before != here:
                moved.append(sum(min(abs(one - other) for one in before) for other in here) / len(here))
    return moved


def leaps(made: Composition) -> tuple[int, int, int]:
    """(leaps beyond an octave, wide leaps that no step back follows, intervals) of the tune."""
    lead = part(made.score, "lead")
    pitches = [note.pitch for note in lead.notes] if lead is not None else []
    steps = [b - a for a, b in pairwise(pitches)]
    bare = sum(abs(one) > WIDE and not (one * two <= 0 and abs(two) <= STEP) for one, two in pairwise(steps))
    return sum(abs(step) > 12 for step in steps), bare, len(steps)


def out_of_reach(made: Composition) -> dict[str, int]:
    """Notes that lie where their instrument does not sound natural, by part."""
    found: dict[str, int] = {}
    for one in melodic(made.score):
        low, high = playable(one.sound.instrument)
        count = sum(not low <= note.pitch <= high for note in one.notes)
        if count:
            found[f"{one.name} ({one.sound.instrument})"] = count
    return found


def lands(made: Composition) -> bool:
    """Whether the bass ends with the tonic on a bar line."""
    bass, size = part(made.score, "bass"), made.score.beats_per_bar
    if bass is None:
        return True
    last = bass.notes[-1]
    near = min(abs(last.start_s - time) for time in made.score.beats_s[::size])
    return last.pitch % 12 == made.frame.key.tonic and near < LATE_S
