"""Synth: notes of the synthesised voices and kits as tones, in the same form as the sampler's."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from generation.engines.arranger import synth_effects, synth_voices
from generation.engines.arranger.sampler import ANY_VELOCITY, MAX_SHARED_BYTES, spare
from generation.engines.arranger.sampler_kept import KeptWave, ToneCache
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
    itself within that time. `stereo`: its wave is [2, frames]. `noisy`: its random numbers depend on its length; of all
    others the beginning of a longer wave is, bit for bit, the shorter wave, and one serves notes of all lengths.
    """

    make: Callable[[Stroke], Wave]
    release_s: float = 0.12
    natural_s: float | None = None
    stereo: bool = False
    exact: bool = False
    noisy: bool = False
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
    "impact": Voice(synth_effects.impact, 3.0, 3.5, stereo=True, noisy=True, gain=0.8),
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

    def __init__(self, name: str, cache: ToneCache[KeptWave], tuning_cents: float = 0.0) -> None:
        self.name = name
        self.is_kit = name in KIT_NAMES
        self._cache = cache
        self._shared: ToneCache[Wave] = ToneCache(MAX_SHARED_BYTES)
        self._drums = kit(name) if self.is_kit else {}
        self._single = single_drum(name)
        self._voice = None if self.is_kit or self._single else _VOICES[name]
        self._tuning_cents = tuning_cents
        self._longest: dict[tuple[int, int], int] = {}

    @property
    def is_stereo(self) -> bool:
        """Whether it needs two channels."""
        return self.is_kit or bool(self._voice and self._voice.stereo)

    def expect(self, notes: Iterable[tuple[int, float, int]]) -> None:
        """Says which notes (pitch, velocity, length in frames) will be asked for, as the sampler's does: a wave is made
        once, as long as the longest note of its pitch and strength wants it."""
        for pitch, velocity, hold_frames in notes:
            for key in ((pitch, _step(velocity)), (pitch, ANY_VELOCITY)):
                self._longest[key] = max(self._longest.get(key, 0), hold_frames)

    def exclusive_class(self, pitch: int, velocity: float) -> int:
        """Notes of the same class (not 0) cut each other off."""
        return self._drums[pitch].exclusive_class if pitch in self._drums else 0

    def tones(
        self, pitch: int, velocity: float, hold_frames: int, variant: int = 0, glide: tuple[int, float] | None = None,
        root: int | None = None,
    ) -> list[Tone]:  # fmt: skip
        """What sounds for a note: MIDI pitch, velocity 0..1, length in frames; `variant` chooses among four hits.

        `glide` is (the pitch to slide from, seconds), `root` the pitch class that drums with a pitch are tuned to.
        """
        step = _step(velocity)
        if self._voice is not None:
            return [self._voice_tone(self._voice, pitch, velocity, step, hold_frames, glide)]
        recipe = self._single or self._drums.get(pitch)
        return [self._drum_tone(recipe, pitch, velocity, step, variant % 4, root)] if recipe else []

    def _voice_tone(
        self, voice: Voice, pitch: int, velocity: float, step: int, hold_frames: int, glide: tuple[int, float] | None
    ) -> Tone:
        num_frames = _num_frames(voice, hold_frames)
        made_for = num_frames
        if not (voice.exact or voice.noisy):
            longest = max(hold_frames, self._longest.get((pitch, step), 0))
            made_for = _spare_frames(voice, longest)
        slide = (self._hz(glide[0]), glide[1]) if glide else None
        length = num_frames if voice.exact or voice.noisy else 0
        key = (self.name, pitch, self._hz(pitch), step, length, slide)
        wave = self._cache.get(key, num_frames)
        if wave is None:
            rng = self._rng(pitch, step, 0)
            from_hz, glide_s = slide or (None, 0.0)
            keeper = partial(self._once, pitch, 0)
            stroke = Stroke(self._hz(pitch), _strength(step), made_for, rng, from_hz, glide_s, keeper)
            wave = self._keep(key, voice.make(stroke), made_for)
        return Tone(wave, min(num_frames, wave.num_frames), voice.gain * velocity**2, 0.0, voice.release_s)

    def _hz(self, pitch: int) -> float:
        return float(440.0 * 2 ** ((pitch - 69 + self._tuning_cents / 100) / 12))

    def _drum_tone(
        self, recipe: DrumRecipe, pitch: int, velocity: float, step: int, variant: int, root: int | None
    ) -> Tone:
        pitch, step = pitch if self.is_kit else 0, step if recipe.follows_velocity else 0
        tuned = None if root is None else recipe.tuned_to(root)
        hz = recipe.hz if tuned is None else self._hz(tuned)
        key = (self.name, pitch, step, variant, hz)
        wave = self._cache.get(key)
        if wave is None:
            num_frames = round(recipe.seconds * SAMPLE_RATE_HZ)
            keeper = partial(self._once, pitch, variant)
            stroke = Stroke(hz, _strength(step), num_frames, self._rng(pitch, step, variant), keeper=keeper)
            wave = self._keep(key, recipe.make(stroke), num_frames)
        return Tone(wave, wave.num_frames, 0.8 * recipe.gain * velocity**2, recipe.pan, one_shot=True)

    def _rng(self, pitch: int, step: int, variant: int) -> np.random.Generator:
        """Random numbers that depend on what the wave is alone."""
        return np.random.default_rng([zlib.crc32(self.name.encode()), pitch, step, variant])

    def _once(self, pitch: int, variant: int, stroke: Stroke, name: str, make: Callable[[Stroke], Wave]) -> Wave:
        """What the strokes of all velocities have in common, as long as the longest of them wants it."""
        key = (pitch, variant, stroke.hz, stroke.from_hz, name)
        wave = self._shared.get(key, stroke.num_frames)
        if wave is None:
            made_for = stroke.num_frames
            if self._voice is not None:
                longest = self._longest.get((pitch, ANY_VELOCITY), 0)
                made_for = max(made_for, _spare_frames(self._voice, longest))
            rng = np.random.default_rng([zlib.crc32(f"{self.name} {name}".encode()), pitch, variant])
            raw = make(replace(stroke, num_frames=made_for, rng=rng, keeper=None))
            raw.flags.writeable = False
            wave = self._shared.put(key, raw, made_for)
        return wave[..., : stroke.num_frames]

    def _keep(self, key: Hashable, wave: Wave, num_frames: int) -> KeptWave:
        return self._cache.put(key, KeptWave.of(np.asarray(wave, dtype=np.float32)), num_frames)


def _step(velocity: float) -> int:
    return min(int(velocity * VELOCITY_STEPS), VELOCITY_STEPS - 1)


def _strength(step: int) -> float:
    return (step + 0.5) / VELOCITY_STEPS


def _num_frames(voice: Voice, hold_frames: int) -> int:
    """How long the wave of a note is: until its release has died away, or what it has by nature."""
    if voice.exact:
        return min(hold_frames, round(MAX_EFFECT_S * SAMPLE_RATE_HZ))
    num_frames = hold_frames + round(voice.release_s * SAMPLE_RATE_HZ * SILENT_DB / -100)
    return _by_nature(voice, longer_bucket(num_frames) if voice.noisy else num_frames)


def _spare_frames(voice: Voice, hold_frames: int) -> int:
    """The same, a little longer: whole blocks of a kept wave, or all that it has by nature."""
    return _by_nature(voice, spare(_num_frames(voice, hold_frames)))


def _by_nature(voice: Voice, num_frames: int) -> int:
    return min(num_frames, round(voice.natural_s * SAMPLE_RATE_HZ)) if voice.natural_s else num_frames
