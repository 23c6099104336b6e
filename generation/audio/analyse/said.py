"""What a request says of its clip, and the second listening where something else was heard in it.

Whether a tempo that is said is the clip's or the take's depends on the operation:

    operation         a tempo                                          a key         a metre
    accompany,        the clip's: they go in its time                  the clip's    the clip's
    extend
    vary, loop        the take's, which it is brought to; the clip's   the take's    the clip's
                      too where no beat was heard, or the half or
                      double of what was said
    restyle, blend,   the take's                                       the take's    the take's
    compose

A tempo that is no half or double of a beat that was heard must be borne out by the clip; else the ear is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from generation.audio.analyse.hear import analyse
from generation.audio.analyse.overrides import OVERRIDE_TOLERANCE, TEMPO_RANGE_BPM, Overrides
from generation.clip import Clip
from generation.hearing import MIN_BEAT_CONFIDENCE, Hearing, Key
from generation.jam.frame import SLOW_SIX_BPM
from generation.keys import key_asked
from generation.request import Operation, Request

GOES_WITH_CLIP = frozenset({Operation.ACCOMPANY, Operation.EXTEND})
COUNTS_CLIP = GOES_WITH_CLIP | {Operation.VARY, Operation.LOOP}
"""The operations whose bars are the clip's own."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the words and options of a request say, None where they say nothing. `tempo_bpm` 30..300; in 6/8 it counts
    eighths, or dotted quarters up to SLOW_SIX_BPM. `beats_per_bar` 3, 4 or 6."""

    tempo_bpm: float | None = None
    key: Key | None = None
    beats_per_bar: int | None = None

    @classmethod
    def by_options(cls, request: Request) -> Said:
        """What the options say, without the prompt."""
        return cls(request.tempo_bpm, key_asked(request.key), request.beats_per_bar)


def overrides_for(operation: Operation, said: Said, heard: Hearing) -> Overrides | None:
    """What the clip has to be listened to again with; None where it was heard as it was said, or nothing was said."""
    if operation not in COUNTS_CLIP:
        return None
    told = _tempo(operation, said, heard)
    is_barred_so = heard.has_beat and told.tempo_bpm is None and said.beats_per_bar == heard.beats_per_bar
    if (heard.has_beat or told.tempo_bpm is not None) and not is_barred_so:
        told = replace(told, beats_per_bar=said.beats_per_bar)
    if operation in GOES_WITH_CLIP and said.key is not None and heard.key not in (None, said.key):
        told = replace(told, key=said.key)
    return None if told == Overrides() else told


def listen_again(clip: Clip, heard: Hearing, overrides: Overrides) -> tuple[Hearing, Overrides | None]:
    """The clip as it is heard with `overrides`, and those of them that the clip bears out; `heard` and None where it
    bears out none. Takes as long as `analyse`."""
    again = analyse(clip, overrides)
    is_followed = again.has_beat and again.beat_confidence > MIN_BEAT_CONFIDENCE
    if overrides.tempo_bpm is None or is_followed or not heard.has_beat:
        return (again, overrides) if again.has_beat or not heard.has_beat else (heard, None)
    rest = replace(overrides, tempo_bpm=None)
    return (heard, None) if rest == Overrides() else listen_again(clip, heard, rest)


def _tempo(operation: Operation, said: Said, heard: Hearing) -> Overrides:
    """The tempo that was said of the clip, or that its beats are halved or doubled."""
    beats_bpm = _beats_bpm(said, heard)
    if beats_bpm is None:
        return Overrides()
    if not heard.has_beat or heard.tempo_bpm is None:
        return Overrides(tempo_bpm=beats_bpm)
    for factor in (1.0, 0.5, 2.0):
        if abs(beats_bpm / (heard.tempo_bpm * factor) - 1) <= OVERRIDE_TOLERANCE:
            return Overrides(tempo_factor=factor)
    return Overrides(tempo_bpm=beats_bpm) if operation in GOES_WITH_CLIP else Overrides()


def _beats_bpm(said: Said, heard: Hearing) -> float | None:
    """The beats a minute that were said, in eighths for 6/8."""
    if said.tempo_bpm is None:
        return None
    in_six = (said.beats_per_bar or heard.beats_per_bar) == 6 and said.tempo_bpm <= SLOW_SIX_BPM
    low, high = TEMPO_RANGE_BPM
    return min(max(said.tempo_bpm * (3 if in_six else 1), low), high)
