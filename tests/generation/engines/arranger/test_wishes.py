"""What the prompt asks of the band is in the score: instruments, drums, tempo, key, metre, form, mood."""

from __future__ import annotations

import pytest

from generation.engines.arranger.vocabulary import vocabulary
from generation.hearing import Key
from generation.request import Operation
from tests.support.hearings import song
from tests.support.scores import chord_classes, composed, part

INSTRUMENTS = vocabulary().settings["instrument"]
STYLES = ("lofi", "metal", "ambient", "jazz", "techno", "classical", "chiptune", "reggae")


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
@pytest.mark.parametrize("style", STYLES)
def test_an_instrument_asked_for_sounds(name: str, style: str) -> None:
    word = INSTRUMENTS[name]["words"][0]
    for seed, length in ((1, 4), (2, 24)):
        score = composed(Operation.COMPOSE, f"{style} with {word}", seed, duration_s=length).score
        if name == "drums":
            assert part(score, "drums") is not None
        else:
            assert {p.sound.instrument for p in score.parts} & set(INSTRUMENTS[name]["sounds"])


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
@pytest.mark.parametrize("style", STYLES)
def test_an_instrument_excluded_is_silent(name: str, style: str) -> None:
    word = INSTRUMENTS[name]["words"][0]
    for seed in (1, 2, 3):
        score = composed(Operation.COMPOSE, f"{style}, no {word}", seed, duration_s=16).score
        assert not {p.sound.instrument for p in score.parts} & set(INSTRUMENTS[name]["sounds"])
        if name == "drums":
            assert not any(p.is_drums for p in score.parts)
        if name == "bass":
            assert part(score, "bass") is None


def test_only_piano_is_only_piano() -> None:
    for style in STYLES:
        score = composed(Operation.COMPOSE, f"{style}, only piano", 4).score
        assert {p.sound.instrument for p in score.parts} == {"gm:0"}
        assert len(score.parts) >= 2


def test_only_drums_is_only_drums() -> None:
    score = composed(Operation.COMPOSE, "funk, only drums", 4).score
    assert [p.name for p in score.parts] == ["drums"]


def test_wishes_for_the_band_hold_for_a_clip_too() -> None:
    score = composed(Operation.RESTYLE, "rock with sax, no drums", 2, song()).score
    assert "gm:66" in {p.sound.instrument for p in score.parts}
    assert not any(p.is_drums for p in score.parts)


def test_tempo_key_and_metre_are_obeyed() -> None:
    made = composed(Operation.COMPOSE, "jazz waltz in 3/4, 132 bpm, in E minor", 3)
    beats = made.score.beats_s
    assert made.score.beats_per_bar == 3
    assert beats[1] - beats[0] == pytest.approx(60 / 132, rel=1e-3)
    assert made.frame.key == Key(4, "minor")
    assert chord_classes(made.details["chords"][-1]["chord"])[0] == 4


def test_moods_change_the_mode() -> None:
    assert composed(Operation.COMPOSE, "happy synthwave", 1).frame.key.mode == "major"
    assert composed(Operation.COMPOSE, "sad pop", 1).frame.key.mode == "minor"


def test_a_build_up_leads_into_a_drop() -> None:
    made = composed(Operation.COMPOSE, "techno with a build up and a drop", 1, duration_s=40)
    kinds = [section["part"] for section in made.details["form"]]
    assert kinds[kinds.index("build") + 1] == "drop"
    drums = part(made.score, "drums")
    assert drums is not None
    edges = {kind: time for time, kind in reversed(made.score.markers)}
    build = [n for n in drums.notes if edges["build"] <= n.start_s < edges["drop"] and n.pitch == 38]
    middle = (edges["build"] + edges["drop"]) / 2
    assert sum(n.start_s > middle for n in build) > sum(n.start_s <= middle for n in build)


def test_half_time_halves_the_backbeat() -> None:
    plain = composed(Operation.COMPOSE, "rock 120 bpm", 1, duration_s=30).score
    half = composed(Operation.COMPOSE, "rock 120 bpm half time", 1, duration_s=30).score
    strokes = [
        sum(n.pitch in (37, 38, 39) and n.velocity > 0.6 for p in score.parts if p.is_drums for n in p.notes)
        for score in (plain, half)
    ]
    assert strokes[1] < 0.7 * strokes[0]


def test_low_and_high_energy_differ() -> None:
    counts = [
        sum(len(p.notes) for p in composed(Operation.COMPOSE, f"house, {word}", 1, duration_s=30).score.parts)
        for word in ("minimal, calm", "high energy, wild")
    ]
    assert counts[1] > 1.3 * counts[0]
