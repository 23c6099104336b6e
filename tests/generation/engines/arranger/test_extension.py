"""An extension in a sequencer: all its files begin at the take's beginning, and what sounds together lies together."""

from __future__ import annotations

import io
from itertools import pairwise

import mido
import numpy as np
import pytest

from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.arranger.engine import ArrangerEngine
from generation.engines.arranger.stems import StemShelf
from generation.engines.base import Done, EngineJob
from generation.hearing import Hearing
from generation.request import Operation, Request
from tests.support.hearings import clip_of, one_note, song


def extended(heard: Hearing, clip: Clip, duration_s: float = 5.0) -> Done:
    engine = create_engine("arranger", "cpu", EngineOptions())
    assert isinstance(engine, ArrangerEngine)
    request = Request(Operation.EXTEND, "pop", ("clip",), duration_s=duration_s)
    engine.admit(EngineJob("a", request, 1, (clip,), (heard,)))
    while events := engine.step():
        if isinstance(events[-1], Done):
            return events[-1]
    raise AssertionError("the engine ended without a take")


def note_times_s(midi: bytes) -> list[float]:
    now, found = 0.0, []
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        now += message.time
        if message.type == "note_on" and message.velocity:
            found.append(now)
    return found


@pytest.mark.parametrize(("rate_hz", "factor"), [(44_100, 1.0), (48_000, 0.1), (22_050, 1.0)])
def test_stems_are_as_long_as_the_take_and_silent_where_the_clip_plays(rate_hz: int, factor: float) -> None:
    heard = song(100.0, bars=4)
    whole = clip_of(heard, rate_hz)
    clip = Clip(whole.samples * np.float32(factor), rate_hz)
    done = extended(heard, clip)
    kept = round(done.kept_s * 44_100)
    assert {"clip", "drums", "bass", "space"} <= set(done.stems)
    for name, stem in done.stems.items():
        assert stem.duration_s == pytest.approx(done.clip.duration_s, abs=1e-4)
        assert stem.num_channels == 2 and np.abs(stem.samples).max() <= 1.0
        if name != "clip":
            assert not stem.samples[:, :kept].any()
            assert stem.samples[:, kept:].any()


def test_the_clips_stem_is_the_clip_and_rings_out() -> None:
    heard = song(100.0, bars=4)
    done = extended(heard, clip_of(heard))
    own, kept = done.stems["clip"].samples, round(done.kept_s * 44_100)
    take = done.clip.samples[:, :kept]
    scale = float((own[:, :kept] * take).sum() / np.square(take).sum())
    assert 0.1 < scale <= 1.0 + 1e-6
    np.testing.assert_allclose(own[:, :kept], take * scale, atol=1e-5)
    assert not own[:, kept + 44_100 :].any()
    around = own[:, kept - 2205 : kept + 2205]
    assert np.abs(np.diff(around)).max() <= np.abs(np.diff(own[:, :kept])).max()  # it does not break off


def test_the_stems_together_lie_where_the_take_does() -> None:
    heard = song(100.0, bars=4)
    done = extended(heard, clip_of(heard))
    summed = np.sum([stem.samples for stem in done.stems.values()], axis=0)[:, : done.clip.num_frames]
    new = slice(round(done.kept_s * 44_100) + 22_050, summed.shape[1])
    for part in (slice(0, new.start), new):
        one, other = summed[:, part].ravel(), done.clip.samples[:, part].ravel()
        assert np.corrcoef(one, other)[0, 1] > 0.9
    balance = [
        float(np.std(summed[:, part]) / np.std(done.clip.samples[:, part])) for part in (slice(0, new.start), new)
    ]
    assert balance[1] / balance[0] == pytest.approx(1.0, abs=0.35)  # the mix bus evens out the new part a little


def test_the_notes_begin_after_the_clip_on_its_own_beats() -> None:
    heard = song(96.0, bars=4, waver=0.05)
    done = extended(heard, clip_of(heard))
    assert done.midi is not None
    starts = note_times_s(done.midi)
    assert done.kept_s - 0.01 < min(starts) < done.kept_s + 1.0
    assert max(starts) < done.clip.duration_s
    tempi = [m.tempo / 1e6 for m in mido.MidiFile(file=io.BytesIO(done.midi)).tracks[0] if m.type == "set_tempo"]
    for beat_s in (later - earlier for earlier, later in pairwise(heard.beats_s)):
        assert min(abs(beat_s - tempo) for tempo in tempi) < 0.002


def test_a_clip_without_a_beat_lines_up_too() -> None:
    heard = one_note()
    done = extended(heard, clip_of(heard), 3.0)
    assert done.midi is not None
    assert min(note_times_s(done.midi)) > done.kept_s - 0.01
    drums = done.stems["bass"].samples
    first = int(np.flatnonzero(np.abs(drums).max(axis=0) > 1e-4)[0]) / 44_100
    assert first > done.kept_s - 0.001


def test_the_shelf_puts_silence_around_stems_in_memory_and_in_its_file_alike() -> None:
    samples = np.linspace(-0.5, 0.5, 2000, dtype=np.float32).reshape(2, 1000)
    for room_bytes in (0, 2**20):
        shelf = StemShelf(room_bytes)
        shelf.put_at("late", samples, 300, 1200)
        shelf.put_at("early", samples, 0, 1500)
        clips = {}
        steps = shelf.clips()
        while True:
            try:
                next(steps)
            except StopIteration as ended:
                clips = ended.value
                break
        assert clips["late"].num_frames == 1200 and clips["early"].num_frames == 1500
        np.testing.assert_array_equal(clips["late"].samples[:, 300:], samples[:, :900])
        np.testing.assert_array_equal(clips["early"].samples[:, :1000], samples)
        assert not clips["late"].samples[:, :300].any() and not clips["early"].samples[:, 1000:].any()
