"""The 808 in tune: its kick and its bass sound the root of the chord, by the pitch of the sound and of the notes."""

from __future__ import annotations

import numpy as np
import pytest

from generation.engines.arranger.play import Player
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.score import Part, Sound
from generation.hearing import Note
from generation.request import Operation
from tests.generation.engines.arranger_sound.playing import at, level_db, part, rendered, score
from tests.support.scores import chord_classes, composed
from tests.support.scores import part as part_of

LOW_HZ = (30.0, 90.0)


def low_pitch(wave: Wave) -> float:
    """The MIDI pitch, with its fraction, of the strongest partial between 30 and 90 Hz."""
    mono = wave.mean(axis=0) * np.hanning(wave.shape[1])
    size = 2**19
    spectrum, hz = np.abs(np.fft.rfft(mono, size)), np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    inside = (hz > LOW_HZ[0]) & (hz < LOW_HZ[1])
    return float(69 + 12 * np.log2(hz[inside][spectrum[inside].argmax()] / 440))


@pytest.mark.parametrize("root", range(12))
def test_the_kick_of_an_808_rings_on_the_root(player: Player, root: int) -> None:
    kick = part("drums", "synth:kit808", Note(0.0, 0.1, 36, 0.9))
    wave = rendered(player, score(kick, duration_s=1.5, roots=((0.0, root),))).stems["drums"].samples
    off = (low_pitch(at(wave, 0.08, 0.7)) - root + 6) % 12 - 6
    assert abs(off) < 0.25


def test_the_kick_follows_the_chords_and_the_clips_tuning(player: Player) -> None:
    strokes = tuple(Note(time_s, time_s + 0.1, 36, 0.9) for time_s in (0.0, 0.98, 2.0))
    written = score(
        part("drums", "synth:kit808", *strokes), duration_s=3.0, tuning_cents=40.0, roots=((0.0, 9), (1.0, 5), (2.0, 0))
    )
    wave = rendered(player, written).stems["drums"].samples
    pitches = [low_pitch(at(wave, start_s + 0.08, start_s + 0.7)) for start_s in (0.0, 0.98, 2.0)]
    assert [round(pitch - 0.4) % 12 for pitch in pitches] == [9, 5, 0]  # the second is early for its chord
    assert [(pitch - 0.4 + 0.5) % 1 for pitch in pitches] == pytest.approx([0.5] * 3, abs=0.25)


def test_short_kicks_stay_as_they_are(player: Player) -> None:
    for kit in ("synth:kit909", "kit:16"):
        kick = part("drums", kit, Note(0.0, 0.1, 36, 0.9))
        waves = [
            rendered(player, score(kick, duration_s=1.0, roots=roots)).stems["drums"].samples
            for roots in ((), ((0.0, 3),))
        ]
        assert np.array_equal(*waves)


@pytest.mark.parametrize("pitch", [26, 31, 36])
def test_kick_and_bass_struck_together_add_up(player: Player, pitch: int) -> None:
    """They begin alike and fall alike, so that neither takes the low end of the other away."""
    kick = part("drums", "synth:kit808", Note(0.0, 0.1, 36, 0.9))
    roots = ((0.0, pitch % 12),)
    dry_kick = rendered(player, score(kick, duration_s=1.0, roots=roots)).stems["drums"].samples
    bass = Part("bass", Sound("synth:bass808", reverb=0.0), (Note(0.0, 0.9, pitch, 0.9),))
    dry_bass = rendered(player, score(bass, duration_s=1.0)).stems["bass"].samples
    window = (0.06, 0.3)
    both = level_db(at(dry_kick + dry_bass, *window))
    assert both > max(level_db(at(dry_kick, *window)), level_db(at(dry_bass, *window))) + 1.0


@pytest.mark.parametrize(
    "prompt", ["trap", "drill", "phonk", "trap, 808 bass, happy", "pop with 808", "jazz with 808 bass"]
)
def test_an_808_bass_plays_the_roots_of_the_chords(prompt: str) -> None:
    for seed in range(4):
        made = composed(Operation.COMPOSE, prompt, seed, duration_s=30)
        bass = part_of(made.score, "bass")
        if bass is None or bass.sound.instrument != "synth:bass808":
            assert "808" not in prompt
            continue
        spans = made.details["chords"]
        for note in bass.notes:
            near = [
                span for index, span in enumerate(spans)
                if span["start_s"] <= note.start_s + 0.1
                and (index + 1 == len(spans) or spans[index + 1]["start_s"] > note.start_s - 0.1)
            ]  # fmt: skip
            assert note.pitch % 12 in {chord_classes(span["chord"])[0] for span in near}


def test_a_take_of_trap_is_in_tune_at_the_bottom(player: Player) -> None:
    made = composed(Operation.COMPOSE, "trap, 140 bpm, in F minor, no bass", 3, duration_s=14)
    drums = part_of(made.score, "drums")
    assert drums is not None and drums.sound.instrument == "synth:kit808"
    wave = rendered(player, made.score, 3).stems["drums"].samples
    kicks = [note.start_s for note in drums.notes if note.pitch == 36]
    alone = [a for a, b in zip(kicks, [*kicks[1:], 14.0], strict=True) if b - a > 0.5]
    assert len(alone) >= 4
    for start_s in alone:
        root = [pc for time_s, pc in made.score.roots if time_s <= start_s + 0.05][-1]
        off = (low_pitch(at(wave, start_s + 0.08, start_s + 0.5)) - root + 6) % 12 - 6
        assert abs(off) < 0.4
