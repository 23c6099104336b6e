"""What was read from a prompt: the wish that the band is chosen by, and its draft while the prompt is being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generation.hearing import Key


@dataclass(frozen=True, slots=True)
class InstrumentWish:
    """An instrument by its name in the vocabulary, the sounds that count as it (the typical first), and its role.

    Of the role "drums" are the whole kit ("drums"), a kind of kit, whose `sounds` are kits, and a piece of it: then
    `pieces` are the drums of styles that count as it and `lines` what it plays where a groove has none of it.
    """

    name: str
    sounds: tuple[str, ...]
    role: str
    pieces: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre that is no style of its own: its name, the key of the nearest style, and why (for people, a phrase).

    `tempo_bpm` is the genre's own range where it is not the style's; `grooves` are the names of the style's grooves
    that are the genre's, empty where all are.
    """

    name: str
    nearest: str
    why: str
    tempo_bpm: tuple[float, float] | None = None
    grooves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What was read from a prompt. Fields that the prompt is silent about are None, 0, 1 or empty.

    `styles` are keys in the order of naming, one for each name; `genres` are those that a style stands in for.
    `energy` -1..1 is added to the style's, `tempo_factor` multiplies its tempo. `wanted` instruments sound, `unwanted`
    ones are silent, `softer` ones are neither called for nor excluded but quieter where the style has them. `only`
    says that the wanted instruments are the whole band, `only_kit` that the wanted pieces are the whole drum kit.
    `unwanted_roles` are roles of parts in styles that nobody
    plays, but for instruments that are wanted. `understood` are phrases as they were read, `unknown` words
    and numbers that nothing was made of, `remarks` sentences for the user.
    """

    styles: tuple[str, ...] = ()
    genres: tuple[Genre, ...] = ()
    unwanted_styles: frozenset[str] = frozenset()
    moods: tuple[str, ...] = ()
    eras: tuple[str, ...] = ()
    tempo_bpm: float | None = None
    tempo_factor: float = 1.0
    key: Key | None = None
    mode: str | None = None
    beats_per_bar: int | None = None
    duration_s: float | None = None
    wanted: tuple[InstrumentWish, ...] = ()
    unwanted: tuple[InstrumentWish, ...] = ()
    softer: tuple[InstrumentWish, ...] = ()
    only: bool = False
    only_kit: bool = False
    energy: float = 0.0
    flags: frozenset[str] = frozenset()
    unwanted_flags: frozenset[str] = frozenset()
    unwanted_roles: frozenset[str] = frozenset()
    understood: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def wanted_sounds(self) -> frozenset[str]:
        """All sounds that count as an instrument that is wanted."""
        return frozenset(sound for instrument in self.wanted for sound in instrument.sounds)

    @property
    def unwanted_sounds(self) -> frozenset[str]:
        """All sounds that count as an instrument that nobody wants."""
        return frozenset(sound for instrument in self.unwanted for sound in instrument.sounds)

    def excludes(self, name: str) -> bool:
        """Whether the instrument of this name is unwanted."""
        return any(instrument.name == name for instrument in self.unwanted)


@dataclass(slots=True)
class WishDraft:
    """A wish while it is being read; `text` is what of the prompt is still to be read."""

    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    styles: list[str] = field(default_factory=list)
    genres: list[Genre] = field(default_factory=list)
    unwanted_styles: set[str] = field(default_factory=set)
    moods: list[str] = field(default_factory=list)
    eras: list[str] = field(default_factory=list)
    wanted: list[InstrumentWish] = field(default_factory=list)
    unwanted: list[InstrumentWish] = field(default_factory=list)
    softer: list[InstrumentWish] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    unwanted_flags: set[str] = field(default_factory=set)
    unwanted_roles: set[str] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    spelt: dict[str, str] = field(default_factory=dict)  # words as they were typed, by their plain form

    def as_typed(self, word: str) -> str:
        """A plain word with the capitals and accents that it was typed with."""
        return self.spelt.get(word, word)

    def finished(self) -> Wish:
        """The wish. What is excluded anywhere is wanted nowhere; what is wanted or excluded is not just softer."""
        names = (
            "styles", "genres", "moods", "eras", "wanted", "unwanted", "softer", "understood", "unknown", "remarks",
        )  # fmt: skip
        lists: dict[str, Any] = {name: tuple(dict.fromkeys(getattr(self, name))) for name in names}
        unwanted = {instrument.name for instrument in lists["unwanted"]}
        lists["wanted"] = tuple(wish for wish in lists["wanted"] if wish.name not in unwanted)
        if self.fields.get("only") and _is_of_the_kit(lists["wanted"]):
            self.fields |= {"only": False, "only_kit": True}
        lists["styles"] = tuple(self.styles)  # a style that is named twice also counts for a genre beside it
        settled = unwanted | {wish.name for wish in lists["wanted"]}
        lists["softer"] = tuple(wish for wish in lists["softer"] if wish.name not in settled)
        set_names = ("unwanted_styles", "flags", "unwanted_flags", "unwanted_roles")
        sets: dict[str, Any] = {name: frozenset(getattr(self, name)) for name in set_names}
        return Wish(**lists, **sets, **self.fields)


def _is_of_the_kit(wanted: tuple[InstrumentWish, ...]) -> bool:
    """Whether an "only" is of the kit ("drums with only kick and snare"): "only kick and snare" is the whole band."""
    named = any(wish.name == "drums" for wish in wanted)
    return named and any(wish.pieces for wish in wanted) and all(wish.role == "drums" for wish in wanted)
