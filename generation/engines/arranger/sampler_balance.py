"""Balance inside a drum kit: every piece is brought to its usual loudness against the snare, whatever the kit.

The carried font's kits differ by up to 20 dB between pieces (the 808's open hat is louder than its kick). The
loudness of each piece is measured when it is first played, so a bigger font of the operator's is evened out as well.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from generation.engines.arranger.effects_level import BLOCK_FRAMES, SILENT_LUFS, loudness_lufs, measuring_energy
from generation.engines.arranger.effects_pieces import finished
from generation.engines.arranger.instruments import KICK_PITCHES
from generation.engines.arranger.sampler_tone import Tone, lay

SNARE_LUFS = -18.0
NORMAL_VELOCITY = 0.8
MAX_CORRECTION_DB = 24.0
OTHER_DB = -9.0
KICK_ENERGY_DB = 1.9
"""By how much an acoustic kick's energy is over its loudness (the carried font's standard and room kit); an 808's,
which is nearly all fundamental, lies at 3.2. As of basses (mix.py), the one with more energy is turned down."""
# fmt: off
LEVELS_DB: dict[int, float] = {
    31: -8, 35: -0.5, 36: 0, 37: -6, 38: 0, 39: -2, 40: 0, 41: -1, 42: -10.5, 43: -1, 44: -12, 45: -1, 46: -8.5,
    47: -1, 48: -1, 49: -4, 50: -1, 51: -10, 52: -6, 53: -9, 54: -10, 55: -7, 56: -9, 57: -4.5, 58: -9, 59: -10,
    60: -6, 61: -5, 62: -7, 63: -5, 64: -5, 65: -6, 66: -6, 67: -9, 68: -9, 69: -12, 70: -13, 73: -11, 74: -11,
    75: -9, 76: -9, 77: -9, 80: -14, 81: -13, 82: -12, 83: -14, 84: -14, 85: -11, 86: 1, 87: 1,
}
# fmt: on
"""Loudness units against the snare, by percussion pitch, at the same velocity and over 0.4 s from the stroke.

As a pop or jazz drum mix has it: kick and snare carry, hats 8 to 12 dB under, cymbals a short way under the snare,
shakers under the hats. These are choices of this project, not measurements of records.
"""


class Kit(Protocol):
    """A kit of the sampler or of the synthesisers."""

    @property
    def name(self) -> str:
        """What tells it from all other kits."""

    def tones(self, pitch: int, velocity: float, hold_frames: int, variant: int = 0) -> list[Tone]:
        """What sounds for a hit."""


def piece_gain(kit: Kit, pitch: int) -> float:
    """The linear gain that brings a kit's piece to its place; 1 for a pitch that the kit does not have."""
    out = np.zeros((2, BLOCK_FRAMES), dtype=np.float32)
    for tone in kit.tones(pitch, NORMAL_VELOCITY, BLOCK_FRAMES):
        lay(out, tone, 0, BLOCK_FRAMES, 1.0)
    measured = loudness_lufs(out)
    if measured <= SILENT_LUFS:
        return 1.0
    if pitch in KICK_PITCHES:
        measured = max(measured, finished(measuring_energy(out)) - KICK_ENERGY_DB)
    gain_db = SNARE_LUFS + LEVELS_DB.get(pitch, OTHER_DB) - measured
    return float(10 ** (min(max(gain_db, -MAX_CORRECTION_DB), MAX_CORRECTION_DB) / 20))
