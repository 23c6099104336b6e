"""The MIDI file: read back by another program's reader, it is the score."""

from __future__ import annotations

import io

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.score import Part, Score, Sound
from generation.hearing import Note
from tests.generation.engines.arranger_sound.playing import band, part, score


def read(written: Score) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(to_midi(written)))


def notes_of(file: mido.MidiFile, track: int) -> list[tuple[float, float, int, int]]:
    """(start, end, pitch, velocity) with times in seconds as mido plays the file."""
    single = mido.MidiFile(type=1, ticks_per_beat=file.ticks_per_beat, tracks=[file.tracks[0], file.tracks[track]])
    now, begun, out = 0.0, {}, []
    for message in single:
        now += message.time
        if message.type == "note_on" and message.velocity:
            begun[message.note] = (now, message.velocity)
        elif message.type == "note_off":
            start, velocity = begun.pop(message.note)
            out.append((start, now, message.note, velocity))
    assert not begun
    return sorted(out)


def test_every_note_comes_back_at_its_time() -> None:
    written = band(duration_s=8.0)
    file = read(written)
    assert [track.name for track in file.tracks] == ["Bandmate", "drums", "bass", "chords", "lead"]
    for index, one in enumerate(written.parts):
        wanted = sorted((n.start_s, n.end_s, n.pitch, round(n.velocity * 127)) for n in one.notes)
        for got, want in zip(notes_of(file, index + 1), wanted, strict=True):
            assert got == pytest.approx(want, abs=0.002)


def test_drums_are_on_channel_10_and_programs_are_set() -> None:
    file = read(band())
    channels = [{m.channel for m in track if not m.is_meta} for track in file.tracks[1:]]
    assert channels[0] == {9}
    assert all(9 not in channel for channel in channels[1:])
    assert len(set.union(*channels)) == 4
    programs = [next(m.program for m in track if m.type == "program_change") for track in file.tracks[1:]]
    assert programs == [0, 33, 4, 81]


def test_wavering_beats_stay_on_the_grid() -> None:
    rng = np.random.default_rng(4)
    beats = tuple(np.cumsum([0.35, *rng.uniform(0.4, 0.7, 20)]).tolist())
    written = Score(12.0, (Part("lead", Sound("gm:0"), tuple(Note(t, t + 0.2, 60) for t in beats)),), beats, 4)
    file = read(written)
    tick, ticks = 0, []
    for message in file.tracks[1]:
        tick += message.time
        if message.type == "note_on":
            ticks.append(tick)
    assert all(tick % file.ticks_per_beat == 0 for tick in ticks)
    assert ticks[0] % (4 * file.ticks_per_beat) == 0  # the first beat is a downbeat
    starts = [start for start, *_ in notes_of(file, 1)]
    assert starts == pytest.approx(beats, abs=0.001)


def test_metre_and_markers() -> None:
    six = Score(6.0, (), tuple(np.arange(0, 6.1, 0.25).tolist()), 6, markers=((0.0, "intro"), (3.0, "drop ♥")))
    file = read(six)
    metre = next(m for m in file.tracks[0] if m.type == "time_signature")
    assert (metre.numerator, metre.denominator) == (6, 8)
    tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    assert tempo == pytest.approx(500_000)  # a quarter is two eighths of 0.25 s
    now, marked = 0.0, []
    for message in file:
        now += message.time
        if message.type == "marker":
            marked.append((round(now, 3), message.text))
    assert marked == [(0.0, "intro"), (3.0, "drop ?")]


def test_a_note_that_rings_into_its_repeat_does_not_end_it() -> None:
    file = read(score(part("lead", "gm:0", Note(0.0, 1.5, 60), Note(1.0, 2.0, 60))))
    assert [(round(a, 2), round(b, 2)) for a, b, *_ in notes_of(file, 1)] == [(0.0, 1.0), (1.0, 2.0)]


def test_tuning_is_a_pitch_bend_for_all_but_drums() -> None:
    written = score(part("drums", "kit:0", Note(0, 0.1, 36)), part("lead", "gm:0", Note(0, 1, 60)), tuning_cents=-40.0)
    drums, lead = read(written).tracks[1:]
    assert not [m for m in drums if m.type == "pitchwheel"]
    assert [m.pitch for m in lead if m.type == "pitchwheel"] == [round(-8191 * 0.2)]


def test_a_score_without_beats_or_notes_is_a_valid_file() -> None:
    assert read(Score(1.0, (), ())).length == 0


times = st.floats(0, 20, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(times, times, st.integers(0, 127), st.floats(0, 1)), max_size=30),
    st.lists(st.floats(0.05, 2), min_size=0, max_size=30),
    st.floats(0, 3),
    st.sampled_from([3, 4, 6]),
)
def test_any_score_gives_a_file_with_its_notes(
    raw: list[tuple[float, float, int, float]], steps: list[float], first: float, metre: int
) -> None:
    beats = tuple((first + np.concatenate([[0], np.cumsum(steps)])).tolist())
    notes = tuple(Note(min(a, b), max(a, b), pitch, velocity) for a, b, pitch, velocity in raw)
    file = read(Score(20.0, (Part("lead", Sound("gm:0"), notes),), beats, metre))
    starts = sorted(m.note for m in file.tracks[1] if m.type == "note_on")
    assert starts == sorted(note.pitch for note in notes)
