"""Stems as people get them: none is cut at full scale in any format, and together they still are the mix."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generation.audio.blend import blend
from generation.audio.encode import encode
from generation.audio.levels import STEM_PEAK
from generation.audio.splice import go_on
from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.engines.arranger.effects_bus import mixed_bus
from generation.engines.arranger.effects_pieces import finished
from generation.engines.arranger.extension import stems_of_whole
from generation.engines.arranger.play import Player, Rendered
from generation.engines.arranger.stems import StemShelf
from generation.hearing import Hearing, Note
from generation.request import AudioFormat
from tests.generation.engines.arranger_sound.playing import part, rendered, score

HARD = tuple(Note(float(t), t + 0.1, 36, 1.0) for t in np.arange(0, 3.9, 1.0))
CHORD = tuple(Note(0.0, 3.5, pitch, 0.8) for pitch in (60, 64, 67))


def too_loud(player: Player) -> Rendered:
    """A few kicks, 12 dB up, beside a chord: in float they pass full scale."""
    return rendered(player, score(part("drums", "kit:0", *HARD, gain_db=12.0), part("keys", "gm:4", *CHORD)), seed=5)


def peaks(stems: dict[str, Clip]) -> dict[str, float]:
    return {name: float(np.abs(stem.samples).max()) for name, stem in stems.items()}


def test_no_stem_passes_full_scale_and_their_balance_stays(player: Player) -> None:
    result = too_loud(player)
    assert max(peaks(result.stems).values()) == pytest.approx(STEM_PEAK, abs=1e-4)
    total = np.sum([stem.samples for stem in result.stems.values()], axis=0, dtype=np.float32)
    assert np.abs(mixed_bus(total, "clean", 5) - result.mix.samples).max() < 1e-4
    soft = rendered(player, score(part("drums", "kit:0", *HARD, gain_db=0.0), part("keys", "gm:4", *CHORD)), seed=5)
    assert max(peaks(soft.stems).values()) < STEM_PEAK
    lowered_db = 20 * np.log10(peaks(result.stems)["keys"] / peaks(soft.stems)["keys"])
    raised_db = 20 * np.log10(peaks(result.stems)["drums"] / peaks(soft.stems)["drums"])
    assert raised_db - lowered_db == pytest.approx(12.0, abs=0.05)


@pytest.mark.parametrize("max_memory_bytes", [0, 2**30])
def test_the_shelf_turns_all_down_in_memory_and_in_its_file_alike(max_memory_bytes: int) -> None:
    shelf = StemShelf(max_memory_bytes)
    waves = [np.full((2, 1000), level, np.float32) for level in (0.5, -2.0, 0.25)]
    for name, wave in zip("abc", waves, strict=True):
        shelf.put(name, wave.copy())
    stems = finished(shelf.clips())
    for name, wave in zip("abc", waves, strict=True):
        np.testing.assert_allclose(stems[name].samples, wave * STEM_PEAK / 2, rtol=1e-6)


def test_an_extension_s_stems_stay_within_full_scale() -> None:
    square = np.where(np.arange(88_200) % 100 < 50, 1.0, -1.0).astype(np.float32)
    loud = Clip(np.stack([square, square]), 44_100)
    joined = go_on(loud.resampled(48_000), loud, 1.9, 2.0)
    stems = finished(stems_of_whole(joined, {"drums": Clip(loud.samples * np.float32(1.5), 44_100)}))
    assert max(peaks(stems).values()) <= STEM_PEAK + 1e-6


def test_the_parts_of_a_blend_stay_within_full_scale() -> None:
    clicks = np.zeros((1, 96_000), np.float32)
    clicks[:, ::24_000] = 0.9
    noise = np.random.default_rng(1).normal(0, 0.1, (1, 96_000)).astype(np.float32)
    made = blend([Clip(clicks, 48_000), Clip(noise, 48_000)], [Hearing(2.0), Hearing(2.0)])
    assert max(float(np.abs(stem.samples).max()) for stem in made.parts) <= 0.98
    np.testing.assert_allclose(made.parts[0].samples + made.parts[1].samples, made.clip.samples, atol=1e-6)


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.FLAC])
def test_stems_sum_to_the_mix_as_files(player: Player, tmp_path: Path, audio_format: AudioFormat) -> None:
    """Stored, read again and written as a file: they lose what 16 bits lose, and nothing is cut."""
    result = too_loud(player)
    store = AudioStore(tmp_path / "audio")
    total = np.zeros_like(result.mix.samples)
    for stem in result.stems.values():
        kept = store.get(store.put(stem))
        assert np.abs(kept.samples - stem.samples).max() <= 2**-23
        data = asyncio.run(encode(kept, audio_format, folder=tmp_path))
        written, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        assert rate_hz == stem.sample_rate_hz
        assert np.abs(written).max() < 0.99
        assert np.abs(written.T - stem.samples).max() <= 3 * 2**-15  # a step of 16 bits and its dither
        total += written.T
    assert np.abs(mixed_bus(total, "clean", 5) - result.mix.samples).max() < 2e-3
