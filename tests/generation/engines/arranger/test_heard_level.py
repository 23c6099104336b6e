"""A clip's level is taken on: after a soft, dark one fewer play, softer and lower than after a loud, bright one."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest

from generation.engines.arranger.compose import Composition
from generation.engines.arranger.heard_level import at_level, heard_level
from generation.engines.arranger.style import DRUMS, all_styles
from generation.hearing import Hearing
from generation.request import Operation
from tests.support import hearings
from tests.support.scores import composed, melodic, part

TAKING_ON = (Operation.EXTEND, Operation.ACCOMPANY, Operation.VARY)


def clip_at(energy: float, loudness_lufs: float, brightness_hz: float) -> Hearing:
    clip = hearings.song()
    sections = tuple(replace(section, energy=energy) for section in clip.sections)
    return replace(clip, sections=sections, loudness_lufs=loudness_lufs, brightness_hz=brightness_hz)


SOFT, USUAL, LOUD = clip_at(0.1, -30.0, 700.0), clip_at(0.8, -14.0, 1800.0), clip_at(0.95, -8.0, 4200.0)


def made_from(clip: Hearing, prompt: str, operation: Operation = Operation.EXTEND) -> Composition:
    wishes = {"duration_s": 16.0} if operation is Operation.EXTEND else {}
    return composed(operation, prompt, 3, clip, **wishes)


def notes_per_s(made: Composition) -> float:
    return sum(len(found.notes) for found in made.score.parts) / made.score.duration_s


def strengths(made: Composition) -> dict[str, float]:
    return {found.name: fmean(note.velocity for note in found.notes) for found in made.score.parts}


def mean_step(soft: Composition, loud: Composition) -> float:
    """By how much stronger those play that play in both."""
    one, other = strengths(soft), strengths(loud)
    return fmean(other[name] - one[name] for name in one.keys() & other.keys())


@pytest.mark.parametrize("operation", TAKING_ON)
@pytest.mark.parametrize("style", sorted(all_styles()))
def test_a_soft_sparse_clip_gets_a_softer_and_sparser_band_than_a_loud_one(style: str, operation: Operation) -> None:
    prompt = all_styles()[style].words[0]
    soft, loud = (made_from(clip, prompt, operation) for clip in (SOFT, LOUD))
    assert notes_per_s(soft) < 0.9 * notes_per_s(loud)
    assert mean_step(soft, loud) > 0
    assert len(soft.score.parts) <= len(loud.score.parts)
    assert len(melodic(soft.score)) >= 1  # sparse, but there


def test_the_drummer_holds_back_with_a_soft_clip() -> None:
    soft, loud = (part(made_from(clip, "rock").score, "drums") for clip in (SOFT, LOUD))
    assert soft is not None and loud is not None
    assert fmean(note.velocity for note in soft.notes) < 0.75 * fmean(note.velocity for note in loud.notes)
    crash = DRUMS["crash"]
    assert crash in {note.pitch for note in loud.notes} and crash not in {note.pitch for note in soft.notes}


def test_chords_lie_lower_beside_a_dark_clip() -> None:
    dark, bright = (made_from(replace(USUAL, brightness_hz=hz), "pop") for hz in (600.0, 5200.0))
    low, high = (part(made.score, "keys") for made in (dark, bright))
    assert low is not None and high is not None
    assert fmean(n.pitch for n in low.notes) < fmean(n.pitch for n in high.notes) - 3


def test_the_same_clip_gives_the_same_notes_and_the_words_stay_on_top() -> None:
    plain = made_from(SOFT, "rock")
    assert plain.score == made_from(SOFT, "rock").score
    assert notes_per_s(made_from(SOFT, "rock, energetic")) > notes_per_s(plain)
    assert notes_per_s(made_from(LOUD, "rock, calm")) < notes_per_s(made_from(LOUD, "rock"))


def test_the_last_section_counts_most_for_what_goes_on() -> None:
    faded, risen = (
        replace(USUAL, sections=tuple(replace(s, energy=e) for s, e in zip(USUAL.sections, energies, strict=True)))
        for energies in ((0.9, 0.2), (0.2, 0.9))
    )
    assert heard_level(faded, Operation.EXTEND).energy < heard_level(risen, Operation.EXTEND).energy - 0.05
    assert heard_level(faded, Operation.ACCOMPANY) == heard_level(risen, Operation.ACCOMPANY)


def test_finished_music_and_restyles_keep_the_styles_own_level() -> None:
    style = all_styles()["rock"]
    for clip, operation in ((USUAL, Operation.EXTEND), (SOFT, Operation.RESTYLE), (None, Operation.EXTEND)):
        assert at_level(style, heard_level(clip, operation)) is style
