"""What was heard in a clip: tempo, beats, key, chords, melody, loudness, each with how sure we are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

PITCH_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
CHORD_TONES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "min7b5": (0, 3, 6, 10),
}
"""The chord qualities that are told apart, as semitones above the root."""
MIN_BEAT_CONFIDENCE = 0.65
"""Below it a clip counts as having no beat: music lies at 0.77 and up, speech at 0.54, noise at 0.38."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key: `tonic` is a pitch class (0 = C .. 11 = B), `mode` is "major" or "minor"."""

    tonic: int
    mode: str

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11 or self.mode not in ("major", "minor"):
            raise ValueError(f"not a key: tonic {self.tonic}, mode {self.mode!r}")

    def __str__(self) -> str:
        return f"{PITCH_NAMES[self.tonic]} {self.mode}"


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord sounding from `start_s` to `end_s`.

    `root` is a pitch class 0..11, or None for no chord; `quality` is one of
    CHORD_TONES, or "none".
    """

    start_s: float
    end_s: float
    root: int | None
    quality: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    """A note: seconds, MIDI pitch 0..127 and velocity 0..1."""

    start_s: float
    end_s: float
    pitch: int
    velocity: float = 0.8


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the clip that belongs together; equal labels ("A", "B") sound alike. `energy` is 0..1."""

    start_s: float
    end_s: float
    label: str
    energy: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in a clip. Times are seconds from the clip's start; confidences are 0..1.

    `tempo_bpm`, `beats_s` and `downbeats_s` are None or empty when the clip has no beat that can be trusted
    (`has_beat`), `key` and `chords` when it has no pitch. `loudness_lufs` is integrated loudness (ITU-R BS.1770-4),
    None for clips too short or too quiet to measure. `beats_per_bar` is 3, 4 or 6 (6 for 6/8, counted in eighths).
    `tuning_cents` is how far the clip lies from A = 440 Hz (-50..50).
    """

    duration_s: float
    loudness_lufs: float | None = None
    peak_dbfs: float | None = None
    tempo_bpm: float | None = None
    beat_confidence: float = 0.0
    beats_s: tuple[float, ...] = ()
    downbeats_s: tuple[float, ...] = ()
    beats_per_bar: int = 4
    metre_confidence: float = 0.0
    key: Key | None = None
    key_confidence: float = 0.0
    tuning_cents: float = 0.0
    chords: tuple[Chord, ...] = ()
    chord_confidence: float = 0.0
    melody: tuple[Note, ...] = ()
    melody_confidence: float = 0.0
    sections: tuple[Section, ...] = ()
    brightness_hz: float | None = None
    remarks: tuple[str, ...] = ()
    """Sentences for the check-in, such as "The tempo changes; I follow it beat by beat."."""

    @property
    def has_beat(self) -> bool:
        """Whether the beats can be trusted."""
        return self.tempo_bpm is not None and self.beat_confidence >= MIN_BEAT_CONFIDENCE

    def sentence(self) -> str:
        """What was heard in a few words, for people: "12.4 s, 120 BPM, D minor, -14.2 LUFS"."""
        tempo = f"{self.tempo_bpm:.0f} BPM" if self.has_beat and self.tempo_bpm else "no steady beat"
        parts = [f"{self.duration_s:.1f} s", tempo, str(self.key) if self.key else "no clear key"]
        if self.loudness_lufs is not None:
            parts.append(f"{self.loudness_lufs:.1f} LUFS")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, for the ledger and the recipe."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Hearing:
        """The inverse of `to_json`."""
        fields = dict(data)
        fields["key"] = Key(**fields["key"]) if fields.get("key") else None
        for name, kind in (("chords", Chord), ("melody", Note), ("sections", Section)):
            fields[name] = tuple(kind(**item) for item in fields.get(name, ()))
        for name in ("beats_s", "downbeats_s", "remarks"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)
