"""A score as a Standard MIDI File: tempo map from the beats, programs, markers, drums on channel 10."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from generation.engines.arranger.mix import role_of
from generation.engines.arranger.score import Part, Score

if TYPE_CHECKING:
    import mido

TICKS_PER_QUARTER = 480
DRUM_CHANNEL = 9
"""Channel 10, counted from 0 (General MIDI 1)."""
DEFAULT_BPM = 120.0
BEND_RANGE_CENTS = 200
"""What pitch bend reaches in General MIDI unless it is set otherwise."""
_MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
_SYNTH_PROGRAMS = {
    "bass808": 38, "sub": 38, "reese": 38, "acid": 38, "sawbass": 38, "supersaw": 81, "sawlead": 81, "square": 80,
    "pulse25": 80, "pulse12": 80, "triangle": 80, "pluck": 84, "pad": 89, "glasspad": 92, "synbrass": 62, "bell": 98,
    "epiano": 5, "riser": 97, "downlifter": 97, "impact": 115, "swell": 119, "vinyl": 122,
}  # fmt: skip
"""The General MIDI programs that come closest to the synthesised voices."""
_SYNTH_DRUMS = {"kit808": 25, "kit909": 24, "kitlofi": 8, "kitdnb": 16, "kitchip": 24}
_SINGLE_DRUMS = {"kick808": 36, "kick909": 36, "snare808": 38, "snare909": 38, "clap": 39}


def to_midi(score: Score) -> bytes:
    """The file's bytes (type 1, 480 ticks a quarter note; one track for the tempo, one for each part).

    Every beat of the score falls on a beat of the file, and the tempo changes from beat to beat as the score's does,
    so notes keep their times to within a tick (about 1 ms at 120 BPM) and a sequencer shows them on the grid.
    """
    import mido  # only when a file is written

    grid = _Grid(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER)
    file.tracks.append(_tempo_track(score, grid))
    channels = iter(_MELODIC_CHANNELS * (len(score.parts) // len(_MELODIC_CHANNELS) + 1))
    for part in score.parts:
        channel = DRUM_CHANNEL if _on_drum_channel(part) else next(channels)
        file.tracks.append(_part_track(part, channel, grid, score.tuning_cents))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


class _Grid:
    """Seconds <-> ticks by the score's beats, gone on with the first and last beat's tempo outside of them.

    A beat is a quarter note, in 6/8 an eighth (240 ticks); a lead-in before the first beat is filled up to whole bars.
    """

    def __init__(self, score: Score) -> None:
        beats = np.asarray(score.beats_s, dtype=np.float64)
        if len(beats) < 2 or not (np.diff(beats) > 0).all():
            beats = np.arange(2) * 60 / DEFAULT_BPM
        lead = int(np.ceil(max(beats[0], 0) / (beats[1] - beats[0]) - 1e-6))
        lead = -(-lead // score.beats_per_bar) * score.beats_per_bar
        if lead:
            beats = np.concatenate([np.linspace(0, beats[0], lead + 1)[:-1], beats])
        num_more = int(max(np.ceil((score.duration_s - beats[-1]) / (beats[-1] - beats[-2])), 0))
        more = beats[-1] + (beats[-1] - beats[-2]) * np.arange(1, num_more + 2)
        self.beats_s = np.concatenate([beats, more])
        self.ticks_per_beat = TICKS_PER_QUARTER // (2 if score.beats_per_bar == 6 else 1)
        quarters_s = np.diff(self.beats_s) * TICKS_PER_QUARTER / self.ticks_per_beat
        self.microseconds = np.clip(np.round(quarters_s * 1e6), 1, 2**24 - 1).astype(int)
        played_s = self.microseconds / 1e6 * self.ticks_per_beat / TICKS_PER_QUARTER
        self._played_s = self.beats_s[0] + np.concatenate([[0.0], np.cumsum(played_s)])

    def tick(self, time_s: float) -> int:
        """The tick that the file plays at this time."""
        ticks = np.arange(len(self._played_s)) * self.ticks_per_beat
        return int(np.rint(np.interp(time_s, self._played_s, ticks)))


def _tempo_track(score: Score, grid: _Grid) -> mido.MidiTrack:
    import mido

    metre = {"numerator": score.beats_per_bar, "denominator": 8 if score.beats_per_bar == 6 else 4}
    events = [(0, mido.MetaMessage("time_signature", **metre))]
    last = 0
    for beat, microseconds in enumerate(grid.microseconds.tolist()):
        if microseconds != last:
            events.append((beat * grid.ticks_per_beat, mido.MetaMessage("set_tempo", tempo=microseconds)))
            last = microseconds
    events += [(grid.tick(time_s), mido.MetaMessage("marker", text=_ascii(text))) for time_s, text in score.markers]
    return _track("Bandmate", events)


def _part_track(part: Part, channel: int, grid: _Grid, tuning_cents: float) -> mido.MidiTrack:
    import mido

    events = [
        (0, mido.Message("program_change", channel=channel, program=_program(part))),
        (0, mido.Message("control_change", channel=channel, control=10, value=round(63.5 + 63.5 * part.sound.pan))),
    ]
    if tuning_cents and channel != DRUM_CHANNEL:
        bend = round(8191 * min(max(tuning_cents / BEND_RANGE_CENTS, -1), 1))
        events.append((0, mido.Message("pitchwheel", channel=channel, pitch=bend)))
    only = _SINGLE_DRUMS.get(part.sound.instrument.removeprefix("synth:")) if channel == DRUM_CHANNEL else None
    next_start: dict[int, int] = {}
    for note in sorted(part.notes, key=lambda note: note.start_s, reverse=True):
        start = grid.tick(note.start_s)
        pitch, velocity = only or note.pitch, min(max(round(note.velocity * 127), 1), 127)
        # a note that rings into the next one of its pitch would end that one with its own note_off
        end = max(min(grid.tick(note.end_s), next_start.get(pitch, 2**31)), start + 1)
        next_start[pitch] = start
        events.append((start, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((end, mido.Message("note_off", channel=channel, note=pitch, velocity=0)))
    return _track(part.name, events)


def _track(name: str, events: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """A track of events at ticks; at the same tick notes end before others begin."""
    import mido

    track = mido.MidiTrack([mido.MetaMessage("track_name", name=_ascii(name))])
    now = 0
    for tick, event in sorted(
        events, key=lambda item: (item[0], item[1].type == "note_on", item[1].type != "note_off")
    ):
        track.append(event.copy(time=tick - now))
        now = tick
    return track


def _on_drum_channel(part: Part) -> bool:
    name = part.sound.instrument.removeprefix("synth:")
    return part.is_drums or role_of(part) == "drums" or name in _SYNTH_DRUMS or name in _SINGLE_DRUMS


def _program(part: Part) -> int:
    kind, _, name = part.sound.instrument.partition(":")
    if kind == "synth":
        return _SYNTH_DRUMS.get(name, _SYNTH_PROGRAMS.get(name, 0))
    return int(name)


def _ascii(text: str) -> str:
    """MIDI texts are Latin-1 in most programs; what does not fit becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
