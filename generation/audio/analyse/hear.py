"""The ear: everything that is heard in a clip, in one pass."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np

from generation.audio.analyse.beat_features import FloatArray
from generation.audio.analyse.beatnet import BeatActivations, beat_activations
from generation.audio.analyse.excerpt import best_part
from generation.audio.analyse.harmonic_change import harmonic_change
from generation.audio.analyse.harmony import Harmony, find_harmony, is_pitched, is_single_line, usual_chord_s
from generation.audio.analyse.levels import brightness_hz, loudness_lufs, peak_dbfs, rms_dbfs
from generation.audio.analyse.melody import find_melody
from generation.audio.analyse.notes import RATE_HZ, NotePosteriors, note_posteriors
from generation.audio.analyse.overrides import Overrides
from generation.audio.analyse.pulse import Heard
from generation.audio.analyse.rhythm import Rhythm, find_rhythm
from generation.audio.analyse.sections import find_sections
from generation.audio.analyse.tuning import tuning_cents
from generation.audio.side_by_side import helpers
from generation.clip import Clip
from generation.hearing import Hearing, Note

SILENCE_DBFS = -85.0
QUIET_DBFS = -30.0
LISTENING_DBFS = -20.0
IN_TUNE_CENTS = 8.0
"""Up to this the note model, trained on instruments as they are played, hears as well without correction."""


def analyse(clip: Clip, overrides: Overrides | None = None) -> Hearing:
    """What is heard in `clip`, with what a person said it is in `overrides`.

    Synchronous, on two threads: well under a second for 30 s of music, and bounded, as of clips over 90 s only the
    fullest 60 s are listened to (a remark says which). The first call in a process loads the two small nets.
    """
    start_s, end_s = best_part(clip)
    part = clip if end_s - start_s >= clip.duration_s else clip.cut(start_s, end_s)
    mono: FloatArray = part.to_mono().resampled(RATE_HZ).samples[0]
    if rms_dbfs(mono) < SILENCE_DBFS:
        return replace(_levels(clip, mono), remarks=("The clip is silent.",))
    loud = _loud_enough(mono)
    beats = helpers().submit(beat_activations, loud)
    levels = helpers().submit(_levels, clip, mono)
    heard = _listen(loud, beats, levels, overrides or Overrides())
    return heard if part is clip else _moved(heard, start_s, end_s)


def _levels(clip: Clip, mono: FloatArray) -> Hearing:
    """A hearing of nothing but the levels."""
    brightness = brightness_hz(mono, RATE_HZ)
    return Hearing(clip.duration_s, loudness_lufs(clip), peak_dbfs(clip), brightness_hz=brightness)


def _listen(mono: FloatArray, beats: Future[BeatActivations], levels: Future[Hearing], overrides: Overrides) -> Hearing:
    """Everything in float32 [samples] at 22,050 Hz, whose beats and levels are being worked out meanwhile."""
    duration_s = mono.size / RATE_HZ
    cents = tuning_cents(mono, RATE_HZ)
    notes = _notes_in_tune(mono, cents)
    melody, melody_confidence = find_melody(notes) if is_pitched(notes) else ((), 0.0)
    rhythm = _rhythm(beats.result(), notes, duration_s, melody, overrides)
    harmony = find_harmony(notes, duration_s, rhythm.beats_s, rhythm.downbeats_s, overrides.key)
    remarks = list(rhythm.remarks)
    if not is_pitched(notes):
        remarks.append("I hear no notes with a pitch, so no key and no chords.")
        cents = 0.0
    elif abs(cents) > IN_TUNE_CENTS:
        side = "above" if cents > 0 else "below"
        remarks.append(f"The clip is tuned {abs(cents):.0f} cents {side} A = 440 Hz.")
    return replace(
        _joined(levels.result(), rhythm, harmony),
        tuning_cents=cents,
        melody=melody,
        melody_confidence=melody_confidence,
        sections=find_sections(mono, RATE_HZ, notes, rhythm.downbeats_s),
        remarks=tuple(remarks),
    )


def _notes_in_tune(mono: FloatArray, cents: float) -> NotePosteriors:
    """Note posteriors of the clip brought to A = 440 Hz by resampling, with times of the clip as it is."""
    if abs(cents) <= IN_TUNE_CENTS:
        return note_posteriors(mono)
    import soxr

    stretch = 2 ** (cents / 1200)
    longer = soxr.resample(mono, RATE_HZ, RATE_HZ * stretch, quality="MQ")
    return note_posteriors(np.asarray(longer, dtype=np.float32), stretch)


def _loud_enough(mono: FloatArray) -> FloatArray:
    """Quiet clips brought to -20 dBFS: the nets learned from music at its usual level."""
    level_dbfs = rms_dbfs(mono)
    if level_dbfs >= QUIET_DBFS:
        return mono
    return mono * np.float32(10 ** ((LISTENING_DBFS - level_dbfs) / 20))


def _rhythm(
    activations: BeatActivations,
    notes: NotePosteriors,
    duration_s: float,
    melody: tuple[Note, ...],
    overrides: Overrides,
) -> Rhythm:
    num_frames = activations.beat.size
    if not is_pitched(notes):
        return find_rhythm(Heard(activations, np.zeros(num_frames), None, (), False), overrides)
    change = harmonic_change(notes, num_frames)
    single = is_single_line(notes)
    chord_s = None if single else usual_chord_s(notes, duration_s)
    return find_rhythm(Heard(activations, change, chord_s, melody, single), overrides)


def _joined(levels: Hearing, rhythm: Rhythm, harmony: Harmony) -> Hearing:
    return replace(
        levels,
        tempo_bpm=rhythm.tempo_bpm,
        beat_confidence=rhythm.confidence,
        beats_s=tuple(rhythm.beats_s.tolist()),
        downbeats_s=tuple(rhythm.downbeats_s.tolist()),
        beats_per_bar=rhythm.beats_per_bar,
        metre_confidence=rhythm.metre_confidence,
        key=harmony.key,
        key_confidence=harmony.key_confidence,
        chords=harmony.chords,
        chord_confidence=harmony.chord_confidence,
    )


def _moved(heard: Hearing, start_s: float, end_s: float) -> Hearing:
    """The hearing of a part, in the times of the whole clip."""

    def minutes(time_s: float) -> str:
        return f"{int(time_s) // 60}:{int(time_s) % 60:02d}"

    def later(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(item, start_s=item.start_s + start_s, end_s=item.end_s + start_s) for item in items)

    return replace(
        heard,
        beats_s=tuple(t + start_s for t in heard.beats_s),
        downbeats_s=tuple(t + start_s for t in heard.downbeats_s),
        chords=later(heard.chords),
        melody=later(heard.melody),
        sections=later(heard.sections),
        remarks=(
            f"The clip is long; I listened to its fullest part, {minutes(start_s)} to {minutes(end_s)}.",
            *heard.remarks,
        ),
    )
