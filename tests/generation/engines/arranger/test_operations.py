"""Operations on clips: the clip's tempo, bars, chords and tune are kept; bad clips still give music or a sentence."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from generation.hearing import Hearing, Key
from generation.request import Operation
from tests.support import hearings
from tests.support.scores import chord_classes, composed, melodic, part, share_in_harmony

FOLLOWING = (Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY)
ALL = (Operation.COMPOSE, Operation.EXTEND, *FOLLOWING)


@pytest.mark.parametrize("operation", FOLLOWING)
def test_the_clips_chords_are_followed(operation: Operation) -> None:
    clip = hearings.song()
    made = composed(operation, "pop", 1, clip)
    for chord in clip.chords[:-1]:
        middle = (chord.start_s + chord.end_s) / 2
        sounding = next(c for c in reversed(made.details["chords"]) if c["start_s"] <= middle)
        assert chord_classes(sounding["chord"])[0] == chord.root


@pytest.mark.parametrize("prompt", ["drum and bass", "trap", "lofi", "house", "punk", "ambient"])
@pytest.mark.parametrize("tempo", [40.0, 70.0, 100.0, 140.0, 180.0, 260.0])
def test_the_clips_bars_are_kept_at_any_tempo(prompt: str, tempo: float) -> None:
    clip = hearings.song(tempo)
    made = composed(Operation.ACCOMPANY, prompt, 1, clip)
    grid = made.score.beats_s
    for beat in clip.beats_s:
        assert min(abs(beat - other) for other in grid) < 0.002
    for downbeat in clip.downbeats_s:
        assert min(abs(downbeat - other) for other in grid[:: made.score.beats_per_bar]) < 0.002


def test_the_band_wavers_with_the_clip() -> None:
    clip = hearings.song(96.0, waver=0.06)
    drums = part(composed(Operation.ACCOMPANY, "rock", 1, clip).score, "drums")
    assert drums is not None
    kicks = [note.start_s for note in drums.notes if note.pitch == 36 and note.velocity > 0.6]
    steps = [b + (c - b) * i / 4 for b, c in pairwise(clip.beats_s) for i in range(4)]
    off = [min(abs(kick - step) for step in steps) for kick in kicks if kick < clip.beats_s[-1]]
    assert max(off) < 0.025


def test_restyle_keeps_the_tune() -> None:
    clip = hearings.song()
    lead = part(composed(Operation.RESTYLE, "jazz", 1, clip).score, "lead")
    assert lead is not None
    found = 0
    for note in clip.melody:
        found += any(abs(n.start_s - note.start_s) < 0.15 and (n.pitch - note.pitch) % 12 == 0 for n in lead.notes)
    assert found >= 0.85 * len(clip.melody)


def test_vary_strays_with_its_strength() -> None:
    clip = hearings.song()

    def notes(strength: float, seed: int, name: str) -> object:
        found = part(composed(Operation.VARY, "soul", seed, clip, strength=strength).score, name)
        return None if found is None else [(round(n.start_s, 1), n.pitch) for n in found.notes]

    assert notes(0.1, 1, "lead") == notes(0.1, 2, "lead")
    assert notes(0.1, 1, "bass") == notes(0.1, 2, "bass")
    assert notes(0.1, 1, "drums") != notes(0.1, 2, "drums")
    assert notes(0.6, 1, "keys") != notes(0.6, 2, "keys")
    assert notes(1.0, 1, "lead") != notes(1.0, 2, "lead")
    assert notes(1.0, 1, "lead") != notes(0.1, 1, "lead")


def test_extend_goes_on_at_the_bar_line_and_in_the_cycle() -> None:
    clip = hearings.song(100.0, bars=8)
    made = composed(Operation.EXTEND, "pop", 1, clip, duration_s=20)
    frame = made.frame
    grid = [time + frame.clock_shift_s for time in made.score.beats_s]
    bar_s = clip.downbeats_s[1] - clip.downbeats_s[0]
    for downbeat in grid[:: made.score.beats_per_bar]:
        bars_on = (downbeat - clip.downbeats_s[0]) / bar_s
        assert bars_on == pytest.approx(round(bars_on), abs=1e-3)
    roots = [chord_classes(c["chord"])[0] for c in made.details["chords"] if c["start_s"] > 0.1]
    assert roots[:3] in ([9, 5, 0], [5, 0, 7])
    assert frame.clock_shift_s + made.score.duration_s == pytest.approx(clip.duration_s + 20, abs=1e-6)


def test_extend_goes_on_at_the_tempo_that_was_said_though_another_was_heard() -> None:
    misheard = hearings.song(98.6, bars=4)
    made = composed(Operation.EXTEND, "pop", 1, misheard, duration_s=8, tempo_bpm=100.0)
    after = [beat_s for beat_s in made.score.beats_s if beat_s + made.frame.clock_shift_s > misheard.duration_s + 0.1]
    assert len(after) >= 12
    assert np.diff(after) == pytest.approx(0.6, abs=1e-6)
    first_s = after[0] + made.frame.clock_shift_s - misheard.beats_s[-1]
    assert first_s / 0.6 == pytest.approx(round(first_s / 0.6), abs=0.1)  # in step with the beats before it
    untold = composed(Operation.EXTEND, "pop", 1, misheard, duration_s=8)
    assert np.diff(untold.score.beats_s[-12:]).mean() == pytest.approx(60 / 98.6, rel=1e-3)


def test_extend_takes_the_clips_last_phrase_up_again() -> None:
    clip = hearings.song(100.0, bars=8)
    made = composed(Operation.EXTEND, "pop", 1, clip, duration_s=20)
    lead = part(made.score, "lead")
    assert lead is not None
    phrase_s = clip.downbeats_s[4] - clip.downbeats_s[0]
    shift_s = phrase_s - made.frame.clock_shift_s
    again = [note for note in clip.melody if note.start_s >= clip.downbeats_s[4]]
    kept = [any(abs(n.start_s - a.start_s - shift_s) < 0.1 and (n.pitch - a.pitch) % 12 == 0 for n in lead.notes)
            for a in again]  # fmt: skip
    assert sum(kept) >= 0.85 * len(again)
    later = [note for note in lead.notes if note.start_s > again[-1].end_s + shift_s]
    assert later  # and then it goes on with a tune of its own


def test_extend_trusts_the_cycle_that_was_heard_most_often() -> None:
    full = hearings.song(100.0, bars=12)
    wrong = replace(full.chords[9], root=(full.chords[9].root or 0) + 1, confidence=0.3)
    clip = replace(full, chords=(*full.chords[:9], wrong, *full.chords[10:]))
    made = composed(Operation.EXTEND, "pop", 1, clip, duration_s=20)
    roots = [chord_classes(c["chord"])[0] for c in made.details["chords"] if c["start_s"] > 0.1]
    assert set(roots) <= {9, 5, 0, 7}


def test_compose_takes_tempo_and_key_from_its_clip() -> None:
    made = composed(Operation.COMPOSE, "house", 1, hearings.song(122.0))
    assert made.details["tempo_bpm"] == pytest.approx(122, abs=0.5)
    assert made.details["key"] == "A minor"
    assert made.details["chords_from_clip"]


def test_overrides_of_tempo_and_key() -> None:
    clip = hearings.song(100.0)
    double = composed(Operation.ACCOMPANY, "rock", 1, clip, tempo_bpm=200.0)
    assert double.details["tempo_bpm"] == pytest.approx(200, abs=1)
    moved = composed(Operation.RESTYLE, "rock", 1, clip, key="C minor")
    assert moved.frame.key == Key(0, "minor")
    assert chord_classes(moved.details["chords"][0]["chord"])[0] == 0
    kept = composed(Operation.ACCOMPANY, "rock in C minor", 1, clip)
    assert kept.frame.key == Key(9, "minor")
    assert any("stayed there" in remark for remark in kept.remarks)


def test_a_new_tempo_carries_the_music_along() -> None:
    clip = hearings.song(100.0)
    made = composed(Operation.RESTYLE, "rock", 1, clip, tempo_bpm=125.0)
    beats = made.score.beats_s
    assert beats[1] - beats[0] == pytest.approx(0.48, abs=1e-3)
    assert made.score.duration_s == pytest.approx(clip.duration_s * 100 / 125, rel=0.02)


def test_the_band_tunes_to_the_clip() -> None:
    assert composed(Operation.ACCOMPANY, "pop", 1, hearings.song(tuning_cents=-40.0)).score.tuning_cents == -40.0


@pytest.mark.parametrize("beats_per_bar", [3, 6])
@pytest.mark.parametrize("prompt", ["pop", "jazz", "techno", "reggae", "metal", "waltz", "trap"])
def test_other_metres(prompt: str, beats_per_bar: int) -> None:
    made = composed(
        Operation.RESTYLE, prompt, 1, hearings.song(110.0 if beats_per_bar == 3 else 180.0, beats_per_bar=beats_per_bar)
    )
    assert made.score.beats_per_bar == beats_per_bar
    assert share_in_harmony(made) >= 0.97


BAD_CLIPS: dict[str, Hearing] = {
    "silence": hearings.silence(),
    "noise": hearings.noise(),
    "speech": Hearing(7.0, -20.0, -6.0, 110.0, 0.54, (0.4, 1.0, 1.5, 2.2), (), 4, brightness_hz=1500.0),
    "drums alone": hearings.drums_alone(),
    "one note": hearings.one_note(),
    "a tenth of a second": Hearing(0.1, None, -3.0),
    "half a second": Hearing(0.5, None, -3.0, key=Key(2, "minor"), key_confidence=0.3),
    "hummed": hearings.hummed(),
    "30 BPM": hearings.song(30.0, bars=3),
    "300 BPM": hearings.song(300.0, bars=24),
    "changing tempo": hearings.song(100.0, waver=0.25),
    "two beats": Hearing(1.4, -10.0, -1.0, 100.0, 0.9, (0.1, 0.7), (0.1,), 4),
    "five minutes": hearings.song(120.0, bars=150),
    "out of tune": hearings.song(tuning_cents=40.0),
    "chords of odd kinds": hearings.song(chords=((2, "dim"), (7, "aug"), (0, "min7b5"), (5, "sus4"), (11, "7"))),
}


@pytest.mark.parametrize("name", BAD_CLIPS)
@pytest.mark.parametrize("operation", ALL)
def test_bad_clips_give_music(name: str, operation: Operation) -> None:
    clip = BAD_CLIPS[name]
    for prompt in ("", "jazz", "dnb"):
        if operation is Operation.COMPOSE and not prompt:
            continue
        made = composed(operation, prompt, 1, clip)
        assert melodic(made.score)
        for found in made.score.parts:
            for note in found.notes:
                assert 0 <= note.start_s < note.end_s <= made.score.duration_s
                assert 12 <= note.pitch <= 115
        assert share_in_harmony(made) >= 0.97


def test_what_is_wrong_with_a_clip_is_told() -> None:
    assert any("silent" in r for r in composed(Operation.RESTYLE, "pop", 1, BAD_CLIPS["silence"]).remarks)
    assert any("no steady beat" in r for r in composed(Operation.RESTYLE, "pop", 1, BAD_CLIPS["noise"]).remarks)
    assert any(
        "only 0.1 s" in r for r in composed(Operation.RESTYLE, "pop", 1, BAD_CLIPS["a tenth of a second"]).remarks
    )


@pytest.mark.parametrize("length", [1.0, 1.7, 2.5, 4.0, 7.3, 11.0, 33.3, 120.0, 300.0])
@pytest.mark.parametrize("prompt", ["lofi", "dnb", "waltz", "6/8 folk", "ambient"])
def test_any_length(prompt: str, length: float) -> None:
    score = composed(Operation.COMPOSE, prompt, 1, duration_s=length).score
    assert score.duration_s == length
    assert melodic(score)
    last = max(n.end_s for p in melodic(score) for n in p.notes)
    assert last > length - 2.5
    if length >= 60:
        assert sum(len(p.notes) for p in score.parts) > length


def test_a_hummed_tune_gets_chords_that_hold_it() -> None:
    clip = hearings.hummed()
    made = composed(Operation.ACCOMPANY, "folk", 1, clip)
    assert made.details["chords_from_clip"]
    held = 0
    for note in clip.melody:
        chord = next(c for c in reversed(made.details["chords"]) if c["start_s"] <= note.start_s + 0.05)
        held += note.pitch % 12 in chord_classes(chord["chord"])
    assert held >= 0.5 * len(clip.melody)
