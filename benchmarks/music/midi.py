"""What a take's MIDI file says, read with mido: its grid in seconds, its notes, its instruments."""

from __future__ import annotations

import io
from dataclasses import dataclass

import mido
import numpy as np

FAMILIES: dict[str, frozenset[int]] = {
    "piano": frozenset(range(4)),
    "electric piano": frozenset({4, 5}),
    "organ": frozenset(range(16, 21)),
    "accordion": frozenset({21, 23}),
    "guitar": frozenset(range(24, 32)),
    "bass": frozenset({*range(32, 40), 43, 87}),
    "double bass": frozenset({32, 43}),
    "slap bass": frozenset({36, 37}),
    "violin": frozenset({40, 110}),
    "strings": frozenset({*range(40, 46), 48, 49, 50, 51}),
    "harp": frozenset({46}),
    "choir": frozenset({52, 53, 54, 91}),
    "trumpet": frozenset({56, 59}),
    "saxophone": frozenset(range(64, 68)),
    "clarinet": frozenset({71}),
    "flute": frozenset({72, 73}),
    "banjo": frozenset({105}),
}
"""General MIDI 1 programs, counted from 0, that are heard as an instrument."""
DRUM_CHANNEL = 9


@dataclass(frozen=True)
class Sounded:
    """A note: seconds, pitch, the track it is in."""

    start_s: float
    end_s: float
    pitch: int
    track: str
    is_drum: bool


@dataclass(frozen=True)
class Sheet:
    """The file: beats and bar lines in seconds (of the file's own clock), notes, programs by track."""

    beats_s: np.ndarray
    downbeats_s: np.ndarray
    beats_per_bar: int
    notes: tuple[Sounded, ...]
    programs: frozenset[int]
    has_drums: bool

    @property
    def tempo_bpm(self) -> float:
        """Beats a minute over the whole file."""
        return self.tempo_from(0.0)

    def tempo_from(self, start_s: float) -> float:
        """Beats a minute from a moment on; over the whole file where there are hardly any."""
        later_s = self.beats_s[self.beats_s >= start_s]
        beats_s = later_s if later_s.size > 2 else self.beats_s
        return 60 / float(np.polyfit(np.arange(beats_s.size), beats_s, 1)[0])

    def plays(self, instrument: str) -> bool:
        """Whether an instrument of FAMILIES, or "drums", plays at least a note."""
        return self.has_drums if instrument == "drums" else bool(self.programs & FAMILIES[instrument])


def read(data: bytes) -> Sheet:
    """Read a file of one metre, but for a pick-up, as the arranger writes them."""
    file = mido.MidiFile(file=io.BytesIO(data))
    pickup_ticks, metre = _metre(file.tracks[0])
    clock = _Clock(file)
    notes: list[Sounded] = []
    programs: set[int] = set()
    for track in file.tracks[1:]:
        own, program = _notes(track, clock)
        notes += own
        if own and not own[0].is_drum:
            programs.add(program)
    last_s = max((note.end_s for note in notes), default=0.0)
    ticks_per_beat = file.ticks_per_beat * 4 // metre.denominator
    beats = clock.seconds(np.arange(pickup_ticks % ticks_per_beat, clock.tick_at(last_s) + 1, ticks_per_beat))
    pickup = pickup_ticks // ticks_per_beat
    notes.sort(key=lambda note: note.start_s)
    return Sheet(
        beats, beats[pickup :: metre.numerator], metre.numerator, tuple(notes),
        frozenset(programs), any(note.is_drum for note in notes),
    )  # fmt: skip


def _metre(track: mido.MidiTrack) -> tuple[int, mido.MetaMessage]:
    """The tick from which the file's metre holds (before it lies a pick-up), and its message."""
    now, found = 0, (0, mido.MetaMessage("time_signature"))
    for message in track:
        now += message.time
        if message.type == "time_signature":
            found = (now, message)
    return found


class _Clock:
    """Ticks <-> seconds by the tempo changes of the first track."""

    def __init__(self, file: mido.MidiFile) -> None:
        ticks, tempos, now = [0], [500_000], 0
        for message in file.tracks[0]:
            now += message.time
            if message.type == "set_tempo":
                ticks.append(now)
                tempos.append(message.tempo)
        ticks.append(10**7)
        self._ticks = np.array(ticks, np.float64)
        steps = np.diff(self._ticks) * np.array(tempos) / 1e6 / file.ticks_per_beat
        self._seconds = np.concatenate(([0.0], np.cumsum(steps)))

    def seconds(self, ticks: np.ndarray) -> np.ndarray:
        """When these ticks are played."""
        return np.asarray(np.interp(ticks, self._ticks, self._seconds))

    def tick_at(self, time_s: float) -> float:
        """The tick that is played at this time."""
        return float(np.interp(time_s, self._seconds, self._ticks))


def _notes(track: mido.MidiTrack, clock: _Clock) -> tuple[list[Sounded], int]:
    """A track's notes and its program."""
    found: list[Sounded] = []
    open_at: dict[int, int] = {}
    now, program, name = 0, 0, ""
    for message in track:
        now += message.time
        if message.type == "track_name":
            name = message.name
        elif message.type == "program_change":
            program = message.program
        elif message.type in ("note_on", "note_off"):
            begun = open_at.pop(message.note, None)
            if begun is not None:
                start_s, end_s = clock.seconds(np.array([begun, now]))
                found.append(Sounded(float(start_s), float(end_s), message.note, name, message.channel == DRUM_CHANNEL))
            if message.type == "note_on" and message.velocity > 0:
                open_at[message.note] = now
    return found, program
