"""Note posteriors by Basic Pitch: which notes sound and which begin, 86 frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from generation.audio.analyse.beat_features import FloatArray
from generation.audio.side_by_side import helpers

MODEL = Path(__file__).parent / "weights" / "basic_pitch_nmp.onnx"
RATE_HZ = 22_050
HOP_SAMPLES = 256
FRAMES_PER_S = RATE_HZ / HOP_SAMPLES
LOWEST_PITCH = 21
NUM_PITCHES = 88
WINDOW_SAMPLES = 43_844
MARGIN_FRAMES = 15
KEPT_FRAMES = 142
"""Of a window's 172 frames the outer 15 on each side hear too little around them and are dropped."""
FLOOR = 0.15
"""The net gives notes that do not sound about 0.1: what lies below this is taken as nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class NotePosteriors:
    """How sure it is that a note sounds or begins, 0..1, float32 [frames, 88 pitches from A0]; 0 is the net's floor.

    Frame i is at i / `frames_per_s` seconds.
    """

    sounding: FloatArray
    onset: FloatArray
    frames_per_s: float

    @property
    def num_frames(self) -> int:
        """How many frames there are."""
        return int(self.sounding.shape[0])

    def frame_at(self, time_s: float) -> int:
        """The frame nearest to a time."""
        return min(max(round(time_s * self.frames_per_s), 0), self.num_frames)


def note_posteriors(mono: FloatArray, stretch: float = 1.0) -> NotePosteriors:
    """The posteriors of `mono`, float32 [samples] at 22,050 Hz times `stretch`.

    `stretch` is how much longer the samples were made than the clip, to bring its tuning to A = 440 Hz.
    The windows follow each other every 142 frames exactly, so that times do not drift.
    """
    num_frames = max(mono.size // HOP_SAMPLES, 1)
    num_windows = -(-num_frames // KEPT_FRAMES)
    margin = MARGIN_FRAMES * HOP_SAMPLES
    padded = np.zeros((num_windows - 1) * KEPT_FRAMES * HOP_SAMPLES + WINDOW_SAMPLES, np.float32)
    usable = min(mono.size, padded.size - margin)
    padded[margin : margin + usable] = mono[:usable]
    step = KEPT_FRAMES * HOP_SAMPLES
    windows = (padded[first : first + WINDOW_SAMPLES] for first in range(0, num_windows * step, step))
    _session()  # loaded before two threads ask for it
    sounding, onset = zip(*helpers().map(_heard_in, windows), strict=True)
    return NotePosteriors(_above_floor(sounding, num_frames), _above_floor(onset, num_frames), FRAMES_PER_S * stretch)


def _heard_in(window: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What sounds and what begins in the kept frames of float32 [WINDOW_SAMPLES]; the net leaves the interpreter."""
    notes, onsets = _session().run(
        ["StatefulPartitionedCall:1", "StatefulPartitionedCall:2"], {"serving_default_input_2:0": window[None, :, None]}
    )
    kept = slice(MARGIN_FRAMES, MARGIN_FRAMES + KEPT_FRAMES)
    return notes[0, kept], onsets[0, kept]


def _above_floor(windows: Sequence[FloatArray], num_frames: int) -> FloatArray:
    joined = np.concatenate(windows)[:num_frames]
    out: FloatArray = np.maximum(joined - FLOOR, 0) / np.float32(1 - FLOOR)
    return out


def pitch_class_rows(posteriors: FloatArray) -> FloatArray:
    """[frames, 88] folded to [frames, 12], column 0 is C: the sum over octaves."""
    padded = np.zeros((posteriors.shape[0], 108), np.float32)
    offset = LOWEST_PITCH % 12
    padded[:, offset : offset + NUM_PITCHES] = posteriors
    out: FloatArray = padded.reshape(-1, 9, 12).sum(axis=1)
    return out


@cache
def _session() -> Any:
    """The model, loaded once a process. A window is computed on one thread: two windows at once are faster."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
