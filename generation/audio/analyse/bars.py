"""Bars: which beats are downbeats and how many beats there are in a bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.audio.analyse.beatnet import BeatActivations
from generation.audio.analyse.beats import activation_at
from generation.audio.analyse.chord_model import Float

DOWNBEAT_SHARE = 0.4
"""How much the net's downbeats count against the harmony's changes, which mislead less often."""
DOWNBEAT_FLOOR = 0.05
DOWNBEAT_SCALE = 2.0
CHANGE_REACH_FRAMES = 2
METRE_COST = {4: 0.0, 3: 0.1, 5: 0.3, 6: 0.15}
"""What a metre must win by: most music is in four."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Every `beats_per_bar`-th beat from `first` is a downbeat. `score` is how much more the downbeats sound like
    downbeats than the other beats do, 0 and below is no evidence, 1 is plain; `lead` is how far it is ahead of the
    best other way to bar the beats."""

    beats_per_bar: int
    first: int
    score: float
    lead: float = 0.0


def bar_evidence(activations: BeatActivations, change: Float, times_s: Float) -> Float:
    """How much each beat sounds like a downbeat: harmonic change there and the net's downbeat against beat odds."""
    down, plain = activation_at(activations.downbeat, times_s), activation_at(activations.beat, times_s)
    odds = np.log((down + DOWNBEAT_FLOOR) / (plain + DOWNBEAT_FLOOR))
    odds = np.clip((odds - odds.mean()) / DOWNBEAT_SCALE, -1, 1)
    out: Float = activation_at(change, times_s, CHANGE_REACH_FRAMES) + DOWNBEAT_SHARE * odds
    return out


def find_bars(evidence: Float, metres: tuple[int, ...]) -> Bars:
    """The metre and the first downbeat whose downbeats stand out most from the beats between them."""
    found = []
    for metre in metres:
        for first in range(metre):
            is_down = np.arange(evidence.size) % metre == first
            if is_down.any() and not is_down.all():
                score = float(evidence[is_down].mean() - evidence[~is_down].mean()) - METRE_COST[metre]
                found.append(Bars(metre, first, score))
    if not found:
        return Bars(metres[0], 0, 0.0)
    found.sort(key=lambda bars: -bars.score)
    lead = found[0].score - found[1].score if len(found) > 1 else found[0].score
    return Bars(found[0].beats_per_bar, found[0].first, found[0].score, lead)
