"""What lies on a known grid is looped and blended by it: exact bars, no stretching, one length."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.base import Done, EngineJob
from generation.hearing import Hearing, Key
from generation.jam.frame import Frame, framed
from generation.request import AudioFormat, Operation, Request
from tests.support.clips import little_song

TEMPO_BPM, BAR_S = 132.0, 4 * 60 / 132
FRAME = {"tempo_bpm": TEMPO_BPM, "beats_per_bar": 4, "key": "A minor"}


def heard(tempo_bpm: float = 131.1, late_s: float = 0.02, num_bars: int = 4) -> Hearing:
    """What a tracker makes of bars at 132 BPM: a little late, in frames of 20 ms, a little slow, in another key."""
    beats_s = tuple(round((late_s + beat * 60 / TEMPO_BPM) / 0.02) * 0.02 for beat in range(4 * num_bars))
    return Hearing(
        num_bars * BAR_S,
        tempo_bpm=tempo_bpm,
        beat_confidence=0.9,
        beats_s=beats_s,
        downbeats_s=beats_s[::4],
        key=Key(4, "minor"),
        key_confidence=0.8,
    )


def made(operation: Operation, *pairs: tuple[Clip, Hearing], **asked: Any) -> Done:
    """What the studio makes of clips and what was heard in them."""
    names = tuple(f"clip{index}" for index in range(len(pairs)))
    request = Request(operation, clip_ids=names, engine="studio", seed=1, **{**FRAME, **asked})
    engine = create_engine("studio", "cpu", EngineOptions())
    engine.load()
    engine.admit(EngineJob("a", request, 1, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)))
    engine.step()
    (event,) = engine.step()
    assert isinstance(event, Done), event
    return event


def of_the_room(tonic: int = 9, num_bars: int = 4) -> tuple[Clip, Hearing]:
    return little_song(TEMPO_BPM, tonic, "minor", num_bars), heard(num_bars=num_bars)


@pytest.mark.parametrize("bars", [1, 2, 4])
def test_a_loop_has_the_rooms_bars_to_the_sample(bars: int) -> None:
    take = made(Operation.LOOP, of_the_room(), bars=bars, audio_format=AudioFormat.WAV)
    assert take.clip.num_frames == round(bars * BAR_S * 48_000)
    assert take.details["tempo_bpm"] == pytest.approx(TEMPO_BPM, abs=0.01)


def test_a_blend_is_neither_stretched_nor_moved_and_as_long_as_its_clips() -> None:
    take = made(Operation.BLEND, of_the_room(), of_the_room(tonic=0))
    assert take.clip.duration_s == pytest.approx(4 * BAR_S, abs=1e-3)
    assert take.details["stretch"] == [1.0, 1.0] and take.details["semitones"] == [0.0, 0.0]
    assert take.details["tempo_bpm"] == TEMPO_BPM and take.remarks == ()
    assert np.allclose(take.details["downbeats_s"][:4], np.arange(4) * BAR_S, atol=2e-3)


def test_a_clip_that_is_not_on_the_grid_is_heard_as_before() -> None:
    song, hearing = little_song(TEMPO_BPM, 9, "minor", 4), heard()
    shorter = song.cut(0.0, song.duration_s - 0.2)
    take = made(Operation.BLEND, (shorter, hearing), (shorter, hearing))
    assert take.details["stretch"][0] != 1.0
    off_beat = replace(hearing, beats_s=tuple(time_s + 0.1 for time_s in hearing.beats_s))
    take = made(Operation.BLEND, (song, off_beat), (song, off_beat))
    assert take.details["stretch"][0] != 1.0


def test_a_room_says_where_its_grid_is() -> None:
    request = framed(Request(Operation.BLEND, clip_ids=("a", "b")), Frame(TEMPO_BPM, Key(9, "minor"), 4, 4))
    assert {name: getattr(request, name) for name in FRAME} == FRAME
