"""Styles as data: what a style file may say, how it is read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from generation.engines.arranger.style_mistakes import mistakes
from generation.engines.arranger.theory import SCALES, numeral_chord
from generation.hearing import Key

STYLES_FOLDER = Path(__file__).with_name("styles")

DRUMS = {
    "kick": 36, "snare": 38, "rim": 37, "clap": 39, "snare2": 40, "hat": 42, "pedal": 44, "openhat": 46,
    "ride": 51, "bell": 53, "crash": 49, "crash2": 57, "tomhigh": 50, "tommid": 47, "tomlow": 45, "tomfloor": 41,
    "tambourine": 54, "cowbell": 56, "shaker": 70, "cabasa": 69, "clave": 75, "conga": 63, "congamute": 62,
    "congalow": 64, "bongo": 60, "bongolow": 61, "timbale": 65, "agogo": 67, "triangle": 81, "woodblock": 76,
    "guiro": 73, "cuica": 79, "castanets": 85, "taiko": 86,
}  # fmt: skip
"""General MIDI percussion pitches by the names that style files use."""

DRUM_LEVELS = {"X": 1.0, "x": 0.8, "o": 0.58, "g": 0.3, "r": 0.62}
BASS_SIGNS = frozenset("1358647a.-")
COMP_SIGNS = frozenset("Xxo.-123456")
LEAD_SIGNS = frozenset("Xxo.-")

Level = Literal["light", "main", "full", "break", "build"]
Role = Literal["bass", "chords", "arp", "pad", "lead", "counter", "riff"]
Voicing = Literal["close", "open", "shell", "power", "triad", "rich"]
SECTION_KINDS = ("intro", "A", "B", "C", "break", "build", "drop", "ending")


class _Data(BaseModel):
    """Frozen, and refuses keys it does not know, so that a typing mistake in a style file is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mix(_Data):
    """Where a part sits in the mix; the fields are those of `score.Sound`."""

    gain_db: float = Field(0.0, ge=-24, le=12)
    pan: float = Field(0.0, ge=-1, le=1)
    reverb: float = Field(0.15, ge=0, le=1)
    delay: float = Field(0.0, ge=0, le=1)
    chorus: float = Field(0.0, ge=0, le=1)
    drive: float = Field(0.0, ge=0, le=1)
    duck: float = Field(0.0, ge=0, le=1)
    highpass_hz: float | None = Field(None, gt=0)
    lowpass_hz: float | None = Field(None, gt=0)
    glide_s: float = Field(0.0, ge=0, le=0.5)


class PartStyle(_Data):
    """One melodic part of the band.

    `instruments` are choices (one is drawn by the seed), the first is the typical one. `patterns` are rhythms of one
    bar or more in the notation of styles/README.md. The part plays in sections whose energy is in `enter`..`leave`.
    """

    name: str
    role: Role
    instruments: tuple[str, ...] = Field(min_length=1)
    patterns: tuple[str, ...] = ()
    register_: tuple[int, int] = Field((48, 72), alias="register")
    voicing: Voicing = "close"
    enter: float = Field(0.0, ge=0, le=1)
    leave: float = Field(1.0, ge=0, le=1)
    not_in: tuple[str, ...] = ()
    velocity: float = Field(0.72, gt=0, le=1)
    legato: float = Field(0.95, gt=0, le=1.2)
    strum_ms: float = Field(0.0, ge=0, le=80)
    late_ms: float = Field(0.0, ge=-40, le=40)
    walking: bool = False
    follow_kick: float = Field(0.0, ge=0, le=1)
    mix: Mix = Mix()

    @field_validator("patterns")
    @classmethod
    def _bare_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(bare(pattern) for pattern in patterns)

    @model_validator(mode="after")
    def _check(self) -> PartStyle:
        low, high = self.register_
        if not 12 <= low < high <= 108:
            raise ValueError(f"part {self.name}: the register must lie in 12..108, low before high, not {low}..{high}")
        if high - low < 12:
            raise ValueError(f"part {self.name}: the register must span an octave at least")
        allowed = {"bass": BASS_SIGNS, "lead": LEAD_SIGNS}.get(self.role, COMP_SIGNS)
        for pattern in self.patterns:
            check_signs(pattern, allowed, f"part {self.name}")
        if self.role in ("bass", "chords", "arp", "riff") and not self.patterns and not self.walking:
            raise ValueError(f"part {self.name}: a {self.role} part needs patterns")
        return self


class Groove(_Data):
    """A drum pattern: one line of signs a drum, all of the same length (one or two bars)."""

    name: str
    level: Level = "main"
    lines: dict[str, str]


class Fill(_Data):
    """A fill: the last steps of a bar, written out; its length in steps is that of its lines."""

    lines: dict[str, str]


class Drums(_Data):
    """The drummer: kit choices, grooves by level, fills."""

    kits: tuple[str, ...] = Field(("kit:0",), min_length=1)
    enter: float = Field(0.2, ge=0, le=1)
    velocity: float = Field(1.0, gt=0, le=1.3)
    late_ms: dict[str, float] = {}
    crash: bool = True
    mix: Mix = Mix(reverb=0.1)
    grooves: tuple[Groove, ...] = ()
    fills: tuple[Fill, ...] = ()


class MelodyStyle(_Data):
    """How tunes are made: rhythm cells of a bar, how often the line leaps, which scale it prefers."""

    cells: tuple[str, ...] = Field(min_length=2)
    leap: float = Field(0.25, ge=0, le=1)
    scale: str | None = None
    pickup: float = Field(0.3, ge=0, le=1)

    @field_validator("cells")
    @classmethod
    def _bare_cells(cls, cells: tuple[str, ...]) -> tuple[str, ...]:
        bared = tuple(bare(cell) for cell in cells)
        for cell in bared:
            check_signs(cell, LEAD_SIGNS, "melody cells")
        return bared

    @field_validator("scale")
    @classmethod
    def _known_scale(cls, scale: str | None) -> str | None:
        if scale is not None and scale != "pentatonic" and scale not in SCALES:
            raise ValueError(f"unknown scale {scale!r}; there are pentatonic, {', '.join(SCALES)}")
        return scale


class Style(_Data):
    """A style: everything that its TOML file says. `key` is the file's name without its ending."""

    key: str
    name: str
    summary: str
    words: tuple[str, ...] = Field(min_length=1)
    moods: tuple[str, ...] = ()
    tempo_bpm: tuple[float, float]
    beats_per_bar: Literal[3, 4, 6] = 4
    swing: float = Field(0.0, ge=0, le=1)
    swing_unit: Literal[8, 16] = 8
    mode: Literal["major", "minor"] = "major"
    energy: float = Field(0.6, ge=0, le=1)
    extensions: Literal["none", "sevenths", "ninths"] = "none"
    bars_per_chord: Literal[1, 2] = 1
    character: Literal["clean", "lofi", "loud", "warm"] = "clean"
    space: Literal["dry", "room", "hall", "plate"] = "room"
    humanise_ms: float = Field(6.0, ge=0, le=40)
    brightness_hz: float = Field(2000.0, gt=0)
    form: tuple[str, ...]
    progressions: dict[Literal["major", "minor"], tuple[str, ...]]
    drums: Drums = Drums()
    effects: bool = False
    for_any_clip: bool = True
    niche: bool = False
    parts: tuple[PartStyle, ...] = Field(min_length=1)
    melody: MelodyStyle

    @property
    def steps_per_bar(self) -> int:
        """Sixteenth notes in a bar of the style's patterns: 16 in 4/4, 12 in 3/4 and 6/8."""
        return 16 if self.beats_per_bar == 4 else 12

    @model_validator(mode="after")
    def _check(self) -> Style:
        low, high = self.tempo_bpm
        if not 30 <= low <= high <= 300:
            raise ValueError(f"tempo_bpm must lie in 30..300, low before high, not {low}..{high}")
        if unknown := set(self.form) - set(SECTION_KINDS):
            raise ValueError(f"form: unknown sections {sorted(unknown)}; there are {', '.join(SECTION_KINDS)}")
        for mode in ("major", "minor"):
            if not self.progressions.get(mode):
                raise ValueError(f"progressions: at least one in {mode} is needed")
            for text in self.progressions[mode]:
                for numeral in text.replace("|", " ").split():
                    numeral_chord(numeral, Key(0, mode))
        self._check_lengths()
        return self

    def _check_lengths(self) -> None:
        steps = self.steps_per_bar
        lines = [(f"groove {g.name}, {name}", line) for g in self.drums.grooves for name, line in g.lines.items()]
        lines += [(f"part {part.name}", pattern) for part in self.parts for pattern in part.patterns]
        lines += [("melody cells", cell) for cell in self.melody.cells]
        for place, line in lines:
            if len(line) == 0 or len(line) % steps:
                raise ValueError(f"{place}: {line!r} has {len(line)} steps, not a multiple of {steps}")


def bare(pattern: str) -> str:
    """A pattern without the blanks and bars that make it readable."""
    return pattern.replace(" ", "").replace("|", "")


def check_signs(pattern: str, allowed: frozenset[str], place: str) -> None:
    """Raise ValueError when a pattern has a sign that is not of its notation."""
    if wrong := set(pattern) - allowed:
        raise ValueError(
            f"{place}: {''.join(sorted(wrong))!r} is no sign of this notation ({''.join(sorted(allowed))})"
        )


def read_style(path: Path) -> Style:
    """Read and check one style file.

    Raises:
        ValueError: a sentence with the file's name, the fields that are wrong and what they need.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        drums = dict(_table(data.get("drums", {}), "drums"))
        drums["grooves"] = [_drum_lines(_table(t, "groove"), {"name", "level"}) for t in _tables(data, "groove")]
        drums["fills"] = [_drum_lines(_table(t, "fill"), set()) for t in _tables(data, "fill")]
        data["parts"] = _tables(data, "part")
        return Style.model_validate({**data, "drums": drums, "key": path.stem})
    except (OSError, ValueError) as error:  # TOML's, UTF-8's and the models' errors are ValueErrors
        wrong = mistakes(error, (Style, PartStyle, Drums, Groove, Fill, Mix, MelodyStyle))
        raise ValueError(f"The style file {path.name} can't be used: {wrong}.") from error


def _tables(data: dict[str, Any], name: str) -> list[Any]:
    """The tables that a file writes as [[name]]; they are taken out of the data."""
    found = data.pop(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} must be written [[{name}]], once for each")
    return found


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {value!r}; it must be a table of names and values")
    return value


def _drum_lines(table: dict[str, Any], plain: set[str]) -> dict[str, Any]:
    lines = {name: bare(str(line)) for name, line in table.items() if name not in plain}
    for name, line in lines.items():
        if name not in DRUMS:
            raise ValueError(f"unknown drum {name!r}; there are {', '.join(DRUMS)}")
        check_signs(line, frozenset(DRUM_LEVELS) | {"."}, f"drum {name}")
    return {**{name: table[name] for name in plain if name in table}, "lines": lines}


@cache
def all_styles() -> dict[str, Style]:
    """Every style by key: the carried ones in the order of their file names, read once, at the first call, then the
    operator's own; one of a carried style's key stands in its place."""
    return {path.stem: _own.get(path.stem) or read_style(path) for path in sorted(STYLES_FOLDER.glob("*.toml"))} | _own


_own: dict[str, Style] = {}


def use_own(styles: Mapping[str, Style]) -> None:
    """Styles of the operator's beside the carried ones, from the next `all_styles` on; see own_styles.take_up."""
    _own.clear()
    _own.update(styles)
    all_styles.cache_clear()
