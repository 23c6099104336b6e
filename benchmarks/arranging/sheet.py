"""A take's MIDI file, read with mido: its beats in seconds and its notes, for measures that trust nothing else."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import mido
import numpy as np

DRUM_CHANNEL = 9


@dataclass(frozen=True)
class Written:
    """A note of the file: its start (from the first whole beat) and length in beats, MIDI pitch, velocity 1..127,
    program, track, drum or not."""

    start: float
    length: float
    pitch: int
    velocity: int
    program: int
    track: int
    is_drum: bool


@dataclass(frozen=True)
class Sheet:
    """The file: times of its beats in seconds, beats in a bar, notes by start, the tracks' names, and how many
    beats lie before the first downbeat."""

    beats_s: np.ndarray
    beats_per_bar: int
    notes: tuple[Written, ...]
    names: tuple[str, ...] = ()
    pickup: int = 0

    @property
    def downbeats_s(self) -> np.ndarray:
        """The times of the bars' first beats."""
        return self.beats_s[self.pickup :: self.beats_per_bar]

    def seconds(self, beat: float) -> float:
        """The time of a position in beats; past the last beat the tempo stays."""
        last = len(self.beats_s) - 1
        index = min(max(int(beat), 0), last - 1)
        return float(self.beats_s[index] + (beat - index) * (self.beats_s[index + 1] - self.beats_s[index]))

    @property
    def tempo_bpm(self) -> float:
        """Beats a minute, the median beat."""
        return 60 / float(np.median(np.diff(self.beats_s)))

    @property
    def programs(self) -> frozenset[int]:
        """General MIDI programs that have notes."""
        return frozenset(note.program for note in self.notes if not note.is_drum)

    @property
    def has_drums(self) -> bool:
        """Whether percussion sounds."""
        return any(note.is_drum for note in self.notes)


def read_sheet(data: bytes) -> Sheet:
    """Parse a file's bytes."""
    file = mido.MidiFile(file=io.BytesIO(data))
    timed = [(tick, message) for track in file.tracks for tick, message in _absolute(track)]
    pickup_ticks, metre = max(
        ((tick, m) for tick, m in timed if m.type == "time_signature"), default=(0, None), key=lambda item: item[0]
    )
    per_bar = metre.numerator if metre else 4
    beat_ticks = file.ticks_per_beat * 4 // (metre.denominator if metre else 4)
    tempos = sorted((tick, m.tempo) for tick, m in timed if m.type == "set_tempo") or [(0, 500_000)]
    end = max(tick for tick, _ in timed)
    seconds = _clock(tempos, file.ticks_per_beat)
    beats_s = np.array([seconds(tick) for tick in range(pickup_ticks % beat_ticks, end + 1, beat_ticks)])
    first = pickup_ticks % beat_ticks
    notes = [note for index, track in enumerate(file.tracks) for note in _notes(track, index, beat_ticks, first)]
    names = tuple(track.name for track in file.tracks)
    by_start = tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))
    return Sheet(beats_s, per_bar, by_start, names, pickup_ticks // beat_ticks)


def _absolute(track: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    return list(zip(accumulate(message.time for message in track), track, strict=True))


def _clock(tempos: list[tuple[int, int]], ticks_per_quarter: int) -> Callable[[int], float]:
    """A function from ticks to seconds."""
    starts = [tick for tick, _ in tempos]
    at = [0.0]
    for (tick, tempo), following in zip(tempos, starts[1:], strict=False):
        at.append(at[-1] + (following - tick) * tempo / 1e6 / ticks_per_quarter)

    def seconds(tick: int) -> float:
        index = max(bisect_right(starts, tick) - 1, 0)
        return at[index] + (tick - starts[index]) * tempos[index][1] / 1e6 / ticks_per_quarter

    return seconds


def _notes(track: mido.MidiTrack, index: int, beat_ticks: int, first_tick: int) -> list[Written]:
    program, sounding, found = 0, dict[tuple[int, int], tuple[int, int]](), []
    for tick, message in _absolute(track):
        if message.type == "program_change":
            program = message.program
        elif message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note] = tick, message.velocity
        elif message.type in ("note_on", "note_off") and (message.channel, message.note) in sounding:
            start, velocity = sounding.pop((message.channel, message.note))
            is_drum = message.channel == DRUM_CHANNEL
            length = (tick - start) / beat_ticks
            place = (start - first_tick) / beat_ticks
            found.append(Written(place, length, message.note, velocity, program, index, is_drum))
    return found
