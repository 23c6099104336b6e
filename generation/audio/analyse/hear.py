"""The ear: everything that is heard in a clip, in one pass."""

from __future__ import annotations

from generation.audio.analyse import beats as beats_module
from generation.audio.analyse.beat_features import FloatArray
from generation.audio.analyse.beatnet import beat_activations
from generation.audio.analyse.key import find_key
from generation.audio.analyse.levels import brightness_hz, loudness_lufs, peak_dbfs, rms_dbfs
from generation.audio.analyse.notes import RATE_HZ, note_posteriors, pitch_class_rows
from generation.audio.analyse.overrides import Overrides
from generation.clip import Clip
from generation.hearing import MIN_BEAT_CONFIDENCE, Hearing

SILENCE_DBFS = -70.0


def analyse(clip: Clip, overrides: Overrides | None = None) -> Hearing:
    """What is heard in `clip`. Takes well under a second for 16 s of music; runs on one thread."""
    overrides = overrides or Overrides()
    loudness, peak = loudness_lufs(clip), peak_dbfs(clip)
    mono: FloatArray = clip.to_mono().resampled(RATE_HZ).samples[0]
    if rms_dbfs(mono) < SILENCE_DBFS:
        return Hearing(clip.duration_s, loudness, peak, remarks=("The clip is silent.",))
    beats = beats_module.find_beats(beat_activations(mono), overrides)
    trusted = beats.confidence >= MIN_BEAT_CONFIDENCE or overrides.tempo_bpm is not None
    notes = note_posteriors(mono)
    key, key_confidence = find_key(pitch_class_rows(notes.sounding).mean(axis=0))
    return Hearing(
        duration_s=clip.duration_s,
        loudness_lufs=loudness,
        peak_dbfs=peak,
        tempo_bpm=beats.tempo_bpm if trusted else None,
        beat_confidence=beats.confidence,
        beats_s=tuple(float(t) for t in beats.times_s) if trusted else (),
        downbeats_s=tuple(float(t) for t in beats.times_s[::4]) if trusted else (),
        key=overrides.key or key,
        key_confidence=1.0 if overrides.key else key_confidence,
        brightness_hz=brightness_hz(mono, RATE_HZ),
        remarks=() if trusted else ("I hear no steady beat.",),
    )
