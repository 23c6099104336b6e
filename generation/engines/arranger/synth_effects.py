"""Synthesised effects that a producer puts between the parts: risers, impacts, swells, vinyl noise."""

from __future__ import annotations

import numpy as np

from generation.engines.arranger.sampler_filter import FILTER_BLOCK
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.synth_drums import squares
from generation.engines.arranger.synth_parts import (
    Stroke,
    attack,
    bandpass,
    decay,
    highpass,
    lowpass,
    noise,
    oscillator,
    sine,
)


def riser(stroke: Stroke) -> Wave:
    """Wide noise and a tone, both rising to the note's end."""
    n = stroke.num_frames
    along = np.linspace(0, 1, n)
    cutoff = 300 * 2 ** (5.2 * along[::FILTER_BLOCK])
    level = (0.05 + 0.95 * along**2).astype(np.float32)
    sides = [lowpass(noise(stroke), cutoff, 7.0) * level for _ in range(2)]
    tone = oscillator("saw", 110 * 2 ** (2 * along), n) * level * np.float32(0.12)
    return _ended(np.stack(sides) + lowpass(tone, 2.0 * cutoff))


def downlifter(stroke: Stroke) -> Wave:
    """Wide noise that falls and dies over the note."""
    n = stroke.num_frames
    along = np.linspace(0, 1, n)
    cutoff = 12_000 * 2 ** (-5.5 * along[::FILTER_BLOCK])
    level = ((1 - along) ** 1.5).astype(np.float32)
    return _ended(attack(np.stack([lowpass(noise(stroke), cutoff, 5.0) * level for _ in range(2)]), 0.003))


def impact(stroke: Stroke) -> Wave:
    """A deep falling sine and a burst of noise with a long dark tail."""
    n = stroke.num_frames
    boom = sine(34 + 60 * np.exp(-stroke.time_s / 0.09), n) * decay(n, 0.55)
    cutoff = 300 + 7000 * np.exp(-stroke.block_s / 0.12)
    tails = [lowpass(noise(stroke), cutoff) * decay(n, 0.45) for _ in range(2)]
    return attack(np.stack(tails) * np.float32(0.5) + boom, 0.001)


def swell(stroke: Stroke) -> Wave:
    """A cymbal played backwards: it grows until the note ends."""
    n = stroke.num_frames
    metal = squares(stroke, 2.4, 0.15)
    grow = decay(n, max(n / SAMPLE_RATE_HZ / 4, 0.1))[::-1]
    return _ended(np.stack([highpass(metal + noise(stroke) * np.float32(0.5), 3500) * grow for _ in range(2)]))


def vinyl(stroke: Stroke) -> Wave:
    """Crackle (a few ticks a second, most of them faint), hiss and a little rumble."""
    n = stroke.num_frames
    sides = []
    for _ in range(2):
        ticks = np.zeros(n, dtype=np.float32)
        count = stroke.rng.poisson(14 * n / SAMPLE_RATE_HZ)
        ticks[stroke.rng.integers(0, n, count)] = stroke.rng.standard_normal(count) * stroke.rng.random(count) ** 3
        sides.append(ticks)
    crackle = np.stack([bandpass(side, 900, 7000) for side in sides]) * np.float32(1.5)
    hiss = np.stack([bandpass(noise(stroke), 400, 6000) for _ in range(2)]) * np.float32(0.018)
    rumble = lowpass(noise(stroke), 60.0) * np.float32(0.08)
    out: Wave = crackle + hiss + rumble
    return out


def _ended(wave: Wave) -> Wave:
    """The last 8 ms faded out."""
    length = min(round(0.008 * SAMPLE_RATE_HZ), wave.shape[-1])
    wave[..., -length:] *= np.linspace(1, 0, length, dtype=np.float32)
    return wave
