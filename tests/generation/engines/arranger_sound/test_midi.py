"""The MIDI file: read back by another program's reader, it is the score."""

from __future__ import annotations

import io
from dataclasses import replace

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.score import Part, Score, Sound
from generation.hearing import Note
from generation.request import Operation
from tests.generation.engines.arranger_sound.playing import band, part, score
from tests.support import hearings
from tests.support.scores import composed


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


def clock_of(file: mido.MidiFile, ticks: np.ndarray) -> np.ndarray:
    """When the file plays these ticks, in seconds."""
    at, seconds, tempo, now, out = 0, 0.0, 500_000, 0, [(0, 0.0)]
    for message in file.tracks[0]:
        now += message.time
        if message.type == "set_tempo":
            seconds += mido.tick2second(now - at, file.ticks_per_beat, tempo)
            at, tempo = now, message.tempo
            out.append((now, seconds))
    end = max(int(ticks.max()), at) + 1
    out.append((end, seconds + mido.tick2second(end - at, file.ticks_per_beat, tempo)))
    return np.interp(ticks, *np.array(out).T)


def metres_of(file: mido.MidiFile) -> list[tuple[int, int, int]]:
    """(tick, ticks of a beat, beats of a bar) of every time signature."""
    now, found = 0, []
    for message in file.tracks[0]:
        now += message.time
        if message.type == "time_signature":
            found.append((now, file.ticks_per_beat * 4 // message.denominator, message.numerator))
    return found


def last_tick(file: mido.MidiFile) -> int:
    return max(sum(message.time for message in track) for track in file.tracks)


def beats_of(file: mido.MidiFile) -> np.ndarray:
    start, beat, _ = metres_of(file)[-1]
    return clock_of(file, np.arange(start % beat, last_tick(file) + 1, beat))


def bar_lines_of(file: mido.MidiFile) -> np.ndarray:
    first, beat, size = metres_of(file)[-1]
    return clock_of(file, np.arange(first, last_tick(file) + 1, beat * size))


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
    assert all((tick - ticks[0]) % file.ticks_per_beat == 0 for tick in ticks)
    assert metres_of(file)[-1] == (ticks[0], file.ticks_per_beat, 4)  # the first beat is a downbeat
    starts = [start for start, *_ in notes_of(file, 1)]
    assert starts == pytest.approx(beats, abs=0.001)


WAVERING = {
    "wavering": hearings.song(96.0, bars=9, waver=0.06, offset_s=0.35),
    "gliding far": hearings.song(70.0, bars=7, waver=0.25, offset_s=0.02),
    "three beats": hearings.song(132.0, bars=9, beats_per_bar=3, waver=0.05, offset_s=0.9),
    "six eighths": hearings.song(190.0, bars=9, beats_per_bar=6, waver=0.05, offset_s=0.1),
    "very slow": hearings.song(38.0, bars=4, waver=0.1, offset_s=1.1),
}


@pytest.mark.parametrize("name", WAVERING)
@pytest.mark.parametrize("operation", [Operation.ACCOMPANY, Operation.EXTEND])
def test_the_file_plays_in_time_with_the_take(name: str, operation: Operation) -> None:
    heard = WAVERING[name]
    short = replace(heard, duration_s=heard.duration_s - 0.7)  # an extension begins within a bar
    made = composed(operation, "soul", 3, short, duration_s=9.0 if operation is Operation.EXTEND else None)
    file = read(made.score)
    for index, one in enumerate(made.score.parts):
        starts = [start for start, *_ in notes_of(file, index + 1)]
        assert starts == pytest.approx(sorted(note.start_s for note in one.notes), abs=0.002), one.name
    beats = beats_of(file)
    for beat in made.score.beats_s[:-1]:
        assert np.abs(beats - beat).min() < 0.002
    tempos_bpm = [mido.tempo2bpm(m.tempo) for m in file.tracks[0] if m.type == "set_tempo"]
    usual = np.median(tempos_bpm[1:])
    assert usual / 2.2 < min(tempos_bpm) and max(tempos_bpm[1:]) < 1.5 * usual
    assert tempos_bpm[0] < 400  # of what is left before the first beat: no sequencer stumbles over it
    assert np.abs(bar_lines_of(file) - made.score.beats_s[0]).min() < 0.002


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


@settings(max_examples=60)
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
