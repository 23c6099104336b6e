"""A score as a Standard MIDI File: tempo map from the beats, programs, markers, drums on channel 10."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from generation.engines.arranger.mix import role_of
from generation.engines.arranger.score import Part, Score

if TYPE_CHECKING:
    import mido

TICKS_PER_QUARTER = 960
"""A tick is a millisecond at 60 BPM."""
LEAST_LEAD_S = 0.001
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
    """The file's bytes (type 1, 960 ticks a quarter note; one track for the tempo, one for each part).

    Every beat of the score falls on a beat of the file, and the tempo changes from beat to beat as the score's does,
    so notes keep their times to within a tick (about 0.5 ms at 120 BPM) and a sequencer shows them on the grid.
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
    """Seconds <-> ticks by the score's beats, gone on with the last beat's tempo after them.

    A beat is a quarter note, in 6/8 an eighth (half as many ticks). What comes before the first downbeat is a shorter
    bar with a metre of its own, as a pick-up is written: its beats are the music's, and the time before the first of
    them is given as many eighths of a beat as fit it best, so that its tempo is hardly another.
    """

    def __init__(self, score: Score) -> None:
        beat_ticks = TICKS_PER_QUARTER // (2 if score.beats_per_bar == 6 else 1)
        times, num_upbeats = np.asarray((*score.upbeats_s, *score.beats_s), dtype=np.float64), len(score.upbeats_s)
        if len(times) < 2 or not (np.diff(times) > 0).all():
            times, num_upbeats = np.arange(2) * 60 / DEFAULT_BPM, 0
        num_more = int(max(np.ceil((score.duration_s - times[-1]) / (times[-1] - times[-2])), 0))
        times = np.concatenate([times, times[-1] + (times[-1] - times[-2]) * np.arange(1, num_more + 2)])
        lead = 0
        if times[0] > LEAST_LEAD_S:
            lead = max(1, round(times[0] / (times[1] - times[0]) * 8)) * beat_ticks // 8
        self.pickup_ticks = (lead + num_upbeats * beat_ticks) % (score.beats_per_bar * beat_ticks)
        ticks = lead + np.arange(len(times)) * beat_ticks
        self.ticks = np.concatenate([[0], ticks]) if lead else ticks
        lengths = np.diff(self.ticks)
        quarters_s = np.diff(times, prepend=0.0 if lead else [])[-len(lengths) :] * TICKS_PER_QUARTER / lengths
        self.microseconds = np.clip(np.round(quarters_s * 1e6), 1, 2**24 - 1).astype(int)
        played_s = np.cumsum(self.microseconds / 1e6 * lengths / TICKS_PER_QUARTER)
        self._played_s = min(times[0], 0.0) + np.concatenate([[0.0], played_s])
        self.beat_ticks = beat_ticks

    def tick(self, time_s: float) -> int:
        """The tick that the file plays at this time."""
        return int(np.rint(np.interp(time_s, self._played_s, self.ticks)))


def _tempo_track(score: Score, grid: _Grid) -> mido.MidiTrack:
    import mido

    events = list(_metres(score.beats_per_bar, grid))
    last = 0
    for tick, microseconds in zip(grid.ticks.tolist(), grid.microseconds.tolist(), strict=False):
        if microseconds != last:
            events.append((tick, mido.MetaMessage("set_tempo", tempo=microseconds)))
            last = microseconds
    events += [(grid.tick(time_s), mido.MetaMessage("marker", text=_ascii(text))) for time_s, text in score.markers]
    return _track("Bandmate", events)


def _metres(beats_per_bar: int, grid: _Grid) -> list[tuple[int, mido.MetaMessage]]:
    """The metre, and before it a pick-up's: in beats, or where it is no whole number of them in eighths of one."""
    import mido

    unit = 8 if beats_per_bar == 6 else 4
    whole = mido.MetaMessage("time_signature", numerator=beats_per_bar, denominator=unit)
    if not grid.pickup_ticks:
        return [(0, whole)]
    beats, rest = divmod(grid.pickup_ticks, grid.beat_ticks)
    numerator, denominator = (grid.pickup_ticks * 8 // grid.beat_ticks, unit * 8) if rest else (beats, unit)
    return [(0, whole.copy(numerator=numerator, denominator=denominator)), (grid.pickup_ticks, whole)]


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
        event.time, now = tick - now, tick
        track.append(event)
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
