"""The synthesised voices and kits: clean oscillators, kits in balance, drums that differ from hit to hit."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.effects_level import BLOCK_FRAMES, loudness_lufs
from generation.engines.arranger.instruments import KITS, SYNTH_KITS, SYNTHS
from generation.engines.arranger.play import Player
from generation.engines.arranger.sampler_balance import piece_gain
from generation.engines.arranger.sampler_kept import MAX_CACHE_BYTES, ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, lay
from generation.engines.arranger.score import Part, Sound
from generation.engines.arranger.soundfont import SoundFont
from generation.engines.arranger.synth import Synth, has_voice
from generation.engines.arranger.synth_parts import oscillator
from generation.hearing import Note
from tests.generation.engines.arranger_sound.playing import at, centroid_hz, instrument, level_db, one_note

ALL_KITS = [f"kit:{kit}" for kit in KITS if kit != 48] + [f"synth:{kit}" for kit in SYNTH_KITS]


def hit(font: SoundFont, kit: str, pitch: int) -> Wave:
    """A stroke at normal strength, at the level that the player gives it: float32 [2, 0.4 s]."""
    out = np.zeros((2, BLOCK_FRAMES), dtype=np.float32)
    piece = instrument(font, kit)
    for tone in piece.tones(pitch, 0.8, 4000):
        lay(out, tone, 0, 4000, piece_gain(piece, pitch))
    return out


def test_every_voice_of_the_table_can_be_played() -> None:
    assert all(has_voice(name) for name in [*SYNTHS, *SYNTH_KITS])
    assert not has_voice("theremin")


@pytest.mark.parametrize("kit", ALL_KITS)
def test_kits_are_in_balance(font: SoundFont, kit: str) -> None:
    kick, snare, hat, ride, crash = (loudness_lufs(hit(font, kit, pitch)) for pitch in (36, 38, 42, 51, 49))
    assert abs(kick - snare) < 2
    assert -14 < hat - snare < -7
    assert -14 < ride - snare < -6
    assert -8 < crash - snare < 1


@pytest.mark.parametrize("kit", [f"synth:{kit}" for kit in SYNTH_KITS])
def test_kicks_are_low_and_hats_are_high(font: SoundFont, kit: str) -> None:
    assert centroid_hz(hit(font, kit, 36)) < 0.5 * centroid_hz(hit(font, kit, 42))


@pytest.mark.parametrize("shape", ["saw", "square", "pulse25"])
def test_oscillators_do_not_alias(shape: str) -> None:
    hz = 2637.0
    wave = oscillator(shape, hz, SAMPLE_RATE_HZ)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    bins = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE_HZ)
    harmonic = np.abs(bins / hz - np.rint(bins / hz)) * hz < 6
    assert 10 * np.log10(power[~harmonic].sum() / power.sum()) < -60


def test_drum_hits_in_a_row_differ_a_little() -> None:
    snare = Synth("kit909", ToneCache())
    first, second = (snare.tones(38, 0.8, 4000, variant)[0].wave for variant in (0, 1))
    assert not np.array_equal(first, second)
    assert abs(level_db(first[None]) - level_db(second[None])) < 1.5


def test_risers_end_with_their_note(font: SoundFont) -> None:
    wave = one_note(font, "synth:riser", 60, held_s=1.5, length_s=2.0)
    assert level_db(at(wave, 1.2, 1.48)) > level_db(at(wave, 0.1, 0.4)) + 10
    assert not np.any(at(wave, 1.51, 2.0))


def test_the_cache_stays_within_its_bound_and_does_not_change_the_sound() -> None:
    small, large = ToneCache(max_bytes=2**19), ToneCache(MAX_CACHE_BYTES)
    for pitch in (48, 55, 60, 48, 72, 55):
        one, other = (Synth("pad", cache).tones(pitch, 0.7, 20_000)[0].wave for cache in (small, large))
        assert np.array_equal(one, other)
    assert small.num_bytes < 2**20 < large.num_bytes


def test_an_808_slides_into_a_leap_and_not_into_a_rest(font: SoundFont) -> None:
    def pitch_hz(glide_s: float, rest_s: float) -> float:
        notes = (Note(0.0, 0.5, 33, 0.9), Note(0.5 + rest_s, 1.2, 45, 0.9))
        wave = Player(font).dry(Part("bass", Sound("synth:bass808", glide_s=glide_s), notes), 60_000)[0]
        early = wave[round((0.56 + rest_s) * 44_100) : round((0.61 + rest_s) * 44_100)]
        return float(np.count_nonzero(np.diff(np.signbit(early))) / 2 / 0.05)

    straight = pitch_hz(0.0, 0.0)
    assert straight == pytest.approx(110, abs=12)
    assert pitch_hz(0.2, 0.0) < straight - 15
    assert pitch_hz(0.2, 0.15) == pytest.approx(110, abs=12)
