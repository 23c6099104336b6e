"""What a request says of its clip counts: the clip is listened to again, once, and takes keep to what is then heard."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from generation.audio.analyse import analyse, said
from generation.clip import Clip
from generation.engines.arranger.engine import ArrangerEngine
from generation.engines.base import Done, Failed
from generation.engines.studio.engine import StudioEngine
from generation.hearing import Hearing, Key
from generation.request import Operation, Request
from generation.worker.making import Making
from generation.worker.second_ear import HeardAsSaid, SecondEar
from generation.worker.studio import clip_digest
from tests.support import music
from tests.support.scores import composed, part

START_S = 0.11
"""No clip of people begins on its first beat."""


@cache
def song(tempo_bpm: float, duration_s: float = 12.0, beats_per_bar: int = 4) -> tuple[Clip, music.Song]:
    plan = music.Plan(tempo_bpm, lead_in_s=START_S, duration_s=duration_s, beats_per_bar=beats_per_bar)
    written = music.write(plan)
    return music.render(written), written


CHECKED_IN: dict[str, Hearing] = {}
EAR = SecondEar()


def checked_in(clip: Clip) -> tuple[str, Hearing]:
    """A clip's name, and what is heard in it when it comes; once."""
    name = clip_digest(clip)
    if name not in CHECKED_IN:
        CHECKED_IN[name] = analyse(clip)
    return name, CHECKED_IN[name]


def unheard() -> tuple[Clip, music.Song]:
    """A clip whose beat, far too fast for a dance, is not heard; people would say 300 for its 303 a minute."""
    return song(303.0, duration_s=16.0)


def request(operation: Operation, prompt: str = "", **wishes: Any) -> Request:
    engine = "studio" if operation is Operation.LOOP else "arranger"
    return Request(operation, prompt, ("clip",), engine=engine, seed=3, **wishes)


def listened(clip: Clip, wanted: Request, ear: SecondEar = EAR) -> tuple[Hearing, HeardAsSaid, list[str]]:
    """What was heard at the check-in, what is heard with the request's words, and what was told meanwhile."""
    engine = StudioEngine() if wanted.engine == "studio" else ArrangerEngine()
    told: list[str] = []
    name, first = checked_in(clip)
    heard = ear.hear(engine, replace(wanted, clip_ids=(name,)), (clip,), (first,), lambda: told.append("listening"))
    return first, heard, told


def f_measure(truth_s: tuple[float, ...], found_s: tuple[float, ...], within_s: float = 0.05) -> float:
    truth, found = np.asarray(truth_s), np.asarray(found_s)
    if not truth.size or not found.size:
        return 0.0
    apart = np.abs(truth[:, None] - found[None])
    hits = float((apart.min(axis=1) <= within_s).mean()), float((apart.min(axis=0) <= within_s).mean())
    return 2 * hits[0] * hits[1] / max(sum(hits), 1e-9)


def made(engine: ArrangerEngine | StudioEngine, wanted: Request, clip: Clip, heard: HeardAsSaid) -> Done:
    making = Making("job", wanted, (clip,), heard)
    engine.admit(making.next_take())
    while True:
        for event in engine.step():
            assert not isinstance(event, Failed), event
            if isinstance(event, Done):
                return event


@pytest.mark.parametrize("wishes", [{"tempo_bpm": 300.0}, {"prompt": "punk, 300 bpm"}], ids=["option", "prompt"])
def test_a_beat_that_is_not_heard_is_found_when_its_tempo_is_said(wishes: dict[str, Any]) -> None:
    clip, truth = unheard()
    first, heard, told = listened(clip, request(Operation.ACCOMPANY, **wishes), SecondEar())
    assert not first.has_beat and told == ["listening"]
    assert f_measure(truth.beats_s, heard.hearings[0].beats_s) > 0.95
    assert heard.details()["said_of_clip"]["tempo_bpm"] == 300.0
    assert "303 BPM" in heard.remarks()[0]


def test_the_band_plays_on_the_beats_that_were_said() -> None:
    clip, truth = unheard()
    first, heard, _ = listened(clip, request(Operation.ACCOMPANY, "punk", tempo_bpm=300.0))

    def share_on_beats(hearing: Hearing) -> float:
        drums = part(composed(Operation.ACCOMPANY, "punk", 1, hearing, tempo_bpm=300.0).score, "drums")
        assert drums is not None
        hits_s = np.array([note.start_s for note in drums.notes])
        half_beats_s = np.asarray(truth.beats_s[0]) + np.arange(0, 2 * len(truth.beats_s)) * 60 / truth.tempo_bpm / 2
        return float((np.abs(hits_s[:, None] - half_beats_s[None]).min(axis=1) <= 0.02).mean())

    assert share_on_beats(heard.hearings[0]) > 0.8
    assert share_on_beats(first) < 0.6


def test_a_tempo_that_is_rounded_is_found_all_the_same() -> None:
    clip, truth = unheard()
    _, heard, _ = listened(clip, request(Operation.EXTEND, tempo_bpm=297.0))
    assert f_measure(truth.beats_s, heard.hearings[0].beats_s) > 0.95


@pytest.mark.parametrize(("played_bpm", "heard_bpm"), [(30.0, 60.0), (300.0, 150.0)])
@pytest.mark.parametrize("operation", [Operation.ACCOMPANY, Operation.EXTEND, Operation.LOOP])
def test_half_and_double_are_counted_as_they_are_said(
    played_bpm: float, heard_bpm: float, operation: Operation
) -> None:
    clip, truth = song(played_bpm, duration_s=17.0)
    first, heard, _ = listened(clip, request(operation, tempo_bpm=played_bpm))
    assert first.tempo_bpm == pytest.approx(heard_bpm, rel=0.02)
    assert heard.hearings[0].tempo_bpm == pytest.approx(played_bpm, rel=0.02)
    assert f_measure(truth.beats_s, heard.hearings[0].beats_s) > 0.95


def test_a_loop_has_the_bars_that_are_counted() -> None:
    clip, _ = song(300.0, duration_s=17.0)
    wanted = request(Operation.LOOP, tempo_bpm=300.0, bars=4)
    _, heard, _ = listened(clip, wanted)
    loop = made(StudioEngine(), wanted, clip, heard)
    assert loop.clip.duration_s == pytest.approx(4 * 4 * 60 / 300, rel=0.01)


def test_the_ear_is_believed_where_the_clip_says_nothing_for_another_tempo() -> None:
    clip, _ = song(120.0)
    wanted = request(Operation.ACCOMPANY, "rock", tempo_bpm=96.0)
    first, heard, _ = listened(clip, wanted)
    assert heard == HeardAsSaid((first,)) and heard.details() == {} and heard.remarks() == ()
    take = made(ArrangerEngine(), wanted, clip, heard)
    assert "The clip runs at 120 BPM, so I stayed there." in take.remarks


@pytest.mark.parametrize("operation", [Operation.RESTYLE, Operation.COMPOSE, Operation.VARY])
def test_a_tempo_for_the_take_says_nothing_of_the_clip(operation: Operation) -> None:
    clip, _ = song(120.0)
    first, heard, told = listened(clip, request(operation, "rock", tempo_bpm=96.0))
    assert heard == HeardAsSaid((first,)) and not told


def test_what_is_said_as_it_was_heard_costs_nothing() -> None:
    clip, _ = song(100.0)
    wanted = request(Operation.ACCOMPANY, "rock in 4/4 at 101 bpm", key="C major")
    first, heard, told = listened(clip, wanted)
    assert first.key == Key(0, "major")
    assert heard == HeardAsSaid((first,)) and not told


def test_a_metre_in_the_words_sets_the_bars_of_an_accompaniment() -> None:
    clip, truth = song(110.0, beats_per_bar=3)
    wanted = request(Operation.ACCOMPANY, "folk in 3/4 with piano and drums")
    first, heard, _ = listened(clip, wanted)
    assert first.beats_per_bar == 4  # it can't tell: the clip's drums play on in four
    assert heard.hearings[0].beats_per_bar == 3
    assert f_measure(truth.downbeats_s, heard.hearings[0].downbeats_s) > 0.95
    assert made(ArrangerEngine(), wanted, clip, heard).details["beats_per_bar"] == 3


def test_a_key_that_is_said_leads_the_chords() -> None:
    clip, _ = song(110.0)
    wanted = request(Operation.EXTEND, "pop", key="A minor")
    first, heard, _ = listened(clip, wanted)
    assert first.key != Key(9, "minor") and heard.hearings[0].key == Key(9, "minor")
    assert heard.details()["said_of_clip"]["key"] == "A minor"


def test_a_slow_six_is_said_in_dotted_quarters() -> None:
    heard = Hearing(8.0, tempo_bpm=180.0, beat_confidence=0.9, beats_s=(0.0, 0.3), beats_per_bar=6)
    assert said.overrides_for(Operation.ACCOMPANY, said.Said(60.0, beats_per_bar=6), heard) is None
    free = replace(heard, tempo_bpm=None, beats_per_bar=4)
    overrides = said.overrides_for(Operation.ACCOMPANY, said.Said(60.0, beats_per_bar=6), free)
    assert overrides is not None and (overrides.tempo_bpm, overrides.beats_per_bar) == (180.0, 6)


def test_the_same_clip_and_words_are_listened_to_once() -> None:
    clip, _ = unheard()
    ear = SecondEar()
    _, one, told = listened(clip, request(Operation.ACCOMPANY, "punk", tempo_bpm=300.0), ear)
    _, two, told_again = listened(clip, request(Operation.ACCOMPANY, "rock, 300 bpm"), ear)
    assert told == ["listening"] and not told_again
    assert one == two
