"""What a person knows better than the ear: tempo, key, metre, half or double time."""

from __future__ import annotations

from dataclasses import dataclass

from generation.errors import RequestRefused
from generation.hearing import Key

TEMPO_RANGE_BPM = (30.0, 300.0)
OVERRIDE_TOLERANCE = 0.06
"""How far, as a share, beats may be from the tempo that somebody says: people round, and count along."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Given values replace what would be heard; None leaves it to the ear.

    tempo_bpm: 30..300, the beats are sought within 6 % of it. key: taken as it is, chords lean towards it.
    beats_per_bar: 3, 4 or 6. tempo_factor: 0.5 (half time) or 2 (double time) of the tempo that would be heard.

    Raises:
        RequestRefused: a value outside its range.
    """

    tempo_bpm: float | None = None
    key: Key | None = None
    beats_per_bar: int | None = None
    tempo_factor: float = 1.0

    def __post_init__(self) -> None:
        low, high = TEMPO_RANGE_BPM
        if self.tempo_bpm is not None and not low <= self.tempo_bpm <= high:
            raise RequestRefused(f"The tempo must be between {low:g} and {high:g} BPM, not {self.tempo_bpm:g} BPM.")
        if self.beats_per_bar not in (None, 3, 4, 6):
            raise RequestRefused(f"The metre must be 3/4, 4/4 or 6/8, not {self.beats_per_bar} beats a bar.")
        if self.tempo_factor not in (0.5, 1.0, 2.0):
            raise RequestRefused(
                f"The tempo can be halved (0.5) or doubled (2), not taken {self.tempo_factor:g} times."
            )
