"""Synthesised drums: kicks, snares, claps, hats, toms, and the kits that are made of them.

The recipes follow what is known of the machines' circuits (bridged-T oscillators with a pitch sweep for kicks and toms,
two tones and noise for snares, six square waves for hats: G. Reid, Synth Secrets, Sound on Sound 2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.synth_parts import (
    Stroke,
    attack,
    bandpass,
    decay,
    highpass,
    lowpass,
    noise,
    oscillator,
    oscillators,
    shaped,
    sine,
)

METAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""The six square waves of the TR-808's cymbals (as measured on the machine, K. Werner et al., DAFx 2014)."""


@dataclass(frozen=True, slots=True)
class DrumRecipe:
    """A drum: how it is made, how long it lasts, how loud and where it is, and whether how hard it is struck changes
    more than its loudness.

    `hz` is its own pitch. One that rings long enough to have a pitch among others' is tuned to the root of the chord
    that sounds, from `tuned_from` (a MIDI pitch) to an octave above; None is not tuned.
    """

    make: Callable[[Stroke], Wave]
    seconds: float
    gain: float = 1.0
    pan: float = 0.0
    exclusive_class: int = 0
    follows_velocity: bool = True
    hz: float = 440.0
    tuned_from: int | None = None

    def tuned_to(self, root: int) -> int | None:
        """The MIDI pitch at which it sounds over a chord of this root (a pitch class); None where it is not tuned."""
        return None if self.tuned_from is None else self.tuned_from + (root - self.tuned_from) % 12


def kick(base_hz: float, sweep: float, sweep_s: float, tau_s: float, click: float, drive: float) -> DrumRecipe:
    """A sine falling from `base_hz * (1 + sweep)` to `base_hz`, with a click and some drive."""

    def body(stroke: Stroke) -> Wave:
        hz = stroke.hz * (1 + sweep * np.exp(-stroke.time_s / sweep_s))
        return shaped(sine(hz, stroke.num_frames) * decay(stroke.num_frames, tau_s), drive)

    def snap(stroke: Stroke) -> Wave:
        return lowpass(noise(stroke) * decay(stroke.num_frames, 0.0025), 5000.0)

    def make(stroke: Stroke) -> Wave:
        hard = np.float32(click * (0.4 + 0.6 * stroke.velocity))
        return attack(stroke.once("body", body) + stroke.once("snap", snap) * hard, 0.0008)

    return DrumRecipe(make, min(7 * tau_s, 1.6), hz=base_hz)


def snare(tone_hz: float, tone_tau_s: float, noise_tau_s: float, low_hz: float, snap: float) -> DrumRecipe:
    """Two damped tones and filtered noise; `snap` is the noise's level against the tones."""

    def tones(stroke: Stroke) -> Wave:
        n = stroke.num_frames
        bend = 1 + 0.35 * np.exp(-stroke.time_s / 0.012)
        low = sine(tone_hz * bend, n) * decay(n, tone_tau_s)
        return low + np.float32(0.6) * sine(tone_hz * 1.78 * bend, n) * decay(n, tone_tau_s * 0.6)

    def wires(stroke: Stroke) -> Wave:
        n = stroke.num_frames
        return highpass(noise(stroke), low_hz) * (decay(n, noise_tau_s) + np.float32(0.6) * decay(n, 0.012))

    def make(stroke: Stroke) -> Wave:
        bright = lowpass(stroke.once("wires", wires), 5500.0 + 9000.0 * stroke.velocity)
        mix = stroke.once("tones", tones) * np.float32(0.75) + bright * np.float32(snap * 0.6)
        return attack(shaped(mix, 1.3), 0.0005)

    return DrumRecipe(make, min(7 * max(noise_tau_s, tone_tau_s), 0.9), 0.9)


def clap(tail_s: float, low_hz: float = 700.0, high_hz: float = 2600.0) -> DrumRecipe:
    """Four bursts 10 ms apart and a tail, of noise around 1.2 kHz."""

    def make(stroke: Stroke) -> Wave:
        n = stroke.num_frames
        level = decay(n, tail_s) * np.float32(0.5)
        for index, start in enumerate((0.0, 0.0105, 0.021, 0.0325)):
            first = round(start * SAMPLE_RATE_HZ)
            level[first:] += decay(n - first, 0.0045 if index < 3 else 0.02)
        return attack(bandpass(noise(stroke), low_hz, high_hz) * level * np.float32(1.6), 0.0005)

    return DrumRecipe(make, 0.45, 0.9, follows_velocity=False)


def squares(stroke: Stroke, ratio: float, gain: float) -> Wave:
    """The metal's square waves, each that much higher, float32 [frames]."""
    hz, phases = [ratio * one for one in METAL_HZ], stroke.rng.random(len(METAL_HZ)).tolist()
    gains = np.full((len(hz), 1), gain, dtype=np.float32)
    out: Wave = oscillators("square", hz, stroke.num_frames, phases, gains)[0]
    return out


def metal(tau_s: float, low_hz: float, noisy: float, gain: float, exclusive: int = 0, pan: float = 0.0) -> DrumRecipe:
    """Hats and cymbals: six square waves and noise through a high-pass."""

    def ringing(stroke: Stroke) -> Wave:
        mix = squares(stroke, 2.0, (1 - noisy) / 3)
        mix += noise(stroke) * np.float32(noisy)
        return highpass(mix, low_hz, 4)

    def level(stroke: Stroke) -> Wave:
        return decay(stroke.num_frames, tau_s) + np.float32(0.5) * decay(stroke.num_frames, 0.006)

    def make(stroke: Stroke) -> Wave:
        bright = lowpass(stroke.once("ringing", ringing), 7000.0 + 11_000.0 * stroke.velocity)
        return attack(bright * stroke.once("level", level), 0.0006)

    return DrumRecipe(make, min(7 * tau_s, 3.0), gain, pan, exclusive)


def tom(hz: float, pan: float, tau_s: float = 0.18) -> DrumRecipe:
    """A kick's relative, higher and with less sweep."""
    recipe = kick(hz, 0.5, 0.035, tau_s, 0.15, 1.2)
    return DrumRecipe(recipe.make, recipe.seconds, 0.8, pan, hz=hz)


def tick(hz: float, tau_s: float, gain: float, pan: float = 0.0, bell: float = 0.0) -> DrumRecipe:
    """Rim shots, claves and cowbells: two short square or sine tones."""

    def make(stroke: Stroke) -> Wave:
        n = stroke.num_frames
        if bell:
            pair = oscillator("square", hz, n) + oscillator("square", hz * bell, n)
            return attack(bandpass(pair, 0.8 * hz, 4 * hz) * decay(n, tau_s), 0.0005)
        return attack((sine(hz, n) + 0.5 * sine(hz * 2.7, n)) * decay(n, tau_s), 0.0005)

    return DrumRecipe(make, 7 * tau_s, gain, pan, follows_velocity=False)


def shaker(tau_s: float, gain: float, pan: float) -> DrumRecipe:
    """Noise above 5 kHz that swells for 15 ms."""

    def make(stroke: Stroke) -> Wave:
        return attack(highpass(noise(stroke), 5000.0) * decay(stroke.num_frames, tau_s), 0.015)

    return DrumRecipe(make, 7 * tau_s, gain, pan, follows_velocity=False)


def chip_noise(steps_hz: float, tau_s: float, gain: float, drop_hz: float = 0.0) -> DrumRecipe:
    """A console's noise channel: random levels held for 1 / steps_hz, over a falling square for kicks and toms."""

    def make(stroke: Stroke) -> Wave:
        n = stroke.num_frames
        held = noise(stroke, int(n * steps_hz / SAMPLE_RATE_HZ) + 2)
        index = (np.arange(n) * (steps_hz / SAMPLE_RATE_HZ)).astype(np.int64)
        sound = np.sign(held[index]) * decay(n, tau_s) * np.float32(0.25 if drop_hz else 0.6)
        if drop_hz:
            hz = drop_hz * (0.25 + 0.75 * np.exp(-stroke.time_s / 0.04))
            sound += oscillator("triangle16", hz, n) * decay(n, 0.12) * np.float32(0.9)
        return attack(lowpass(sound, 14_000.0), 0.0005)

    return DrumRecipe(make, 6 * max(tau_s, 0.12 if drop_hz else tau_s), gain, follows_velocity=False)
