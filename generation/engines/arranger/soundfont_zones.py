"""Zones of a SoundFont: which sample sounds for which key and velocity, and with which parameters.

Generator numbers, defaults, units and ranges: SoundFont Technical Specification 2.04, section 8.1.2 and 8.1.3;
how preset and instrument generators add up: section 9.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.engines.arranger.soundfont_tables import BrokenFont, FontTables, Table

# (number, default) of the generators that are played.
START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET = 0, 1, 2, 3
START_COARSE, MOD_LFO_PITCH, VIBRATO_PITCH, MOD_ENV_PITCH = 4, 5, 6, 7
FILTER_CENTS, FILTER_Q, MOD_LFO_FILTER, MOD_ENV_FILTER, END_COARSE, MOD_LFO_VOLUME = 8, 9, 10, 11, 12, 13
PAN, MOD_LFO_DELAY, MOD_LFO_RATE, VIBRATO_DELAY, VIBRATO_RATE = 17, 21, 22, 23, 24
MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, MOD_SUSTAIN, MOD_RELEASE, MOD_KEY_HOLD, MOD_KEY_DECAY = range(25, 33)
VOL_DELAY, VOL_ATTACK, VOL_HOLD, VOL_DECAY, VOL_SUSTAIN, VOL_RELEASE, VOL_KEY_HOLD, VOL_KEY_DECAY = range(33, 41)
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, LOOP_START_COARSE, FIXED_KEY, FIXED_VELOCITY = 41, 43, 44, 45, 46, 47
ATTENUATION, LOOP_END_COARSE, COARSE_TUNE, FINE_TUNE, SAMPLE, SAMPLE_MODES = 48, 50, 51, 52, 53, 54
SCALE_TUNING, EXCLUSIVE_CLASS, ROOT_KEY = 56, 57, 58

DEFAULTS = {
    FILTER_CENTS: 13500,
    MOD_LFO_DELAY: -12000,
    VIBRATO_DELAY: -12000,
    **dict.fromkeys((MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, MOD_RELEASE), -12000),
    **dict.fromkeys((VOL_DELAY, VOL_ATTACK, VOL_HOLD, VOL_DECAY, VOL_RELEASE), -12000),
    FIXED_KEY: -1,
    FIXED_VELOCITY: -1,
    SCALE_TUNING: 100,
    ROOT_KEY: -1,
}
_INSTRUMENT_ONLY = {
    *(START_OFFSET, END_OFFSET, LOOP_START_OFFSET, LOOP_END_OFFSET, START_COARSE, END_COARSE),
    *(LOOP_START_COARSE, LOOP_END_COARSE, FIXED_KEY, FIXED_VELOCITY, SAMPLE_MODES, EXCLUSIVE_CLASS, ROOT_KEY),
}
_VELOCITY_SOURCES = {2: "linear", 258: "falling", 1282: "concave falling"}
"""Modulator sources with the note's velocity: section 8.2 (bits 0-6 the source, 8 the direction, 10-15 the curve)."""
MAX_ZONES = 20_000


@dataclass(frozen=True, slots=True)
class Zone:
    """A sample with the keys, velocities (0..127, both ends included) and generators it plays with.

    `generators` holds the values that differ from the specification's defaults, in its own units (timecents, cents,
    centibels); `modulators` are (curve, generator, amount) with velocity as source.
    """

    sample: int
    low_key: int
    high_key: int
    low_velocity: int
    high_velocity: int
    generators: dict[int, int]
    modulators: tuple[tuple[str, int, int], ...] = ()

    def generator(self, operator: int) -> int:
        """The value of a generator, its default when the font does not set it."""
        return self.generators.get(operator, DEFAULTS.get(operator, 0))

    def plays(self, key: int, velocity: int) -> bool:
        """Whether the zone sounds for the key and velocity, both 0..127."""
        return self.low_key <= key <= self.high_key and self.low_velocity <= velocity <= self.high_velocity


@dataclass(slots=True)
class _Layer:
    """Generators and velocity modulators of one bag, before it is joined with its other half."""

    values: dict[int, int]
    keys: tuple[int, int] = (0, 127)
    velocities: tuple[int, int] = (0, 127)
    modulators: tuple[tuple[str, int, int], ...] = ()

    def over(self, base: _Layer | None) -> _Layer:
        """This bag with what it leaves open taken from the global bag."""
        if base is None:
            return self
        keys = self.keys if KEY_RANGE in self.values else base.keys
        velocities = self.velocities if VELOCITY_RANGE in self.values else base.velocities
        return _Layer({**base.values, **self.values}, keys, velocities, self.modulators or base.modulators)


def preset_zones(font: FontTables, preset: int) -> tuple[Zone, ...]:
    """The zones of the preset with this index in the font's list.

    Raises:
        BrokenFont: an index outside the font, or more zones than any real preset has.
    """
    tables = font.tables
    zones: list[Zone] = []
    for outer in _layers(tables["pbag"], tables["pgen"], tables["pmod"], _span(tables["phdr"], preset), INSTRUMENT):
        instrument = outer.values[INSTRUMENT]
        if not 0 <= instrument < len(tables["inst"]) - 1:
            raise _broken(font.path, "a preset names an instrument that is not there")
        span = _span(tables["inst"], instrument)
        for inner in _layers(tables["ibag"], tables["igen"], tables["imod"], span, SAMPLE):
            if not 0 <= inner.values[SAMPLE] < len(tables["shdr"]) - 1:
                raise _broken(font.path, "an instrument names a sample that is not there")
            zones.extend(_joined(outer, inner))
        if len(zones) > MAX_ZONES:
            raise _broken(font.path, f"a preset has more than {MAX_ZONES} zones")
    return tuple(zones)


def _span(table: Table, index: int) -> range:
    return range(int(table["bag"][index]), int(table["bag"][index + 1]))


def _layers(bags: Table, generators: Table, modulators: Table, span: range, link: int) -> list[_Layer]:
    """The bags of one preset or instrument, joined with its global bag (the first, when it has no `link`)."""
    base: _Layer | None = None
    out: list[_Layer] = []
    for position, bag in enumerate(span):
        layer = _layer(generators[bags["gen"][bag] : bags["gen"][bag + 1]])
        layer.modulators = _modulators(modulators[bags["mod"][bag] : bags["mod"][bag + 1]])
        if link in layer.values:
            out.append(layer.over(base))
        elif position == 0:
            base = layer
    return out


def _layer(rows: Table) -> _Layer:
    layer = _Layer({})
    for operator, amount in zip(rows["operator"].tolist(), rows["amount"].tolist(), strict=True):
        layer.values[operator] = amount
        low, high = amount & 0xFF, (amount >> 8) & 0xFF
        if operator == KEY_RANGE:
            layer.keys = (low, high)
        elif operator == VELOCITY_RANGE:
            layer.velocities = (low, high)
        elif operator in (INSTRUMENT, SAMPLE):
            layer.values[operator] = amount & 0xFFFF
    return layer


def _modulators(rows: Table) -> tuple[tuple[str, int, int], ...]:
    if not len(rows):
        return ()
    kept = rows[(rows["amount_source"] == 0) & np.isin(rows["source"], list(_VELOCITY_SOURCES))]
    return tuple((_VELOCITY_SOURCES[int(m["source"])], int(m["target"]), int(m["amount"])) for m in kept)


def _joined(outer: _Layer, inner: _Layer) -> list[Zone]:
    """The instrument's zone inside the preset's: ranges intersect, values add. Empty when the ranges do not meet."""
    keys = max(outer.keys[0], inner.keys[0]), min(outer.keys[1], inner.keys[1])
    velocities = max(outer.velocities[0], inner.velocities[0]), min(outer.velocities[1], inner.velocities[1])
    if keys[0] > keys[1] or velocities[0] > velocities[1]:
        return []
    skip = {INSTRUMENT, SAMPLE, KEY_RANGE, VELOCITY_RANGE}
    values = {number: value for number, value in inner.values.items() if number not in skip}
    for number, value in outer.values.items():
        if number not in skip and number not in _INSTRUMENT_ONLY:
            values[number] = values.get(number, DEFAULTS.get(number, 0)) + value
    modulators = inner.modulators + outer.modulators
    return [Zone(inner.values[SAMPLE], *keys, *velocities, values, modulators)]


def _broken(path: Path, what: str) -> BrokenFont:
    return BrokenFont(f"The soundfont {path.name} is damaged: {what}.")
