"""Form: which parts follow each other, how strong each is, and the bar on which the music lands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation.engines.arranger.frame import Frame, ring_s
from generation.engines.arranger.prompt import Wish
from generation.engines.arranger.style import Style
from generation.hearing import Hearing

_ENERGY_STEPS = {
    "intro": -0.18, "A": 0.0, "B": 0.16, "C": -0.05, "break": -0.32, "build": 0.08, "drop": 0.32, "ending": 0.05,
}  # fmt: skip
_LETTERS = {"intro": "A", "break": "A", "build": "B", "drop": "B"}
_KEEP_ORDER = ("A", "B", "drop", "build", "intro", "break", "C")
"""Which kinds of section stay when there is room for few."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of bars: its kind (one of style.SECTION_KINDS), its letter (equal letters share chords and tunes),
    its energy 0..1, and how many sections of its kind came before it."""

    kind: str
    letter: str
    first_bar: int
    num_bars: int
    energy: float
    occurrence: int = 0

    @property
    def end_bar(self) -> int:
        """The bar after its last."""
        return self.first_bar + self.num_bars


def make_form(frame: Frame, style: Style, wish: Wish, hearing: Hearing | None) -> tuple[Section, ...]:
    """The sections of the take, without a hole from its first bar to its last."""
    base = min(max(style.energy + wish.energy, 0.1), 0.95)
    first, landing = frame.first_beat // frame.grid.beats_per_bar, landing_bar(frame)
    heard = _heard_sections(frame, hearing, first, landing, base) if hearing is not None else []
    if heard:
        sections = heard
    else:
        flags = wish.flags | ({"no_intro"} if frame.join_s else set())
        sections = _laid(_kinds(style.form, landing - first, flags), first, landing, base)
    ending = Section("ending", "ending", landing, max(1, frame.num_bars - landing), min(base + 0.05, 1.0))
    return (*_numbered(sections), ending)


def landing_bar(frame: Frame) -> int:
    """The bar on whose downbeat the music ends: the last one that leaves the final hit room to ring."""
    grid, beats = frame.grid, frame.grid.beats_per_bar
    end_s = frame.clock_shift_s + frame.duration_s
    room_s = ring_s(grid.beat_s) if not frame.follows_clip else grid.beat_s
    first = -(-frame.first_beat // beats)
    bar = max(first, frame.num_bars)
    while bar > first and grid.seconds(bar * beats) > end_s - room_s:
        bar -= 1
    return bar


def _kinds(template: Sequence[str], num_bars: int, flags: frozenset[str] | set[str]) -> list[str]:
    """The kinds of sections for a number of bars, from the style's template and the prompt's wishes."""
    kinds = [kind for kind in template if kind != "ending"]
    if "no_intro" in flags:
        kinds = [kind for kind in kinds if kind != "intro"]
    if flags & {"drop", "build_up"}:
        kinds = _with_build(kinds, num_bars)
    if "break" in flags and "break" not in kinds and num_bars >= 8:
        kinds.insert(max(1, len(kinds) // 2), "break")
    room = max(1, num_bars // unit_bars(num_bars))
    while len(kinds) > room:
        kinds = _without_least(kinds, flags)
    while len(kinds) < room // 2:
        body = [kind for kind in kinds if kind != "intro"]
        kinds = [*kinds, *body[: room // 2 - len(kinds)]]
    return _leading_somewhere(kinds or ["A"])


def _leading_somewhere(kinds: list[str]) -> list[str]:
    """Without breaks and builds that lead nowhere: the piece ends on a main section, a build on what it builds to."""
    out = list(kinds)
    for index in range(len(out) - 1, -1, -1):
        following = out[index + 1] if index + 1 < len(out) else "ending"
        lost = (out[index] == "build" and following not in ("drop", "B")) or (
            out[index] in ("break", "intro") and following == "ending"
        )
        if lost:
            out[index] = "A" if index and out[index - 1] == "B" else "B"
    return out


def _with_build(kinds: list[str], num_bars: int) -> list[str]:
    """With a build up that leads into a drop."""
    if num_bars < 3:
        return ["drop"] if num_bars < 2 else ["build", "drop"]
    rest = [kind for kind in kinds if kind not in ("build", "drop")]
    at = max(1, round(len(rest) * 0.6))
    return [*rest[:at], "build", "drop", *rest[at:]]


def _without_least(kinds: list[str], flags: frozenset[str] | set[str]) -> list[str]:
    """Without the section that is missed least: a repeated one first, then the least important kind."""
    asked = {"build", "drop"} if flags & {"drop", "build_up"} else set()

    def worth(index: int) -> tuple[int, int, int]:
        kind = kinds[index]
        repeated = kinds.index(kind) != index
        return (kind in asked, -repeated if kind not in asked else 0, -_KEEP_ORDER.index(kind))

    weakest = min(range(len(kinds)), key=worth)
    return kinds[:weakest] + kinds[weakest + 1 :]


def unit_bars(num_bars: int) -> int:
    """The length of a section in bars that suits a piece of this many bars."""
    return 8 if num_bars >= 48 else 4 if num_bars >= 10 else 2 if num_bars >= 5 else 1


def _laid(kinds: list[str], first: int, landing: int, base: float) -> list[Section]:
    """Give each kind its bars: whole units, the intro what is left of them, more units to the main sections."""
    num_bars = landing - first
    if num_bars <= 0:
        return []
    unit = unit_bars(num_bars)
    kinds = _with_fitting_intro(kinds, num_bars, unit)[:num_bars]
    lengths = [min(unit, max(1, num_bars // len(kinds))) for _ in kinds]
    if kinds[0] == "intro":
        lengths[0] = num_bars % unit or unit
    main = [index for index, kind in enumerate(kinds) if kind in ("A", "B", "C", "drop")] or [0]
    turn = 0
    while sum(lengths) < num_bars:
        lengths[main[turn % len(main)]] += min(unit, num_bars - sum(lengths))
        turn += 1
    sections, bar = [], first
    for kind, length in zip(kinds, lengths, strict=True):
        energy = min(max(base + _ENERGY_STEPS[kind], 0.05), 1.0)
        sections.append(Section(kind, _LETTERS.get(kind, kind), bar, length, energy))
        bar += length
    return sections


def _with_fitting_intro(kinds: list[str], num_bars: int, unit: int) -> list[str]:
    """Without the intro where it would take much of a short piece: it is either the odd bars or one unit of many."""
    if kinds[0] != "intro" or len(kinds) == 1:
        return kinds
    spare = num_bars % unit
    fits = num_bars >= 6 and (0 < spare <= num_bars // 5 or (spare == 0 and num_bars >= 5 * unit))
    return kinds if fits else kinds[1:]


def _heard_sections(frame: Frame, hearing: Hearing, first: int, landing: int, base: float) -> list[Section]:
    """The clip's own form on whole bars; empty when it has none or the take does not follow it."""
    if not frame.follows_clip or len(hearing.sections) < 2 or landing - first < 4 or frame.source_grid is None:
        return []
    beats = frame.grid.beats_per_bar
    mean = sum(section.energy for section in hearing.sections) / len(hearing.sections)
    edges = [round(frame.source_grid.beat_at(section.start_s) / beats) for section in hearing.sections]
    edges = [first, *(min(max(edge, first), landing) for edge in edges[1:]), landing]
    sections = []
    for heard, start, end in zip(hearing.sections, edges, edges[1:], strict=False):
        if end > start:
            energy = min(max(base + 0.8 * (heard.energy - mean), 0.1), 1.0)
            letter = "ABC"[(ord(heard.label[:1].upper() or "A") - ord("A")) % 3]
            sections.append(Section(letter, letter, start, end - start, energy))
    return sections


def _numbered(sections: list[Section]) -> list[Section]:
    """Each told how many of its kind came before; later ones a little stronger."""
    seen: dict[str, int] = {}
    numbered = []
    for section in sections:
        count = seen.get(section.kind, 0)
        seen[section.kind] = count + 1
        energy = min(section.energy + 0.07 * min(count, 2), 1.0)
        numbered.append(replace(section, occurrence=count, energy=energy))
    return numbered
