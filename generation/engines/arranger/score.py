"""Score: what the composing half hands to the playing half of the arranger."""

from __future__ import annotations

from dataclasses import dataclass, field

from generation.hearing import Note


@dataclass(frozen=True, slots=True)
class Sound:
    """How a part is played and where it sits in the mix.

    `instrument` is "gm:33" (a General MIDI program of the soundfont), "kit:25" (a drum kit of its bank 128) or
    "synth:NAME" (one of the synthesised voices: kick808, bass808, supersaw, ...). `gain_db` is
    relative to the part's usual place;
    `pan` -1 (left)..1 (right); `reverb`, `delay`, `chorus`, `drive` 0..1; `duck` 0..1 is how deep the kick pushes the
    part down; `highpass_hz` and `lowpass_hz` are filters, None is open. `glide_s`: a synthesised bass slides from the
    note before into a leap or a short note that follows without a rest, in so many seconds; 0 is off.
    """

    instrument: str
    gain_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.15
    delay: float = 0.0
    chorus: float = 0.0
    drive: float = 0.0
    duck: float = 0.0
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    glide_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One track: its role ("drums", "bass", "chords", "lead", "pad", "strings", ...), its sound and its notes.

    Notes are performed times in seconds (swing and humanising are already in them); drum notes carry General MIDI
    percussion pitches.
    """

    name: str
    sound: Sound
    notes: tuple[Note, ...] = ()

    @property
    def is_drums(self) -> bool:
        """Whether the notes are percussion pitches."""
        return self.sound.instrument.startswith("kit:") or self.name == "drums"


@dataclass(frozen=True, slots=True)
class Score:
    """A whole arrangement: parts, length, and the grid it was written on.

    `beats_s` are the times of all beats from the first to the end, `beats_per_bar` groups them (the first is a
    downbeat); `space` names the room ("dry", "room", "hall", "plate"); `character` the mix bus ("clean", "lofi",
    "loud", "warm").
    """

    duration_s: float
    parts: tuple[Part, ...]
    beats_s: tuple[float, ...]
    beats_per_bar: int = 4
    tuning_cents: float = 0.0
    space: str = "room"
    character: str = "clean"
    markers: tuple[tuple[float, str], ...] = field(default=())
    """(seconds, name of the part of the form) for the MIDI file and the recipe."""
    upbeats_s: tuple[float, ...] = ()
    """The beats before the first downbeat, where the music does not begin with a whole bar."""
    roots: tuple[tuple[float, int], ...] = ()
    """(seconds, pitch class): from when on a chord of this root sounds; drums that ring with a pitch are tuned to it.
    """
