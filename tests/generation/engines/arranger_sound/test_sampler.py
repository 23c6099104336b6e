"""The sampler: in tune, louder and brighter with velocity, notes that hold and notes that end."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.instruments import (
    KITS,
    PERCUSSION,
    PROGRAMS,
    SYNTH_PERCUSSION,
    SYNTHS,
    closest_program,
)
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, lay
from generation.engines.arranger.sampler_wave import pitched
from generation.engines.arranger.soundfont import Sample, SoundFont
from generation.engines.arranger.soundfont_zones import Zone
from generation.engines.arranger.synth_kits import KIT_NAMES
from tests.generation.engines.arranger_sound.playing import (
    at,
    centroid_hz,
    cents_off,
    instrument,
    level_db,
    one_note,
)

UNPITCHED = {"riser", "downlifter", "impact", "swell", "vinyl", "kick808", "kick909", "snare808", "snare909", "clap"}
INHARMONIC = {"bell"}
"""FM with an odd ratio: its spectrum has no common period to measure."""


@pytest.mark.parametrize("program", sorted(set(PROGRAMS) - {14, 47}))
def test_every_program_is_in_tune_over_its_range(font: SoundFont, program: int) -> None:
    known = PROGRAMS[program]
    for pitch in (known.low + 3, (known.low + known.high) // 2, known.high - 4):
        off = cents_off(at(one_note(font, f"gm:{program}", pitch), 0.1, 0.9), pitch)
        assert abs(off) < 25, (pitch, off)


@pytest.mark.parametrize("name", sorted(set(SYNTHS) - UNPITCHED - INHARMONIC))
def test_every_synthesised_voice_is_in_tune(font: SoundFont, name: str) -> None:
    known = SYNTHS[name]
    for pitch in (known.low + 4, (known.low + known.high) // 2, known.high - 5):
        off = cents_off(at(one_note(font, f"synth:{name}", pitch), 0.1, 0.9), pitch)
        assert abs(off) < 15, (pitch, off)


@pytest.mark.parametrize("name", [f"gm:{program}" for program in PROGRAMS] + [f"synth:{name}" for name in SYNTHS])
def test_every_instrument_sounds_and_is_finite(font: SoundFont, name: str) -> None:
    known = PROGRAMS[int(name[3:])] if name.startswith("gm:") else SYNTHS[name[6:]]
    for velocity in (0.1, 1.0):
        wave = one_note(font, name, (known.low + known.high) // 2, velocity)
        assert np.isfinite(wave).all()
        assert np.abs(wave).max() > 10 ** (-80 / 20)


@pytest.mark.parametrize("kit", [f"kit:{kit}" for kit in KITS] + [f"synth:{name}" for name in KIT_NAMES])
def test_kits_sound_at_every_pitch_of_the_tables(font: SoundFont, kit: str) -> None:
    pitches = SYNTH_PERCUSSION if kit.startswith("synth") else set(PERCUSSION)
    pitches = pitches - ({58, 65, 66} if kit == "kit:25" else set())
    silent = [pitch for pitch in sorted(pitches) if np.abs(one_note(font, kit, pitch, length_s=0.5)).max() < 1e-3]
    assert silent == []


@pytest.mark.parametrize("name", ["gm:0", "gm:33", "gm:24", "gm:56", "gm:48", "synth:sawbass", "synth:epiano"])
def test_velocity_makes_notes_louder_and_brighter(font: SoundFont, name: str) -> None:
    pitch = 40 if "bass" in name or name == "gm:33" else 58
    soft, loud = (at(one_note(font, name, pitch, velocity), 0, 1) for velocity in (0.3, 0.95))
    assert level_db(loud) - level_db(soft) > 12
    assert centroid_hz(loud) > 1.1 * centroid_hz(soft)


@pytest.mark.parametrize("program", [p for p, known in PROGRAMS.items() if known.sustains])
def test_a_sustained_note_holds_for_five_seconds(font: SoundFont, program: int) -> None:
    known = PROGRAMS[program]
    wave = one_note(font, f"gm:{program}", (known.low + known.high) // 2, held_s=5.0, length_s=5.2)
    assert level_db(at(wave, 4.0, 4.9)) > level_db(at(wave, 0.5, 1.5)) - 18
    # the loop's seam: no jump between samples beyond what the wave itself has at its start
    jumps = np.abs(np.diff(wave.mean(axis=0)))
    assert jumps[4 * SAMPLE_RATE_HZ : 5 * SAMPLE_RATE_HZ].max() < 3 * jumps[: 2 * SAMPLE_RATE_HZ].max() + 1e-3


@pytest.mark.parametrize("velocity", [0.5, 0.8])
def test_an_organ_note_begins_without_a_click(font: SoundFont, velocity: float) -> None:
    """Its level falls right after the attack: a jump there was 180 times the usual bend of the wave."""
    for pitch in (40, 48, 57):
        wave = one_note(font, "gm:16", pitch, velocity).mean(axis=0)
        bend = np.abs(np.diff(wave[: SAMPLE_RATE_HZ // 2], 2))
        assert bend.max() < 15 * np.sqrt(np.mean(np.square(bend)))


@pytest.mark.parametrize("name", ["gm:0", "gm:16", "gm:33", "gm:48", "gm:73", "synth:square", "synth:pad"])
def test_a_released_note_ends(font: SoundFont, name: str) -> None:
    wave = one_note(font, name, 60, held_s=0.5, length_s=4.0)
    assert level_db(at(wave, 3.0, 4.0)) < level_db(at(wave, 0.2, 0.5)) - 60


@pytest.mark.parametrize("kit", ["kit:0", "kit:32", "synth:kit909"])
def test_a_closed_hi_hat_cuts_the_open_one(player, font: SoundFont, kit: str) -> None:  # type: ignore[no-untyped-def]
    from generation.hearing import Note
    from tests.generation.engines.arranger_sound.playing import part, rendered, score

    opened, closed = Note(0.0, 0.1, 46, 0.9), Note(0.25, 0.3, 42, 0.05)
    alone = rendered(player, score(part("drums", kit, opened, reverb=0), duration_s=1.0)).stems["drums"].samples
    cut = rendered(player, score(part("drums", kit, opened, closed, reverb=0), duration_s=1.0)).stems["drums"].samples
    # the same moment after the closed stroke, each against its own open stroke
    ringing = level_db(at(alone, 0.33, 0.45)) - level_db(at(alone, 0.02, 0.2))
    stopped = level_db(at(cut, 0.33, 0.45)) - level_db(at(cut, 0.02, 0.2))
    assert stopped < ringing - 6


def test_nothing_aliases_an_octave_up() -> None:
    """A partial at 15 kHz would come out at 30 kHz and fold back to 14.1 kHz; one at 3 kHz must come out at 6 kHz."""
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    data = (0.4 * np.sin(2 * np.pi * 15_000 * time_s) + 0.4 * np.sin(2 * np.pi * 3000 * time_s)).astype(np.float32)
    sample = Sample("tones", data, SAMPLE_RATE_HZ, 60, 0, 0, 0)
    wave = pitched(sample, Zone(0, 0, 127, 0, 127, {}), 2.0, SAMPLE_RATE_HZ // 2)[2000:-2000]
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    hz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE_HZ)
    wanted = abs(hz - 6000) < 50
    assert 10 * np.log10(power[~wanted].sum() / power[wanted].sum()) < -80


_SHARING = ["gm:0", "gm:33", "gm:48", "gm:73", "gm:30", "kit:0", "synth:supersaw", "synth:glasspad", "synth:sawlead"]


@pytest.mark.parametrize("name", _SHARING)
def test_a_note_is_the_same_whichever_note_came_before_it(font: SoundFont, name: str) -> None:
    """Longer notes, other velocities: what they have in common is made once, and must not show."""
    pitches = (38, 42, 49) if name.startswith("kit") else (45, 57, 76)
    lengths = (SAMPLE_RATE_HZ // 8, 2 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ // 2, 5 * SAMPLE_RATE_HZ)
    played = instrument(font, name)
    for pitch in pitches:
        for velocity, num_frames in zip((0.9, 0.4, 0.9, 0.7), lengths, strict=True):
            here = played.tones(pitch, velocity, num_frames, variant=1)
            alone = instrument(font, name).tones(pitch, velocity, num_frames, variant=1)
            assert all(np.array_equal(one.wave, other.wave) for one, other in zip(here, alone, strict=True))


_NOTED = ["gm:25", "gm:46", "gm:48", "gm:73", "gm:87", "gm:95", "kit:16"]
_NOTED += [f"synth:{name}" for name in SYNTHS if name not in UNPITCHED] + ["synth:impact", "synth:kick909"]


@pytest.mark.parametrize("name", _NOTED)
def test_knowing_what_comes_changes_no_sample(font: SoundFont, name: str) -> None:
    """A wave made for the longest note of its pitch begins exactly like the one that is made for a short note."""
    pitches = (38, 46, 49) if name.startswith("kit") else (48, 60, 67)
    notes = [(pitch, velocity, SAMPLE_RATE_HZ * eighths // 8) for pitch, velocity, eighths in (
        (pitches[0], 0.8, 1), (pitches[1], 0.8, 3), (pitches[0], 0.8, 30), (pitches[2], 0.5, 2), (pitches[0], 0.3, 9),
    )]  # fmt: skip
    told, untold = instrument(font, name), instrument(font, name)
    told.expect(notes)
    for note in notes:
        pairs = zip(told.tones(*note), untold.tones(*note), strict=True)
        assert all(np.array_equal(one.wave, other.wave) for one, other in pairs), note


def test_tuning_moves_the_pitch(font: SoundFont) -> None:
    for name in ("gm:73", "synth:square"):
        out = np.zeros((2, SAMPLE_RATE_HZ), dtype=np.float32)
        for tone in instrument(font, name, tuning_cents=40.0).tones(69, 0.8, SAMPLE_RATE_HZ):
            lay(out, tone, 0, SAMPLE_RATE_HZ, 1.0)
        assert 30 < cents_off(at(out, 0.1, 0.35), 69) < 50


def test_a_program_that_the_font_lacks_is_played_by_its_family(font: SoundFont) -> None:
    lacking = [program for program in range(128) if program not in PROGRAMS]
    assert all(closest_program(program) in PROGRAMS for program in lacking)
    assert np.array_equal(one_note(font, "gm:41", 60), one_note(font, "gm:40", 60))


def test_a_pitch_outside_the_font_is_silent_not_an_error(font: SoundFont) -> None:
    assert not np.any(one_note(font, "kit:0", 5))
