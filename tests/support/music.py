"""Music of known truth: songs as notes with their beats, bars and chords, and a small synthesiser to hear them with."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.hearing import CHORD_TONES
from tests.support.drum_patterns import DRUMS

RATE_HZ = 22_050
INTERVALS = CHORD_TONES
DRUM_PITCH = {"kick": 36, "snare": 38, "hat": 42, "ride": 51}


@dataclass(frozen=True)
class Played:
    """One note of a part ("keys", "bass", "lead", "pad", "drums"): seconds, MIDI pitch, velocity 0..1."""

    start_s: float
    duration_s: float
    pitch: int
    velocity: float
    part: str


@dataclass(frozen=True)
class Song:
    """Notes and the truth about them: beats and downbeats in seconds, chords as (start, end, root, quality)."""

    duration_s: float
    tempo_bpm: float
    beats_per_bar: int
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]
    chords: tuple[tuple[float, float, int, str], ...]
    notes: tuple[Played, ...]
    name: str = "song"
    key: tuple[int, str] = (0, "major")


@dataclass(frozen=True)
class Plan:
    """What a song is made of. `drums` and `comping` name the patterns below; `lead` adds a tune over the chords.

    `chords` are (root, quality), one a bar, repeated. `tempo_bpm` counts beats (for 6/8: eighths).
    `tempo_end_bpm` makes the tempo glide; `swing` 0.5 (straight) .. 0.67; `lead_in_s` of silence before the first bar.
    """

    tempo_bpm: float = 110.0
    chords: tuple[tuple[int, str], ...] = ((0, "maj"), (7, "maj"), (9, "min"), (5, "maj"))
    beats_per_bar: int = 4
    drums: str = "rock"
    comping: str = "block"
    bass: bool = True
    lead: bool = True
    swing: float = 0.5
    tempo_end_bpm: float | None = None
    lead_in_s: float = 0.3
    duration_s: float = 16.0
    key: tuple[int, str] = (0, "major")
    seed: int = 1
    name: str = "song"


@dataclass
class _Writer:
    plan: Plan
    rng: np.random.Generator
    notes: list[Played] = field(default_factory=list)

    def time_s(self, beat: float) -> float:
        """Seconds at a beat; swing delays the off-beat eighth, a glide changes the tempo evenly over time."""
        plan = self.plan
        whole, part = divmod(beat, 1.0)
        warped = part / 0.5 * plan.swing if part < 0.5 else plan.swing + (part - 0.5) / 0.5 * (1 - plan.swing)
        position = whole + warped
        if plan.tempo_end_bpm is None:
            return plan.lead_in_s + position * 60 / plan.tempo_bpm
        start, slope = plan.tempo_bpm / 60, (plan.tempo_end_bpm - plan.tempo_bpm) / 60 / plan.duration_s
        return plan.lead_in_s + (float(np.sqrt(start**2 + 2 * slope * position)) - start) / slope

    def add(self, beat: float, length: float, pitch: int, velocity: float, part: str) -> None:
        start_s, end_s = self.time_s(beat), self.time_s(beat + length)
        self.notes.append(Played(start_s, end_s - start_s, pitch, velocity, part))


def write(plan: Plan) -> Song:
    """The song of a plan."""
    writer = _Writer(plan, np.random.default_rng(plan.seed))
    num_bars = 0
    while writer.time_s(num_bars * plan.beats_per_bar) < plan.duration_s:
        _write_bar(writer, num_bars)
        num_bars += 1
    bars = [writer.time_s(bar * plan.beats_per_bar) for bar in range(num_bars + 1)]
    beats = [writer.time_s(beat) for beat in range(num_bars * plan.beats_per_bar)]
    chords = tuple(
        (start, min(end, plan.duration_s), *plan.chords[bar % len(plan.chords)])
        for bar, (start, end) in enumerate(itertools.pairwise(bars))
    )
    return Song(
        plan.duration_s, plan.tempo_bpm, plan.beats_per_bar, tuple(b for b in beats if b < plan.duration_s),
        tuple(b for b in bars if b < plan.duration_s), chords, tuple(writer.notes), plan.name, plan.key,
    )  # fmt: skip


def _write_bar(writer: _Writer, bar: int) -> None:
    plan, first = writer.plan, bar * writer.plan.beats_per_bar
    root, quality = plan.chords[bar % len(plan.chords)]
    tones = INTERVALS[quality]
    for drum, beat, velocity in DRUMS[plan.drums]:
        writer.add(first + beat, 0.1, DRUM_PITCH[drum], velocity, "drums")
    _comp(writer, first, [48 + (root + tone) % 12 for tone in tones])
    low = 36 + root % 12 - (12 if root % 12 > 7 else 0)
    if plan.bass:
        half = 3 if plan.beats_per_bar in (5, 6) else 2
        writer.add(first, min(half, plan.beats_per_bar) * 0.95, low, 0.9, "bass")
        if plan.beats_per_bar > 3:
            writer.add(first + half, 0.9 * (plan.beats_per_bar - half), low, 0.8, "bass")
    if plan.lead:
        _sing(writer, first, root, tones)


def _comp(writer: _Writer, first: int, pitches: list[int]) -> None:
    """Chords: "block" held, "pump" on each beat, "oompah" on the later beats, "arpeggio" in eighths, "none"."""
    num_beats = writer.plan.beats_per_bar
    comping = writer.plan.comping
    if comping == "block":
        for pitch in pitches:
            writer.add(first, num_beats * 0.97, pitch, 0.6, "pad")
    elif comping in ("pump", "oompah"):
        for beat in range(1 if comping == "oompah" else 0, num_beats):
            for pitch in pitches:
                writer.add(first + beat, 0.8, pitch + (12 if pitch < 52 else 0), 0.6, "keys")
    elif comping == "arpeggio":
        for step in range(num_beats * 2):
            up = [*pitches, pitches[0] + 12]
            pitch = up[step % len(up)] + 12
            writer.add(first + step / 2, 1.2, pitch, 0.75 if step == 0 else 0.55, "keys")


def _sing(writer: _Writer, first: int, root: int, tones: tuple[int, ...]) -> None:
    """A tune: mostly chord tones between C5 and C6, in beats and halves, with a rest now and then."""
    beat = 0.0
    while beat < writer.plan.beats_per_bar:
        length = float(writer.rng.choice([0.5, 1.0, 1.0, 2.0]))
        length = min(length, writer.plan.beats_per_bar - beat)
        if writer.rng.random() > 0.15:
            tone = root + int(writer.rng.choice(tones)) + int(writer.rng.choice([0, 0, 0, 2]))
            writer.add(first + beat, length * 0.9, 72 + tone % 12, 0.75, "lead")
        beat += length


def render(song: Song, *, tuning_cents: float = 0.0, noise: float = 0.003, seed: int = 1) -> Clip:
    """The song as sound: plain additive voices and noise drums, mono, 22,050 Hz, peak 0.8."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(round(song.duration_s * RATE_HZ)) * noise
    for note in song.notes:
        first = round(note.start_s * RATE_HZ)
        sound = _drum(note, rng) if note.part == "drums" else _voice(note, tuning_cents)
        end = min(first + sound.size, out.size)
        if first < out.size:
            out[first:end] += sound[: end - first] * note.velocity
    return Clip((0.8 * out / np.abs(out).max()).astype(np.float32)[None], RATE_HZ)


PARTIALS = {
    "keys": (1.0, 0.5, 0.3, 0.2, 0.1, 0.06),
    "pad": (1.0, 0.6, 0.4, 0.25, 0.2, 0.12),
    "bass": (1.0, 0.7, 0.3, 0.15),
    "lead": (1.0, 0.4, 0.35, 0.1, 0.1),
    "hum": (1.0, 0.25, 0.08),
}
LEVEL = {"keys": 0.22, "pad": 0.12, "bass": 0.35, "lead": 0.25, "hum": 0.4}
DECAY_S = {"keys": 0.7, "pad": 6.0, "bass": 0.8, "lead": 1.5, "hum": 8.0}


def _voice(note: Played, tuning_cents: float) -> NDArray[np.float64]:
    duration_s = note.duration_s + 0.05
    t = np.arange(max(round(duration_s * RATE_HZ), 1)) / RATE_HZ
    hz = 440 * 2 ** ((note.pitch - 69 + tuning_cents / 100) / 12)
    depth = {"hum": 0.004, "lead": 0.002}.get(note.part, 0.0)  # vibrato: 5.5 Hz, 7 or 3 cents
    phase = 2 * np.pi * (hz * t - depth * hz / (2 * np.pi * 5.5) * np.cos(2 * np.pi * 5.5 * t))
    wave = np.zeros(t.size)
    for k, strength in enumerate(PARTIALS[note.part], start=1):
        if hz * k < RATE_HZ / 2:
            wave += strength * np.sin(k * phase)
    attack_s = 0.06 if note.part in ("pad", "hum") else 0.008
    envelope = np.minimum(t / attack_s, 1) * np.exp(-t / DECAY_S[note.part]) * np.clip((duration_s - t) / 0.05, 0, 1)
    return np.asarray(LEVEL[note.part] * wave * envelope)


def _drum(note: Played, rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(round(0.25 * RATE_HZ)) / RATE_HZ
    hiss = rng.standard_normal(t.size)
    if note.pitch == DRUM_PITCH["kick"]:
        wave = np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-t / 0.03))))
        return np.asarray(0.9 * wave * np.exp(-t / 0.09))
    if note.pitch == DRUM_PITCH["snare"]:
        return (0.35 * hiss + 0.3 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.06)
    return 0.25 * np.diff(hiss, prepend=0.0) * np.exp(-t / (0.12 if note.pitch == DRUM_PITCH["ride"] else 0.03))


def hum(pitches: tuple[int, ...] = (60, 62, 64, 67, 69, 67, 64, 62), note_s: float = 0.5, repeats: int = 3) -> Song:
    """A single hummed line in even notes."""
    notes = tuple(
        Played(0.3 + k * note_s, note_s * 0.92, pitch, 0.8, "hum") for k, pitch in enumerate(pitches * repeats)
    )
    beats = tuple(note.start_s for note in notes)
    return Song(beats[-1] + note_s + 0.3, 60 / note_s, 4, beats, beats[::4], (), notes, "hum")


def only(song: Song, *parts: str) -> Song:
    """The song with these parts alone."""
    return replace(song, notes=tuple(note for note in song.notes if note.part in parts))
