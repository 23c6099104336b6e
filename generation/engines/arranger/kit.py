"""The drum kit piece by piece: what of it a prompt wants, leaves out or wants softer, and on which kit it is played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from generation.engines.arranger.events import Event
from generation.engines.arranger.groove import PLAIN_FILLS
from generation.engines.arranger.instruments import SYNTH_PERCUSSION
from generation.engines.arranger.prompt import InstrumentWish, Wish
from generation.engines.arranger.style import DRUMS, Drums, Fill, Groove, Style, all_styles, bare
from generation.engines.arranger.vocabulary import vocabulary

BORROWED_DRUMS = "pop"
"""Whose drums play when a style without drums is asked for some."""
ANY_KIT = "kit:0"
OTHER_KITS = (ANY_KIT, "kit:24")
"""What plays when all of a style's kits are left out: an acoustic one, or an electronic one in its place."""
SOFTER = 0.75
"""Velocity of a piece that the prompt wants less of: 5 dB, as of parts (loudness goes with velocity squared)."""
FOUR_ON_THE_FLOOR = "X...X...X...X..."
_HELD_LEVELS = ("break", "build")
_TYPICAL_SHARE = 0.7
"""How often the kit is the style's first one."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a prompt says of the kit's pieces, by the names of drums in styles.

    `silent` are never struck, `softer` are held back; `only` are the wishes that are all that is left of the kit.
    """

    silent: frozenset[str] = frozenset()
    softer: frozenset[str] = frozenset()
    only: tuple[InstrumentWish, ...] = ()
    without: tuple[InstrumentWish, ...] = ()

    def heard(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """The drummer's events without the silent pieces, with the softer ones held back."""
        silent, softer = ({DRUMS[name] for name in names} for names in (self.silent, self.softer))
        left = (event for event in events if event.pitch not in silent)
        return tuple(replace(e, velocity=e.velocity * SOFTER) if e.pitch in softer else e for e in left)

    @property
    def remark(self) -> str:
        """A sentence for the user where pieces of the kit were left out."""
        if self.only:
            return f"Of the drums these play alone: {_listed(self.only)}."
        return f"The drums play without these: {_listed(self.without)}." if self.without else ""


def pieces_of(wish: Wish, *, has_own_drums: bool) -> Pieces:
    """Which pieces are left. `has_own_drums`: the style has a drummer; to one that has none, pieces that are named come
    alone."""
    wanted = tuple(w for w in wish.wanted if w.pieces)
    without = tuple(w for w in wish.unwanted if w.pieces)
    named = any(w.name == "drums" for w in wish.wanted)
    alone = wish.only or wish.only_kit or wish.excludes("drums") or (not has_own_drums and not named)
    softer = frozenset(name for w in wish.softer for name in w.pieces)
    if wanted and alone:
        kept = frozenset(name for w in wanted for name in w.pieces if not _left_out(name, w, without))
        return Pieces(frozenset(DRUMS) - kept, softer, wanted)
    # the narrower of two words for a piece holds: "no cymbals, with a ride"
    gone = {name for w in without for name in w.pieces if not _kept(name, w, wanted)}
    return Pieces(frozenset(gone), softer, (), without)


def _left_out(name: str, wanted: InstrumentWish, without: tuple[InstrumentWish, ...]) -> bool:
    return any(name in w.pieces and len(w.pieces) < len(wanted.pieces) for w in without)


def _kept(name: str, unwanted: InstrumentWish, wanted: tuple[InstrumentWish, ...]) -> bool:
    return any(name in w.pieces and len(w.pieces) <= len(unwanted.pieces) for w in wanted)


def drums_of(style: Style, wish: Wish, pieces: Pieces) -> Drums | None:
    """The drummer that the prompt leaves of the style's, with every piece that is asked for; None without one."""
    wanted = any(w.role == "drums" for w in wish.wanted) or "four_on_the_floor" in wish.flags
    if (wish.excludes("drums") and not pieces.only) or (wish.only and wish.wanted and not wanted):
        return None
    drums = style.drums if style.drums.grooves else all_styles()[BORROWED_DRUMS].drums if wanted else None
    if drums is None:
        return None
    return _fitted(drums.model_copy(update={"enter": 0.0}) if wanted else drums, wish, pieces)


def _fitted(drums: Drums, wish: Wish, pieces: Pieces) -> Drums:
    asked = [w for w in wish.wanted if w.pieces]
    floor = {"kick": FOUR_ON_THE_FLOOR} if "four_on_the_floor" in wish.flags else {}
    if not (pieces.silent or asked or floor):
        return drums
    changes: dict[str, Any] = {"grooves": tuple(_groove(g, pieces, asked, floor) for g in drums.grooves)}
    fills = (_without(fill.lines, pieces) for fill in drums.fills or PLAIN_FILLS)
    changes["fills"] = tuple(Fill(lines=lines) for lines in fills if lines) or (Fill(lines={}),)
    changes["crash"] = drums.crash and "crash" not in pieces.silent
    return drums.model_copy(update=changes)


def _groove(groove: Groove, pieces: Pieces, asked: list[InstrumentWish], floor: dict[str, str]) -> Groove:
    """The groove without the silent pieces; where it is not held back, with all that were asked for."""
    lines = dict(groove.lines)
    if groove.level not in _HELD_LEVELS:
        lines |= floor
        for wish in asked:
            if not set(wish.pieces) & set(_without(lines, pieces)):
                lines |= {name: bare(line) for name, line in wish.lines}
    return groove.model_copy(update={"lines": _without(lines, pieces)})


def _without(lines: dict[str, str], pieces: Pieces) -> dict[str, str]:
    return {name: line for name, line in lines.items() if name not in pieces.silent}


def kit_of(drums: Drums, wish: Wish, rng: Random) -> str:
    """The drummer's kit: mostly the style's first, of the kind that the prompt wants, one that has all its pieces."""
    unwanted = {sound for w in wish.unwanted if w.role == "drums" for sound in w.sounds}
    kinds = [w.sounds for w in wish.wanted if w.role == "drums" and w.sounds]
    asked = {DRUMS[name] for w in wish.wanted for name in dict(w.lines)}
    kits = [kit for kit in drums.kits if kit not in unwanted] or [kit for kit in OTHER_KITS if kit not in unwanted]
    for kind in kinds:
        kits = [kit for kit in kits if kit in kind] or list(kind[:1])
    kits = [kit for kit in kits if _has(kit, asked)] or [ANY_KIT]
    return kits[0] if rng.random() < _TYPICAL_SHARE else rng.choice(kits)


def _has(kit: str, pitches: set[int]) -> bool:
    return not kit.startswith("synth:") or pitches <= SYNTH_PERCUSSION


def _listed(wishes: Iterable[InstrumentWish]) -> str:
    return ", ".join(dict.fromkeys(_told(wish.name) for wish in wishes))


def _told(name: str) -> str:
    return str(vocabulary().settings["piece"][name]["name"])


def pieces_heard(pitches: Iterable[int]) -> list[str]:
    """What people call the pieces that are struck at these pitches, each by its narrowest word."""
    entries = sorted(vocabulary().settings["piece"].values(), key=lambda entry: len(entry["drums"]))
    narrowest = {DRUMS[drum]: entry["name"] for entry in reversed(entries) for drum in entry["drums"]}
    return sorted({narrowest[pitch] for pitch in set(pitches) if pitch in narrowest})
