"""A room's frame: its ranges, where it comes from, what a request inherits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import RequestRefused
from generation.hearing import Hearing, Key
from generation.jam.frame import MAX_BARS, Frame, frame_of_clip, framed
from generation.request import Operation, Request, Sampling
from tests.support.jam_rooms import FRAME


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"tempo_bpm": 20.0}, "tempo"),
        ({"tempo_bpm": float("nan")}, "tempo"),
        ({"beats_per_bar": 5}, "metre"),
        ({"bars": 0}, "bars"),
        ({"bars": MAX_BARS + 1}, "bars"),
        ({"style": "x" * 101}, "style"),
    ],
)
def test_out_of_range_is_refused_with_the_name(values: dict[str, object], word: str) -> None:
    with pytest.raises(RequestRefused, match=word):
        Frame(**values)  # type: ignore[arg-type]


def test_a_clip_brings_its_frame_and_what_was_said_stays() -> None:
    heard = Hearing(
        16.3, tempo_bpm=90.04, beat_confidence=0.9, beats_per_bar=3, key=Key(9, "minor"), key_confidence=0.8
    )
    frame = frame_of_clip(heard, Frame(style="folk"))
    assert (frame.tempo_bpm, frame.beats_per_bar, frame.key, frame.bars) == (90.0, 3, Key(9, "minor"), 8)
    assert frame.style == "folk"
    kept = frame_of_clip(heard, Frame(80.0, bars=4), said=frozenset({"tempo_bpm", "bars"}))
    assert (kept.tempo_bpm, kept.bars, kept.beats_per_bar) == (80.0, 4, 3)


def test_a_clip_without_a_beat_needs_a_tempo() -> None:
    speech = Hearing(5.0, tempo_bpm=110.0, beat_confidence=0.4)
    with pytest.raises(RequestRefused, match="tempo"):
        frame_of_clip(speech, Frame())
    assert frame_of_clip(speech, Frame(100.0), said=frozenset({"tempo_bpm"})).tempo_bpm == 100.0


def test_a_request_inherits_the_frame_and_keeps_its_own_words() -> None:
    asked = Request(Operation.RESTYLE, "warm piano", clip_ids=("c",), seed=7, sampling=Sampling(0.7))
    made = framed(asked, FRAME, "arranger")
    assert (made.tempo_bpm, made.key, made.beats_per_bar, made.duration_s) == (120.0, "D minor", 4, 8.0)
    assert made.prompt == "warm piano, lo-fi" and made.seed == 7 and made.sampling == asked.sampling
    own = framed(asked.changed(tempo_bpm=90.0, key="A major", prompt="Lo-Fi beats"), FRAME)
    assert (own.tempo_bpm, own.key, own.prompt) == (90.0, "A major", "Lo-Fi beats")
    looped = framed(Request(Operation.LOOP, clip_ids=("c",)), FRAME)
    assert looped.bars == FRAME.bars


@given(st.floats(1, 300), st.integers(1, MAX_BARS), st.sampled_from((3, 4, 6)), st.floats(60, 200))
def test_asked_seconds_become_whole_bars(seconds: float, bars: int, beats: int, tempo: float) -> None:
    frame = Frame(tempo, None, beats, bars)
    asked = Request(Operation.COMPOSE, "x", duration_s=seconds)
    got = framed(asked, frame).duration_s if 1 <= round(seconds / frame.bar_s) * frame.bar_s <= 300 else None
    if got is not None:
        assert abs(got / frame.bar_s - round(got / frame.bar_s)) < 1e-6
        assert abs(got - seconds) <= frame.bar_s


@given(st.builds(Frame, st.floats(40, 240), st.none() | st.builds(Key, st.integers(0, 11), st.just("minor"))))
def test_frames_come_back_from_json(frame: Frame) -> None:
    assert Frame.from_json(frame.to_json()) == frame
