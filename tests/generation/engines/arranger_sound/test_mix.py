"""The mix: stems that sum up, ducking that ducks, levels by role, characters, silence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from generation.engines.arranger.effects_bus import BUS_LUFS, mixed_bus
from generation.engines.arranger.effects_level import loudness_lufs
from generation.engines.arranger.effects_ride import riding_gain
from generation.engines.arranger.effects_space import SPACES
from generation.engines.arranger.instruments import PROGRAMS
from generation.engines.arranger.play import Player
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ
from generation.errors import EngineFailed
from generation.hearing import Note
from tests.generation.engines.arranger_sound.playing import (
    at,
    band,
    centroid_hz,
    level_db,
    part,
    rendered,
    score,
)

CHORD = tuple(Note(0.0, 4.0, pitch, 0.7) for pitch in (60, 64, 67))
KICKS = tuple(Note(float(t), t + 0.1, 36, 0.9) for t in np.arange(0, 4, 0.5))


@pytest.mark.parametrize("character", sorted(BUS_LUFS))
def test_stems_sum_to_what_goes_into_the_bus(player: Player, character: str) -> None:
    result = rendered(player, band(character=character), seed=7)
    assert set(result.stems) == {"drums", "bass", "chords", "lead", "space"}
    total = np.sum([stem.samples for stem in result.stems.values()], axis=0, dtype=np.float32)
    assert np.abs(mixed_bus(total, character, 7) - result.mix.samples).max() < 1e-4


@pytest.mark.parametrize("character", sorted(BUS_LUFS))
@pytest.mark.parametrize("space", sorted(SPACES))
def test_the_mix_is_finite_in_its_headroom_and_as_long_as_the_score(player: Player, character: str, space: str) -> None:
    mix = rendered(player, band(duration_s=3.0, character=character, space=space)).mix
    assert mix.num_frames == 3 * SAMPLE_RATE_HZ
    assert mix.num_channels == 2
    peak_db = 20 * np.log10(np.abs(mix.samples).max())
    assert -6.5 < peak_db < -1
    assert -20 < loudness_lufs(mix.samples) < -13


def test_the_same_seed_gives_the_same_samples_in_any_player(player: Player, font) -> None:  # type: ignore[no-untyped-def]
    fresh = Player(font)
    rendered(fresh, band(duration_s=2.0))  # other work before it must not matter
    for character in ("clean", "lofi"):
        first, again = (rendered(p, band(character=character), seed=3) for p in (player, fresh))
        assert np.array_equal(first.mix.samples, again.mix.samples)
        assert all(np.array_equal(first.stems[name].samples, again.stems[name].samples) for name in first.stems)


def test_another_seed_varies_the_performance(player: Player) -> None:
    one, other = (rendered(player, band(), seed=seed).stems["drums"].samples for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_the_kick_pushes_a_ducked_part_down(player: Player) -> None:
    def held(duck: float) -> np.ndarray:  # type: ignore[type-arg]
        pad = part("pad", "synth:square", *CHORD, duck=duck, reverb=0)
        return rendered(player, score(pad, part("drums", "kit:0", *KICKS))).stems["pad"].samples

    free, ducked = held(0.0), held(0.9)
    at_kick = level_db(at(ducked, 2.005, 2.03)) - level_db(at(free, 2.005, 2.03))
    between = level_db(at(ducked, 2.4, 2.48)) - level_db(at(free, 2.4, 2.48))
    assert at_kick < -12
    assert abs(between) < 0.5


def test_without_a_kick_nothing_is_ducked(player: Player) -> None:
    pad = part("pad", "synth:square", *CHORD, duck=0.9)
    open_pad = part("pad", "synth:square", *CHORD)
    assert np.array_equal(
        rendered(player, score(pad)).stems["pad"].samples, rendered(player, score(open_pad)).stems["pad"].samples
    )


@pytest.mark.parametrize("character", ["clean", "lofi"])
def test_an_empty_score_is_silent(player: Player, character: str) -> None:
    result = rendered(player, score(duration_s=1.0, character=character))
    assert result.mix.num_frames == SAMPLE_RATE_HZ
    assert not np.any(result.mix.samples)
    silent_part = rendered(player, score(part("lead", "gm:0"), duration_s=1.0))
    assert not np.any(silent_part.mix.samples)


def test_the_same_velocity_lies_equally_loud_on_every_program(player: Player) -> None:
    loudness = {}
    for program, known in PROGRAMS.items():
        middle = (known.low + known.high) // 2
        notes = [Note(i * 0.5, i * 0.5 + 0.45, middle + i % 5 - 2, 0.8) for i in range(8)]
        stem = rendered(player, score(part("chords", f"gm:{program}", *notes, reverb=0))).stems["chords"]
        loudness[program] = loudness_lufs(stem.samples)
    assert max(loudness.values()) - min(loudness.values()) < 2


def test_gain_and_velocity_are_heard(player: Player) -> None:
    def lufs(velocity: float, gain_db: float) -> float:
        notes = [Note(i * 0.5, i * 0.5 + 0.4, 60, velocity) for i in range(8)]
        stem = rendered(player, score(part("lead", "gm:0", *notes, gain_db=gain_db))).stems["lead"]
        return loudness_lufs(stem.samples)

    assert lufs(0.8, -6.0) == pytest.approx(lufs(0.8, 0.0) - 6, abs=0.1)
    assert lufs(0.4, 0.0) < lufs(0.8, 0.0) - 4


def test_pan_and_filters_do_what_they_say(player: Player) -> None:
    left = rendered(player, score(part("lead", "gm:73", *CHORD, pan=-1.0, reverb=0))).stems["lead"].samples
    assert level_db(left[:1]) > level_db(left[1:]) + 40
    bright, dark = (
        rendered(player, score(part("lead", "synth:supersaw", *CHORD, lowpass_hz=hz))).stems["lead"].samples
        for hz in (None, 800.0)
    )
    assert centroid_hz(dark) < 0.5 * centroid_hz(bright)


def test_reverb_and_echo_go_to_the_space_stem(player: Player) -> None:
    click = Note(0.0, 0.1, 75, 0.9)
    dry = rendered(player, score(part("drums", "kit:0", click, reverb=0))).stems["space"].samples
    wet = rendered(player, score(part("drums", "kit:0", click, reverb=0.5), space="hall")).stems["space"].samples
    echoed = rendered(player, score(part("drums", "kit:0", click, reverb=0, delay=0.8))).stems["space"].samples
    assert not np.any(dry)
    assert level_db(at(wet, 1.0, 1.4)) > level_db(at(wet, 0.1, 0.4)) - 45
    first, between = at(echoed, 0.37, 0.42), at(echoed, 0.28, 0.36)  # a dotted eighth at 120 BPM is 0.375 s
    assert level_db(first) > level_db(between) + 12


def test_lofi_is_darker_and_loud_is_denser(player: Player) -> None:
    mixes = {name: rendered(player, band(character=name)).mix.samples for name in BUS_LUFS}
    assert centroid_hz(mixes["lofi"]) < 0.75 * centroid_hz(mixes["clean"])
    crest = {name: np.abs(m).max() / np.sqrt(np.mean(m**2)) for name, m in mixes.items()}
    assert crest["loud"] < crest["clean"]


def test_a_loop_carries_its_tail_to_the_beginning(player: Player) -> None:
    last = Note(1.9, 2.0, 60, 0.9)
    cut = rendered(player, score(part("lead", "gm:14", last), duration_s=2.0)).stems["lead"].samples
    loop = rendered(player, score(part("lead", "gm:14", last), duration_s=2.0), wrap=True).stems["lead"].samples
    assert not np.any(at(cut, 0, 1))
    assert level_db(at(loop, 0, 0.3)) > level_db(at(loop, 1.9, 2.0)) - 30


def test_stages_come_often_and_in_order(player: Player) -> None:
    stages = list(player.render(band(duration_s=8.0), 1))
    fractions = [stage.fraction for stage in stages]
    assert all(0 <= one <= other <= 1 for one, other in pairwise(fractions))
    assert fractions[-1] == 1
    assert {stage.word for stage in stages} == {"drums", "bass", "chords", "lead", "mixing"}
    assert [stage.result is not None for stage in stages].count(True) == 1


def test_parts_of_the_same_name_are_stems_of_their_own(player: Player) -> None:
    both = score(part("lead", "gm:73", *CHORD), part("lead", "gm:0", *CHORD), duration_s=1.0)
    assert set(rendered(player, both).stems) == {"lead", "lead 2", "space"}


@pytest.mark.parametrize("name", ["gm:128", "gm:x", "kit:", "synth:nothing", "piano", "gm:-1"])
def test_an_unknown_instrument_is_a_sentence(player: Player, name: str) -> None:
    with pytest.raises(EngineFailed, match="no instrument called"):
        rendered(player, score(part("lead", name, *CHORD)))


def test_notes_outside_the_score_do_no_harm(player: Player) -> None:
    odd = (Note(-1.0, 0.5, 60), Note(0.5, 0.5, 61), Note(0.9, 99.0, 62), Note(50.0, 51.0, 63), Note(0.2, 0.1, 127, 2.0))
    mix = rendered(player, score(part("lead", "gm:0", *odd), part("bass", "synth:bass808", *odd), duration_s=1.0)).mix
    assert mix.num_frames == SAMPLE_RATE_HZ
    assert np.abs(mix.samples).max() < 1


def test_a_drop_is_louder_than_the_build_before_it(player: Player) -> None:
    """A build rises against the same music without one: its own notes may be louder at its start than at its end."""
    plain = rendered(player, band(6.0, markers=((0.0, "A"), (4.0, "B")), character="loud")).mix.samples
    markers = ((0.0, "A"), (2.0, "build"), (4.0, "drop"))
    mix = rendered(player, band(6.0, markers=markers, character="loud")).mix.samples
    before, start, end, drop = (level_db(at(mix, *span)) for span in ((0.5, 2), (2, 2.5), (3.5, 4), (4, 5.5)))
    assert start - level_db(at(plain, 2, 2.5)) < end - level_db(at(plain, 3.5, 4)) - 0.5
    assert max(start, end) < drop - 1
    assert abs(before - drop) < 1
    even = rendered(player, band(6.0, markers=((0.0, "A"), (4.0, "B")))).mix.samples
    assert abs(level_db(at(even, 2, 3.9)) - level_db(at(even, 4, 5.9))) < 1


def test_faders_do_not_move_without_builds_and_breaks() -> None:
    assert riding_gain(((0.0, "A"), (2.0, "drop")), 1000) is None
    gains = riding_gain(((0.0, "break"), (1.0, "A")), 2 * SAMPLE_RATE_HZ)
    assert gains is not None
    assert 20 * np.log10(gains[SAMPLE_RATE_HZ // 2]) == pytest.approx(-3.0, abs=0.01)
    assert gains[SAMPLE_RATE_HZ + 1 :] == pytest.approx(1.0, abs=1e-5)
    assert np.abs(np.diff(gains)).max() < 1e-3


def test_a_low_pass_also_takes_what_the_drive_adds(player: Player) -> None:
    notes = [Note(0.0, 1.5, 52, 0.8)]
    driven, boxed = (
        rendered(player, score(part("guitar", "gm:29", *notes, drive=0.4, reverb=0, **cut), duration_s=2.0)).stems
        for cut in ({}, {"lowpass_hz": 2000.0})
    )
    assert centroid_hz(boxed["guitar"].samples) < 0.6 * centroid_hz(driven["guitar"].samples)


@pytest.mark.parametrize("held", ["synth:pad", "gm:48", "gm:16"])
def test_what_is_held_to_the_end_dies_away(player: Player, held: str) -> None:
    """The ending fades over its last quarter; a loop does not."""
    chord = part("pad", held, *(Note(0.0, 3.95, pitch, 0.8) for pitch in (60, 64, 67)))
    written = score(chord, markers=((0.0, "A"), (2.0, "ending")))
    wave = rendered(player, written).mix.samples
    held_db, last_db = level_db(at(wave, 3.0, 3.4)), level_db(at(wave, 3.93, 4.0))
    assert last_db < held_db - 12
    assert level_db(at(wave, 3.6, 3.7)) > held_db - 6
    assert level_db(at(rendered(player, score(chord)).mix.samples, 3.8, 3.9)) > held_db - 6
