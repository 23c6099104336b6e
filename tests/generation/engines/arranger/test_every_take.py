"""Whatever is done: stems that are the take's parts, a MIDI file with its notes, and the font that was chosen."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import mido
import numpy as np
import pytest

from generation.engines import EngineOptions, create_engine
from generation.engines.arranger.soundfont import EMBEDDED_FONT
from generation.engines.base import Done, EngineJob
from generation.request import Operation, Request
from tests.generation.engines.arranger_sound.fonts import TinyFont
from tests.support.hearings import clip_of, song


def take(operation: Operation, prompt: str = "rock", **options: str) -> Done:
    """Two bars from a clip where the operation needs one."""
    engine = create_engine("arranger", "cpu", EngineOptions(dict(options)))
    heard, needs_clip = song(100.0, bars=2), operation.num_clips > 0
    duration_s = 3.0 if operation in (Operation.COMPOSE, Operation.EXTEND) else None
    request = Request(operation, prompt, ("clip",) * needs_clip, duration_s=duration_s)
    engine.admit(EngineJob("a", request, 1, (clip_of(heard),) * needs_clip, (heard,) * needs_clip))
    while events := engine.step():
        if isinstance(events[-1], Done):
            return events[-1]
    raise AssertionError("no take")


@pytest.mark.parametrize(
    "operation", [Operation.COMPOSE, Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY]
)
def test_every_operation_gives_stems_and_notes(operation: Operation) -> None:
    done = take(operation)
    (num_frames,) = {stem.num_frames for stem in done.stems.values()}
    assert abs(num_frames - done.clip.num_frames) <= 1
    assert {"drums", "bass", "guitar"} <= set(done.stems)
    for stem in done.stems.values():
        assert np.isfinite(stem.samples).all()
    assert np.abs(done.stems["drums"].samples).max() > 0.01
    notes = [m for m in mido.MidiFile(file=io.BytesIO(done.midi or b"")) if m.type == "note_on" and m.velocity]
    assert len(notes) > 10


def test_another_font_plays_where_it_is_set(tmp_path: Path) -> None:
    same, other = tmp_path / "same.sf3", tmp_path / "sine.sf2"
    shutil.copy(EMBEDDED_FONT, same)
    other.write_bytes(TinyFont().to_bytes())
    carried, copied, sine = (
        take(Operation.COMPOSE, "rock", **wish) for wish in ({}, {"soundfont": str(same)}, {"soundfont": str(other)})
    )
    np.testing.assert_array_equal(copied.clip.samples, carried.clip.samples)
    assert np.abs(sine.clip.samples - carried.clip.samples).max() > 0.05
    assert np.abs(sine.stems["guitar"].samples).max() > 0.01
