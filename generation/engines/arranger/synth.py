"""Synth: notes of the synthesised voices and kits as tones, in the same form as the sampler's."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from generation.engines.arranger import synth_effects, synth_voices
from generation.engines.arranger.sampler import ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, SILENT_DB, Tone, Wave, longer_bucket
from generation.engines.arranger.synth_drums import DrumRecipe
from generation.engines.arranger.synth_kits import KIT_NAMES, kit, single_drum
from generation.engines.arranger.synth_parts import Stroke

VELOCITY_STEPS = 10
MAX_EFFECT_S = 600.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: what makes its wave, its release (seconds for 100 dB), and how its length follows the note.

    `exact`: the wave is made for the note's own length (effects that end with the note). `natural_s`: it dies away by
    itself within that time. `stereo`: its wave is [2, frames].
    """

    make: Callable[[Stroke], Wave]
    release_s: float = 0.12
    natural_s: float | None = None
    stereo: bool = False
    exact: bool = False
    gain: float = 0.5


_VOICES: dict[str, Voice] = {
    "bass808": Voice(synth_voices.bass808, 0.25, 5.0, gain=0.8),
    "sub": Voice(synth_voices.sub, 0.15, gain=0.8),
    "reese": Voice(synth_voices.reese, 0.15),
    "acid": Voice(synth_voices.acid, 0.1),
    "sawbass": Voice(synth_voices.sawbass, 0.12),
    "supersaw": Voice(synth_voices.supersaw, 0.35, stereo=True),
    "sawlead": Voice(synth_voices.sawlead, 0.2),
    "square": Voice(partial(synth_voices.chip, "square"), 0.06, gain=0.4),
    "pulse25": Voice(partial(synth_voices.chip, "pulse25"), 0.06, gain=0.4),
    "pulse12": Voice(partial(synth_voices.chip, "pulse12"), 0.06, gain=0.4),
    "triangle": Voice(partial(synth_voices.chip, "triangle16"), 0.06),
    "pluck": Voice(synth_voices.pluck, 0.4, 3.0),
    "pad": Voice(synth_voices.pad, 2.2, stereo=True),
    "glasspad": Voice(synth_voices.glasspad, 3.0, stereo=True),
    "synbrass": Voice(synth_voices.synbrass, 0.35, stereo=True),
    "bell": Voice(synth_voices.bell, 2.5, 8.0),
    "epiano": Voice(synth_voices.epiano, 0.4, 8.0, stereo=True),
    "riser": Voice(synth_effects.riser, 0.05, stereo=True, exact=True),
    "downlifter": Voice(synth_effects.downlifter, 0.05, stereo=True, exact=True),
    "impact": Voice(synth_effects.impact, 3.0, 3.5, stereo=True, gain=0.8),
    "swell": Voice(synth_effects.swell, 0.05, stereo=True, exact=True),
    "vinyl": Voice(synth_effects.vinyl, 0.3, stereo=True, exact=True),
}


def has_voice(name: str) -> bool:
    """Whether "synth:NAME" can be played."""
    return name in _VOICES or name in KIT_NAMES or single_drum(name) is not None


class Synth:
    """One synthesised voice or kit, by its name in instruments.py. Same methods as the sampler.

    Raises:
        KeyError: there is no such voice (ask `has_voice` first).
    """

    def __init__(self, name: str, cache: ToneCache, tuning_cents: float = 0.0) -> None:
        self.name = name
        self.is_kit = name in KIT_NAMES
        self._cache = cache
        self._drums = kit(name) if self.is_kit else {}
        self._single = single_drum(name)
        self._voice = None if self.is_kit or self._single else _VOICES[name]
        self._tuning_cents = 0.0 if self._voice is None else tuning_cents

    @property
    def is_stereo(self) -> bool:
        """Whether it needs two channels."""
        return self.is_kit or bool(self._voice and self._voice.stereo)

    def expect(self, notes: Iterable[tuple[int, float, int]]) -> None:
        """Nothing is prepared: a synthesised wave is made for its own length."""

    def exclusive_class(self, pitch: int, velocity: float) -> int:
        """Notes of the same class (not 0) cut each other off."""
        return self._drums[pitch].exclusive_class if pitch in self._drums else 0

    def tones(
        self, pitch: int, velocity: float, hold_frames: int, variant: int = 0, glide: tuple[int, float] | None = None
    ) -> list[Tone]:
        """What sounds for a note: MIDI pitch, velocity 0..1, length in frames; `variant` chooses among four hits.

        `glide` is (the pitch to slide from, seconds).
        """
        step = min(int(velocity * VELOCITY_STEPS), VELOCITY_STEPS - 1)
        if self._voice is not None:
            return [self._voice_tone(self._voice, pitch, velocity, step, hold_frames, glide)]
        recipe = self._single or self._drums.get(pitch)
        return [self._drum_tone(recipe, pitch, velocity, step, variant % 4)] if recipe else []

    def _voice_tone(
        self, voice: Voice, pitch: int, velocity: float, step: int, hold_frames: int, glide: tuple[int, float] | None
    ) -> Tone:
        num_frames = hold_frames + round(voice.release_s * SAMPLE_RATE_HZ * SILENT_DB / -100)
        num_frames = (
            min(hold_frames, round(MAX_EFFECT_S * SAMPLE_RATE_HZ)) if voice.exact else longer_bucket(num_frames)
        )
        if voice.natural_s:
            num_frames = min(num_frames, round(voice.natural_s * SAMPLE_RATE_HZ))
        slide = (self._hz(glide[0]), glide[1]) if glide else None
        wave = self._wave(voice.make, self._hz(pitch), pitch, step, num_frames, 0, slide)
        return Tone(wave, voice.gain * velocity**2, 0.0, voice.release_s)

    def _hz(self, pitch: int) -> float:
        return float(440.0 * 2 ** ((pitch - 69 + self._tuning_cents / 100) / 12))

    def _drum_tone(self, recipe: DrumRecipe, pitch: int, velocity: float, step: int, variant: int) -> Tone:
        num_frames = round(recipe.seconds * SAMPLE_RATE_HZ)
        wave = self._wave(recipe.make, 440.0, pitch if self.is_kit else 0, step, num_frames, variant)
        return Tone(wave, 0.8 * recipe.gain * velocity**2, recipe.pan, one_shot=True)

    def _wave(
        self,
        make: Callable[[Stroke], Wave],
        hz: float,
        pitch: int,
        step: int,
        num_frames: int,
        variant: int,
        slide: tuple[float, float] | None = None,
    ) -> Wave:
        """The wave from the cache, or made with random numbers that depend on what it is alone."""
        key = (self.name, pitch, hz, step, num_frames, variant, slide)
        wave = self._cache.get(key)
        if wave is None:
            rng = np.random.default_rng([zlib.crc32(self.name.encode()), pitch, step, variant])
            wave = make(Stroke(hz, (step + 0.5) / VELOCITY_STEPS, num_frames, rng, *(slide or (None, 0.0))))
            wave = self._cache.put(key, np.ascontiguousarray(wave, dtype=np.float32))
        return wave
