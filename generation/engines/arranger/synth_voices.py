"""Melodic synthesised voices: basses, leads, pads, plucks, bells. Each takes a Stroke and gives its wave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, pan_gains
from generation.engines.arranger.synth_parts import (
    Stroke,
    attack,
    decay,
    detuned,
    highpass,
    lowpass,
    oscillator,
    oscillators,
    shaped,
    sine,
    spread,
    vibrato,
)

SUPERSAW_DETUNE = (-0.11002313, -0.06288439, -0.01952356, 0.0, 0.01991221, 0.06216538, 0.10745242)
"""Detuning of the seven saws at full detune, relative to the pitch: A. Szabó, "How to Emulate the Super Saw" (2010)."""


def bass808(stroke: Stroke) -> Wave:
    """A sine that drops into its pitch, driven a little, dying away in a second or two."""
    hz = stroke.gliding_hz * (1 + 1.6 * np.exp(-stroke.time_s / 0.018))
    body = shaped(sine(hz, stroke.num_frames, 0.0) * decay(stroke.num_frames, 0.9), 1.6 + stroke.velocity)
    return attack(body, 0.002)


def sub(stroke: Stroke) -> Wave:
    """A sine with a breath of second and third harmonic, so that small speakers show it."""
    n, hz = stroke.num_frames, stroke.gliding_hz
    return attack(sine(hz, n) + 0.15 * sine(2 * hz, n) + 0.06 * sine(3 * hz, n), 0.008)


def reese(stroke: Stroke) -> Wave:
    """Three saws 16 cents apart that beat against each other, under a filter that breathes, over a sine."""
    n = stroke.num_frames
    saws = stroke.once("saws", lambda full: shaped(_saws(full, (-16, 0, 17), np.full((3, 1), 0.5))[0], 1.5))
    cutoff = (500 + 500 * stroke.velocity) * 2 ** (0.6 * np.sin(2 * np.pi * 0.45 * stroke.block_s))
    growl = lowpass(saws, cutoff, 4.0)
    return attack(highpass(growl, 90) * np.float32(0.8) + sine(stroke.hz, n) * np.float32(0.6), 0.006)


def acid(stroke: Stroke) -> Wave:
    """A saw through a ringing filter that closes; louder notes open it further."""
    n = stroke.num_frames
    cutoff = 180 + (900 + 3200 * stroke.velocity**2) * np.exp(-stroke.block_s / 0.14)
    return attack(shaped(lowpass(oscillator("saw", stroke.hz, n), cutoff, 15.0) * np.float32(2.5), 1.8), 0.003)


def sawbass(stroke: Stroke) -> Wave:
    """Saw and a square an octave lower, filter closing from its attack."""

    def mixed(full: Stroke) -> Wave:
        n = full.num_frames
        mix = oscillator("saw", full.hz, n) + 0.5 * oscillator("saw", detuned(full.hz, 7), n, 0.3)
        mix += 0.5 * oscillator("square", full.hz / 2, n)
        return mix * np.float32(0.6)

    cutoff = 350 + (600 + 1800 * stroke.velocity) * np.exp(-stroke.block_s / 0.18)
    return attack(lowpass(stroke.once("mix", mixed), cutoff, 3.0), 0.004)


def supersaw(stroke: Stroke) -> Wave:
    """Seven saws, 0.18 of full detune (about +-33 cents at the outside), spread over the stereo field."""
    levels = (0.55, 0.65, 0.75, 1.0, 0.75, 0.65, 0.55)
    places = (0, 3, 5, 2, 6, 1, 4)  # neighbours in pitch lie apart, so that both sides are in tune
    gains = [
        np.multiply(level / 3, pan_gains(0.8 * (place / 3 - 1))) for level, place in zip(levels, places, strict=True)
    ]
    cents = [1200 * np.log2(1 + 0.18 * detune) for detune in SUPERSAW_DETUNE]
    bright = 5000 + 9000 * stroke.velocity

    def wide(full: Stroke) -> Wave:
        return np.stack([highpass(side, 0.9 * full.hz) for side in _saws(full, cents, np.array(gains))])

    return attack(np.stack([lowpass(side, bright) for side in stroke.once("wide", wide)]), 0.006)


def _saws(stroke: Stroke, cents: Sequence[float], gains: NDArray[np.float64]) -> Wave:
    """float32 [sides, frames]: detuned saws that start anywhere, with their gains for each side."""
    hz, phases = [detuned(stroke.hz, one) for one in cents], stroke.rng.random(len(cents))
    return oscillators("saw", hz, stroke.num_frames, phases.tolist(), gains.astype(np.float32))


def sawlead(stroke: Stroke) -> Wave:
    """Two saws with a vibrato that sets in late."""

    def saws(full: Stroke) -> Wave:
        hz, top_hz = vibrato(full, 14, 5.4, 0.25), detuned(full.hz, 14 + 5)
        low, high = (hz * detuned(1, cents) for cents in (-5, 5))
        pair = oscillator("saw", low, full.num_frames, 0.0, top_hz)
        pair += oscillator("saw", high, full.num_frames, 0.4, top_hz)
        return pair * np.float32(0.5)

    cutoff = 1500 + 4500 * stroke.velocity + 1500 * np.exp(-stroke.block_s / 0.2)
    return attack(lowpass(stroke.once("saws", saws), cutoff, 2.0), 0.006)


def chip(shape: str, stroke: Stroke) -> Wave:
    """A console's pulse or triangle: instant, with a short fall from its accent."""

    def whole(full: Stroke) -> Wave:
        level = np.float32(0.75) + np.float32(0.25) * decay(full.num_frames, 0.08)
        wave = oscillator(shape, vibrato(full, 10, 6.0, 0.35), full.num_frames, top_hz=detuned(full.hz, 10))
        return attack(wave * level * np.float32(0.7), 0.0015)

    return stroke.once("whole", whole).copy()


def pluck(stroke: Stroke) -> Wave:
    """Saw and pulse under a filter that snaps shut."""

    def mixed(full: Stroke) -> Wave:
        n = full.num_frames
        mix = oscillator("saw", full.hz, n) + 0.6 * oscillator("pulse25", detuned(full.hz, 6), n, 0.2)
        return mix * np.float32(0.6)

    cutoff = 250 + 0.8 * stroke.hz + (1500 + 5000 * stroke.velocity) * np.exp(-stroke.block_s / 0.07)
    return attack(lowpass(stroke.once("mix", mixed), cutoff, 5.0) * decay(stroke.num_frames, 0.45), 0.002)


def pad(stroke: Stroke) -> Wave:
    """Six saws and two filters that open and close slowly, one a side."""
    cents = (11.0, -2.0, -12.0, -11.0, 2.0, 12.0)
    gains = np.repeat([(0.35, 0), (0, 0.35)], 3, axis=0)
    sides = []
    for side, saws in enumerate(stroke.once("saws", lambda full: _saws(full, cents, gains))):
        swing = np.sin(2 * np.pi * (0.17 + 0.06 * side) * stroke.block_s + 1.5 * side)
        cutoff = (500 + 1100 * stroke.velocity + stroke.hz) * 2 ** (0.5 * swing)
        sides.append(lowpass(saws, cutoff, 1.0))
    return attack(np.stack(sides), 0.4)


def glasspad(stroke: Stroke) -> Wave:
    """Sines on stretched partials, each coming and going in its own time."""
    partials = ((1, 1.0), (1.003, 0.6), (2.001, 0.4), (3.01, 0.22), (5.02, 0.1))
    still = stroke.once("still", lambda full: _breathing(full, partials[:4], (-0.7, -0.35, 0.0, 0.35)))
    bright = stroke.once("bright", lambda full: _breathing(full, partials[4:], (0.7,)))
    return attack(still + bright * np.float32(stroke.velocity), 0.25)


def _breathing(stroke: Stroke, partials: Sequence[tuple[float, float]], places: Sequence[float]) -> Wave:
    n, waves = stroke.num_frames, []
    for ratio, level in partials:
        rate, phase = stroke.rng.uniform(0.1, 0.4), stroke.rng.random()
        breath = np.float32(0.7) + np.float32(0.3) * sine(rate, n, phase)
        audible = ratio * stroke.hz < 16_000
        waves.append(sine(stroke.hz * ratio, n, phase) * breath * np.float32(0.5 * level * audible))
    return spread(waves, places)


def synbrass(stroke: Stroke) -> Wave:
    """Saws whose filter swells open at the start, as on the polyphonic synthesisers of around 1980."""
    gains = np.array([(0.5, 0), (0.5, 0.5), (0, 0.5)])
    sides = stroke.once("saws", lambda full: _saws(full, (-7, 0, 8), gains))
    swell = np.minimum(stroke.block_s / 0.07, 1) * (0.55 + 0.45 * np.exp(-np.maximum(stroke.block_s - 0.07, 0) / 0.35))
    cutoff = 300 + (1500 + 3500 * stroke.velocity) * swell
    return attack(np.stack([lowpass(side, cutoff, 2.0) for side in sides]), 0.012)


def bell(stroke: Stroke) -> Wave:
    """Frequency modulation with an odd ratio, the brightness dying first (Chowning 1973: bell-like 1 : 1.4)."""
    n = stroke.num_frames
    seconds = min(2.2, 700 / stroke.hz + 0.5)
    index = (1.2 + 2.2 * stroke.velocity) * decay(n, seconds / 4)
    return attack(_modulated(stroke.hz, 1.4 * 2.5, index, n) * decay(n, seconds / 2), 0.001)


def epiano(stroke: Stroke) -> Wave:
    """Two operators for the body, two for the tine: the classic FM electric piano."""
    n = stroke.num_frames
    body = _modulated(stroke.hz, 1.0, (0.3 + 1.3 * stroke.velocity) * decay(n, 0.8), n)
    ratio = 14.0 if stroke.hz < 900 else 7.0
    tine = _modulated(stroke.hz, ratio, (0.2 + 0.9 * stroke.velocity) * decay(n, 0.12), n)
    sound = (body * np.float32(0.7) + tine * np.float32(0.35)) * decay(n, max(0.3, 1.4 - stroke.hz / 1500))
    slow = sine(4.2, n) * np.float32(0.12)
    return attack(np.stack([sound * (1 + slow), sound * (1 - slow)]), 0.002)


def _modulated(hz: float, ratio: float, index: Wave, num_frames: int) -> Wave:
    """sin(carrier + index * sin(ratio * carrier)), the modulator left out above half of the rate."""
    turns = np.arange(num_frames) * (2 * np.pi * hz / SAMPLE_RATE_HZ)
    carrier = (turns % (2 * np.pi)).astype(np.float32)
    if hz * (ratio + 1) > 18_000:
        return np.sin(carrier)
    out: Wave = np.sin(carrier + index * np.sin(((turns * ratio) % (2 * np.pi)).astype(np.float32)))
    return out
