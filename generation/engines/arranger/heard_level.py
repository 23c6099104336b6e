"""The level of a clip: what goes on from it or plays beside it is as full, as strong and as high as it was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from generation.engines.arranger.events import strokes
from generation.engines.arranger.style import Drums, Groove, MelodyStyle, PartStyle, Style
from generation.hearing import Hearing
from generation.request import Operation

SHARES = {Operation.EXTEND: 1.0, Operation.ACCOMPANY: 0.7, Operation.VARY: 0.7}
"""How much of a clip's level the take has: an extension is the same piece, a band beside a clip has a style of its
own. Restyle plays as hard as its new style does, and takes only the rise and fall of the clip's sections."""

USUAL_LEVEL = (0.7, 0.9)
"""Finished music lies here, soft styles and hard ones (0.74..0.88 in sixteen clips of twelve styles): its loudness says
how it was mastered, not how full it is, so the style's own energy holds."""
FULL_LUFS, LUFS_RANGE = -11.0, 30.0
"""The scale of a section's energy (generation.audio.analyse.sections) in LUFS; full-band music lies 1 dB above its RMS
there, by the same sixteen clips."""
MAX_LEVEL = 1.15
STEEPNESS = 0.9
USUAL_BRIGHTNESS_HZ = (1200.0, 2600.0)
"""Between them lie the centroids of the same clips (1340..2370 Hz)."""
ENERGY_PER_OCTAVE = 0.08
REGISTER_PER_OCTAVE = 5.0
"""Semitones by which chords and tunes lie higher beside a clip whose centroid is an octave above the usual ones."""
SPARSE_BELOW, DENSE_ABOVE = -0.12, 0.08
"""From here on the sparser or the denser half of a part's patterns are chosen from."""
STRENGTH = 0.4
"""How much softer or stronger hands play by a step of energy, beside what the sections' energy does to them."""
MARGIN = 0.06
"""So much over the energy at which the first chords enter the main part stays: a band, however small."""
_HELD_ROLES = frozenset({"bass"})
_CHORDAL_ROLES = frozenset({"chords", "arp", "pad", "riff"})
_FLOWING = frozenset({"hat", "pedal", "ride", "shaker", "tambourine", "cabasa", "triangle"})
_BUSY = ("main", "full")
_LOWEST, _HIGHEST = 12, 108


@dataclass(frozen=True, slots=True)
class HeardLevel:
    """`energy` is added to the style's (-0.8..0.5), `semitones` to the registers above the bass (-5..5)."""

    energy: float = 0.0
    semitones: int = 0


def heard_level(hearing: Hearing | None, operation: Operation) -> HeardLevel:
    """The level that a clip sets for a take; nothing without a clip or for an operation with a level of its own."""
    share = SHARES.get(operation, 0.0)
    if hearing is None or share == 0.0:
        return HeardLevel()
    octaves = _outside_octaves(hearing.brightness_hz)
    level = _level(hearing, operation)
    energy = 0.0 if level is None else STEEPNESS * _outside(level, *USUAL_LEVEL)
    has_pitch = bool(hearing.chords or hearing.melody)  # of a lone beat the brightness says nothing about registers
    semitones = round(share * REGISTER_PER_OCTAVE * octaves) if has_pitch else 0
    return HeardLevel(share * (energy + ENERGY_PER_OCTAVE * octaves), semitones)


def _level(hearing: Hearing, operation: Operation) -> float | None:
    """0 (soft) .. 1 (loud) by the sections' energies and the loudness; the last section counts half for what goes on
    from it."""
    found = []
    length_s = sum(section.end_s - section.start_s for section in hearing.sections)
    if length_s > 0:
        mean = sum(section.energy * (section.end_s - section.start_s) for section in hearing.sections) / length_s
        found.append((mean + hearing.sections[-1].energy) / 2 if operation is Operation.EXTEND else mean)
    if hearing.loudness_lufs is not None:
        found.append(min(max(1 + (hearing.loudness_lufs - FULL_LUFS) / LUFS_RANGE, 0.0), MAX_LEVEL))
    return sum(found) / len(found) if found else None


def _outside_octaves(brightness_hz: float | None) -> float:
    """How far a brightness lies above or below the usual ones, at most an octave."""
    if not brightness_hz or brightness_hz <= 0:
        return 0.0
    low, high = (math.log2(edge) for edge in USUAL_BRIGHTNESS_HZ)
    return min(max(_outside(math.log2(brightness_hz), low, high), -1.0), 1.0)


def _outside(value: float, low: float, high: float) -> float:
    return min(value - low, 0.0) + max(value - high, 0.0)


def at_level(style: Style, level: HeardLevel) -> Style:
    """The style as it is played at this level: its energy, the registers and the density of its patterns."""
    if level == HeardLevel():
        return style
    energy = min(max(style.energy + level.energy, min(_small_band(style), style.energy)), 1.0)
    parts = tuple(_part_at(part, level) for part in style.parts)
    changes: dict[str, Any] = {"energy": energy, "parts": parts, "melody": _melody_at(style.melody, level)}
    changes["drums"] = _drums_at(style.drums, level)
    return style.model_copy(update=changes)


def _small_band(style: Style) -> float:
    """The least energy at which a chordal part of the style plays, and a little."""
    chordal = [part.enter for part in style.parts if part.role in _CHORDAL_ROLES]
    return min(chordal, default=0.0) + MARGIN


def _part_at(part: PartStyle, level: HeardLevel) -> PartStyle:
    changes: dict[str, Any] = {"patterns": _chosen(part.patterns, level.energy)}
    changes["velocity"] = min(part.velocity * (1 + STRENGTH * level.energy), 1.0)
    if part.role not in _HELD_ROLES:
        low, high = part.register_
        shift = min(max(level.semitones, _LOWEST - low), _HIGHEST - high)
        changes["register_"] = (low + shift, high + shift)
    return part.model_copy(update=changes)


def _drums_at(drums: Drums, level: HeardLevel) -> Drums:
    """The drummer plays softer beside a soft clip, and nothing busier than a main groove, held back."""
    changes: dict[str, Any] = {"velocity": drums.velocity * (1 + STRENGTH * level.energy)}
    if level.energy <= SPARSE_BELOW:
        calm = tuple(groove for groove in drums.grooves if groove.level != "full") or drums.grooves
        changes["grooves"] = tuple(_held_back(groove) if groove.level in _BUSY else groove for groove in calm)
        changes["crash"] = False
    return drums.model_copy(update=changes)


def _held_back(groove: Groove) -> Groove:
    """A groove without ghost notes, quick strokes and what flows between its eighths; kick and backbeat stay."""
    lines = {}
    for name, line in groove.lines.items():
        struck = (
            "." if sign == "g" or (step % 2 and name in _FLOWING) else sign.replace("r", "o")
            for step, sign in enumerate(line)
        )
        lines[name] = "".join(struck)
    return groove.model_copy(update={"lines": lines})


def _melody_at(melody: MelodyStyle, level: HeardLevel) -> MelodyStyle:
    return melody.model_copy(update={"cells": _chosen(melody.cells, level.energy)})


def _chosen(patterns: tuple[str, ...], energy: float) -> tuple[str, ...]:
    """The sparser or the denser half of the patterns (two at least), in their order; all of them near the usual."""
    keep = max(2, -(-len(patterns) // 2))
    if SPARSE_BELOW < energy < DENSE_ABOVE or len(patterns) <= keep:
        return patterns
    ranked = sorted(range(len(patterns)), key=lambda index: _density(patterns[index]), reverse=energy > 0)
    return tuple(patterns[index] for index in sorted(ranked[:keep]))


def _density(pattern: str) -> float:
    return len(strokes(pattern)) / len(pattern)
