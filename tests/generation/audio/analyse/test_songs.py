"""What is heard in songs of known truth: tempo, beats, bars, chords, key, tuning, melody."""

from __future__ import annotations

from functools import cache

import mir_eval
import numpy as np
import pytest

from generation.audio.analyse import analyse
from generation.hearing import Hearing, Key
from tests.support import music
from tests.support.repertoire import FIVE, PLANS

SONGS = {plan.name: plan for plan in (*PLANS, FIVE)}


@cache
def heard(name: str, tuning_cents: float = 0.0) -> tuple[music.Song, Hearing]:
    song = music.write(SONGS[name])
    return song, analyse(music.render(song, tuning_cents=tuning_cents))


def beat_f(truth: tuple[float, ...], found: tuple[float, ...]) -> float:
    return float(mir_eval.beat.f_measure(np.array(truth), np.array(found)))


def chord_overlap(song: music.Song, hearing: Hearing, *, qualities: bool = False) -> float:
    """Share of the time in which root and major or minor third (or the very quality) are right."""
    right = 0.0
    for start_s, end_s, root, quality in song.chords:
        for chord in hearing.chords:
            same = chord.root == root and (
                chord.quality == quality if qualities else ("min" in chord.quality) == ("min" in quality)
            )
            right += max(min(chord.end_s, end_s) - max(chord.start_s, start_s), 0) if same else 0.0
    return right / sum(end_s - start_s for start_s, end_s, *_ in song.chords)


@pytest.mark.parametrize(
    ("name", "tempo_bpm", "beats_per_bar"),
    [
        ("rock 110", 110, 4),
        ("fast breakbeat", 178, 4),
        ("slow 60", 60, 4),
        ("half-time 76", 76, 4),
        ("swing 132", 132, 4),
        ("waltz 140", 140, 3),
        ("slow waltz 96", 96, 3),
        ("six-eight 68", 204, 6),
        ("no drums", 118, 4),
    ],
)
def test_tempo_beats_and_bars(name: str, tempo_bpm: float, beats_per_bar: int) -> None:
    song, hearing = heard(name)
    assert hearing.has_beat
    assert hearing.tempo_bpm == pytest.approx(tempo_bpm, rel=0.01)
    assert hearing.beats_per_bar == beats_per_bar
    assert beat_f(song.beats_s, hearing.beats_s) > 0.95
    assert beat_f(song.downbeats_s, hearing.downbeats_s) > 0.9


@pytest.mark.parametrize("name", ["rock 110", "slow 60", "half-time 76", "no drums", "waltz 140"])
def test_key_and_chords(name: str) -> None:
    song, hearing = heard(name)
    assert hearing.key == Key(*song.key)
    assert hearing.key_confidence > 0.5
    assert chord_overlap(song, hearing) > 0.95
    assert hearing.chord_confidence > 0.6


@pytest.mark.parametrize(("name", "share"), [("suspended", 0.8), ("aug and dim", 0.9), ("swing 132", 0.6)])
def test_more_than_triads(name: str, share: float) -> None:
    song, hearing = heard(name)
    assert chord_overlap(song, hearing, qualities=True) > share


def test_plain_triads_get_no_sevenths() -> None:
    song, hearing = heard("rock 110")
    assert chord_overlap(song, hearing, qualities=True) > 0.95


@pytest.mark.parametrize("cents", [-40.0, 40.0])
def test_a_clip_out_of_tune_keeps_its_chords(cents: float) -> None:
    song, hearing = heard("rock 110", cents)
    assert hearing.tuning_cents == pytest.approx(cents, abs=4)
    assert chord_overlap(song, hearing) > 0.95
    assert hearing.key == Key(*song.key)
    assert any("cents" in remark for remark in hearing.remarks)


def test_a_gliding_tempo_is_followed_and_said() -> None:
    song, hearing = heard("speeding up")
    assert beat_f(song.beats_s, hearing.beats_s) > 0.95
    assert any("tempo changes" in remark for remark in hearing.remarks)


def test_five_four_is_named_and_counted_in_four() -> None:
    _, hearing = heard("five-four")
    assert any("five beats" in remark for remark in hearing.remarks)
    assert hearing.beats_per_bar == 4
    assert hearing.metre_confidence == 0


def test_a_tune_is_heard_as_its_notes() -> None:
    song, hearing = heard("no drums")
    tune = [note for note in song.notes if note.part == "lead" and note.start_s < song.duration_s - 0.3]
    found = sum(
        any(n.pitch == note.pitch and abs(n.start_s - note.start_s) < 0.1 for n in hearing.melody) for note in tune
    )
    assert found / len(tune) > 0.7
    assert hearing.melody_confidence > 0.5


def test_hearing_travels_as_json() -> None:
    _, hearing = heard("rock 110")
    assert Hearing.from_json(hearing.to_json()) == hearing
