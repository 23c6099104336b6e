"""The lead: the clip's own tune, a new one from its motifs, its last phrase gone on with, or a voice beside it."""

from __future__ import annotations

from dataclasses import replace

from generation.engines.arranger.band import Player
from generation.engines.arranger.bass import plays_in
from generation.engines.arranger.beside import BESIDE_LEVEL, answers, outlined, tune_alone
from generation.engines.arranger.draft import Draft
from generation.engines.arranger.events import Event
from generation.engines.arranger.melody import Melodist
from generation.engines.arranger.parallels import without_parallels
from generation.engines.arranger.tune import (
    fitted_tune,
    heard_tune,
    motifs_of,
    ornamented_tune,
    phrase_beats,
    resumed_tune,
)
from generation.request import Operation

ORNAMENTS_FROM = 0.4
KEEPS_TUNE_BELOW = 0.75


def play_lead(player: Player, draft: Draft) -> tuple[Event, ...]:
    """The tune: the clip's own where the take follows it, otherwise a new one from the clip's motifs or none."""
    request, frame, harmony = draft.job.request, draft.frame, draft.harmony
    heard = heard_tune(frame, draft.hearing) if draft.hearing is not None else ()
    varies = request.operation is Operation.VARY
    keeps = request.operation is Operation.RESTYLE or (varies and request.strength < KEEPS_TUNE_BELOW)
    motifs = motifs_of(heard, frame.grid, harmony) if heard and not varies else ()
    melodist = Melodist(player, draft.style.melody, harmony, frame.grid, draft.streams, motifs)
    if heard and request.operation is Operation.EXTEND and player is draft.band.lead:
        return _gone_on(heard, melodist, player, draft)
    if heard and frame.follows_clip and request.operation is Operation.ACCOMPANY:
        return _beside(heard, melodist, player, draft)
    if not (heard and keeps and frame.follows_clip and player is draft.band.lead):
        return without_parallels(melodist.play(draft.form), draft.bass, harmony, player.style.register_)
    tune = fitted_tune(heard, harmony, player.style.register_)
    if varies and request.strength >= ORNAMENTS_FROM:
        tune = ornamented_tune(tune, harmony, draft.streams.stream("ornaments"), request.strength - 0.2)
    beats = frame.grid.beats_per_bar
    unheard = tuple(
        section
        for section in draft.form
        if section.num_bars > 1
        and not any(section.first_bar * beats <= note.start < section.end_bar * beats for note in tune)
    )
    return (*tune, *melodist.play(unheard))


def _beside(heard: tuple[Event, ...], melodist: Melodist, player: Player, draft: Draft) -> tuple[Event, ...]:
    """The lead of a clip that has a tune of its own, which a second one would fight: it doubles that one's main notes
    where it plays, and answers in its rests. Only the answers are a voice that the bass must not run along with."""
    harmony, beats, register = draft.harmony, draft.frame.grid.beats_per_bar, player.style.register_
    tune = tune_alone(heard)
    own = answers(without_parallels(melodist.play(draft.form), draft.bass, harmony, register), tune)
    outline = outlined(fitted_tune(tune, harmony, register))
    velocity = player.style.velocity * BESIDE_LEVEL
    doubled = [
        replace(event, velocity=velocity)
        for section in draft.form
        if section.kind == "ending" or plays_in(player, section)
        for event in outline
        if section.first_bar * beats <= event.start < section.end_bar * beats
    ]
    return tuple(sorted((*doubled, *own), key=lambda event: event.start))


def _gone_on(heard: tuple[Event, ...], melodist: Melodist, player: Player, draft: Draft) -> tuple[Event, ...]:
    """The tune of an extension: the clip's last phrase once more, as a song sings its next verse, then new ones."""
    frame, harmony = draft.frame, draft.harmony
    beats, first = frame.grid.beats_per_bar, frame.first_beat
    phrase = phrase_beats(harmony.cycle_bars * beats, frame.counted_bar_beats, first)
    landing = draft.form[-1].first_bar * beats
    end = min(-(-first // beats) * beats + phrase, landing)
    again = fitted_tune(resumed_tune(heard, first, end, phrase), harmony, player.style.register_)
    if len(again) < (end - first) / beats:  # where it was silent there is nothing to take up
        return melodist.play(draft.form)
    end_bar = end // beats
    left = tuple(
        section
        if section.first_bar >= end_bar
        else replace(section, first_bar=end_bar, num_bars=section.end_bar - end_bar)
        for section in draft.form
        if section.end_bar > end_bar
    )
    return (*again, *melodist.play(left))
