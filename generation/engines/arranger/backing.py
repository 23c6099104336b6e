"""Accompany with a backing that is there already: nothing is composed, the backing is brought to the clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from generation.audio.backing import Backing, back
from generation.audio.bars import even_bar_lines
from generation.clip import Clip
from generation.engines.base import Done, EngineJob, Event, Progress
from generation.engines.revision import code_revision
from generation.hearing import Hearing
from generation.keys import key_asked
from generation.request import MAX_ACCOMPANY_CLIPS


def back_take(job: EngineJob) -> Iterator[Event]:
    """For Request.has_backing: the clip with the backing under it, and the backing as a stem; ends with Done."""
    yield Progress(job.job_id, 0.1, 0.0, "stretching")
    (clip, *others), (heard, *heard_others) = job.clips, job.hearings
    if job.request.tempo_bpm is not None and not heard.has_beat:
        heard = _at_tempo(clip, heard, job.request.tempo_bpm, job.request.beats_per_bar or heard.beats_per_bar)
    drums, rest = others[1:] if len(job.clips) == MAX_ACCOMPANY_CLIPS else (None, None)
    key = key_asked(job.request.key)
    made = back(clip, heard, Backing(others[0], heard_others[0], drums, rest), key)
    details = {
        "tempo_bpm": None if heard.tempo_bpm is None or not heard.has_beat else round(heard.tempo_bpm, 3),
        "key": None if key is None else str(key),
        "stretch": round(made.factor, 4),
        "semitones": round(made.semitones, 2),
        "backing_rounds": made.rounds,
        "backing_beats_on_one": made.beats_on_one,
        "drums_not_transposed": drums is not None and round(made.semitones) != 0,
    }
    revision = f"arranger {code_revision('arranger')}"
    yield Done(job.job_id, made.clip, {"backing": made.backing}, None, details, made.remarks, revision)


def _at_tempo(clip: Clip, heard: Hearing, tempo_bpm: float, beats_per_bar: int) -> Hearing:
    """A clip in which no beat is heard, with even ones at the tempo that its owner says, from its first sound on."""
    bars_s = even_bar_lines(clip, tempo_bpm, beats_per_bar)
    beats_s = np.arange(float(bars_s[0]), clip.duration_s, 60 / tempo_bpm)
    return replace(
        heard,
        tempo_bpm=tempo_bpm,
        beat_confidence=1.0,
        beats_s=tuple(beats_s.tolist()),
        downbeats_s=tuple(bars_s[bars_s < clip.duration_s].tolist()),
        beats_per_bar=beats_per_bar,
    )
