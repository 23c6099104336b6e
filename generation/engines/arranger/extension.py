"""An extension as files: its stems and notes begin where the take begins, so that a sequencer lines all of them up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generation.audio.splice import Splice
from generation.clip import Clip
from generation.engines.arranger.compose import Composition, counted_beats
from generation.engines.arranger.effects_pieces import Steps
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.stems import StemShelf

CLIP_STEM = "clip"
"""The kept part of the clip alone."""


def stems_of_whole(joined: Splice, new_stems: dict[str, Clip]) -> Steps[dict[str, Clip]]:
    """The clip's own part as a stem, and those of the new part after as much silence; all stereo, at the arranger's
    rate, as long as the take, and as loud beside each other as they are in it. `new_stems` is used up.

    The new part was brought to the clip's level: where it was raised, the clip's stem is lowered instead; the shelf
    turns all of them down where a peak still passes full scale.
    """
    first_frame = round(joined.kept_s * SAMPLE_RATE_HZ)
    num_frames = max(round(joined.clip.duration_s * SAMPLE_RATE_HZ), 1)
    shelf = StemShelf()
    own = joined.original_alone().resampled(SAMPLE_RATE_HZ).to_stereo()
    shelf.put_at(CLIP_STEM, _lowered(own.samples, -joined.gain_db), 0, num_frames)
    del own  # the memory is wanted for the others
    yield
    while new_stems:
        name = next(iter(new_stems))
        samples = _lowered(new_stems.pop(name).samples, joined.gain_db)
        shelf.put_at(shelf.free_name(name), samples, first_frame, num_frames)
        yield
    return (yield from shelf.clips())


def _lowered(samples: Wave, gain_db: float) -> Wave:
    return samples * np.float32(10 ** (gain_db / 20)) if gain_db < 0 else samples


def score_of_whole(composition: Composition, kept_s: float, *, on_the_clips_beats: bool) -> Score:
    """The score on the take's clock: the new part's notes begin after `kept_s`, and the beats before them are the
    clip's own (`on_the_clips_beats`), or left out where none were heard."""
    score, frame = composition.score, composition.frame
    if on_the_clips_beats:
        upbeats, beats = counted_beats(frame, 0.0)
    else:
        upbeats, beats = _later(score.upbeats_s, kept_s), _later(score.beats_s, kept_s)
    markers = ((0.0, CLIP_STEM), *((time_s + kept_s, text) for time_s, text in score.markers))
    return replace(
        score, duration_s=score.duration_s + kept_s, parts=tuple(_part_later(part, kept_s) for part in score.parts),
        beats_s=beats, upbeats_s=upbeats, markers=markers,
    )  # fmt: skip


def _later(times_s: tuple[float, ...], shift_s: float) -> tuple[float, ...]:
    return tuple(time_s + shift_s for time_s in times_s)


def _part_later(part: Part, shift_s: float) -> Part:
    notes = (replace(note, start_s=note.start_s + shift_s, end_s=note.end_s + shift_s) for note in part.notes)
    return replace(part, notes=tuple(notes))
