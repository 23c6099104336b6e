"""Effects of produced styles: a riser before a drop, an impact on it, crackle under lo-fi."""

from __future__ import annotations

from itertools import pairwise

from generation.engines.arranger.band import Band
from generation.engines.arranger.form import Section
from generation.engines.arranger.frame import Frame
from generation.engines.arranger.score import Part, Sound
from generation.engines.arranger.style import Style
from generation.hearing import Note

LONGEST_RISER_S = 14.0
EFFECT_PITCH = 60


def effect_parts(band: Band, style: Style, form: tuple[Section, ...], frame: Frame) -> list[Part]:
    """The effect tracks of a take; none when the style or the prompt has no use for them."""
    if not band.effects:
        return []
    risers, impacts = [], []
    for before, section in pairwise(form):
        if section.kind != "drop" and before.kind != "build":
            continue
        start_s, end_s = _bar_s(before.first_bar, frame), _bar_s(section.first_bar, frame)
        risers.append(Note(max(start_s, end_s - LONGEST_RISER_S, 0.0), end_s, EFFECT_PITCH, 0.7))
        impacts.append(Note(end_s, min(end_s + 3.0, frame.duration_s), EFFECT_PITCH, 0.8))
    parts = [Part("effects", Sound("synth:riser", reverb=0.3), tuple(n for n in risers if n.end_s - n.start_s > 0.5))]
    parts.append(Part("effects 2", Sound("synth:impact", reverb=0.3), tuple(n for n in impacts if n.end_s > n.start_s)))
    if style.character == "lofi":
        end_s = frame.duration_s - 0.05
        parts.append(Part("texture", Sound("synth:vinyl", gain_db=0.0), (Note(0.0, end_s, EFFECT_PITCH, 0.6),)))
    return [part for part in parts if part.notes]


def _bar_s(bar: int, frame: Frame) -> float:
    return max(frame.grid.seconds(bar * frame.grid.beats_per_bar) - frame.clock_shift_s, 0.0)
