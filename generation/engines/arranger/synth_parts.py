"""Building blocks of the synthesised voices: band-limited oscillators, envelopes, filters that move, noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger.sampler_filter import FILTER_BLOCK, swept_lowpass
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

TABLE_BITS = 13
TABLE_FRAMES = 2**TABLE_BITS
TOP_HZ = 18_000.0
"""No oscillator makes partials above it."""
Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a voice is asked for: pitch in Hz, velocity 0..1, length in frames with release, its random numbers, and
    where it slides from within `glide_s` seconds (basses)."""

    hz: float
    velocity: float
    num_frames: int
    rng: np.random.Generator
    from_hz: float | None = None
    glide_s: float = 0.0

    @property
    def time_s(self) -> Curve:
        """Seconds from the start, [num_frames]."""
        return np.arange(self.num_frames) / SAMPLE_RATE_HZ

    @property
    def block_s(self) -> Curve:
        """Seconds from the start to each block of a moving filter, [blocks]: cutoffs need no more."""
        return np.arange(0, self.num_frames, FILTER_BLOCK) / SAMPLE_RATE_HZ

    @property
    def gliding_hz(self) -> Curve:
        """The pitch of every frame, [num_frames]: an even slide in cents, then the note."""
        if self.from_hz is None or self.glide_s <= 0:
            return np.full(self.num_frames, self.hz)
        left = np.clip(1 - self.time_s / self.glide_s, 0, 1)
        return np.asarray(self.hz * (self.from_hz / self.hz) ** left)


@lru_cache(maxsize=128)
def _table(shape: str, num_partials: int) -> tuple[Wave, Wave]:
    """One period [TABLE_FRAMES] of a wave made of its first partials, peak about 1, and the step after each frame."""
    n = np.arange(1, num_partials + 1)
    spectrum = np.zeros(TABLE_FRAMES // 2 + 1, dtype=complex)
    spectrum[1 : num_partials + 1] = _fourier(shape, n) * TABLE_FRAMES / 2
    period = np.fft.irfft(spectrum, TABLE_FRAMES)
    table = np.append(period, period[0]).astype(np.float32)
    table, steps = table[:-1].copy(), np.diff(table)
    table.flags.writeable = steps.flags.writeable = False
    return table, steps


def _fourier(shape: str, n: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Fourier coefficients of a saw, pulses of three widths, and a triangle of 16 steps (the NES's)."""
    if shape == "triangle16":
        phase = np.arange(TABLE_FRAMES) / TABLE_FRAMES
        steps = np.round((1 - 4 * np.abs(phase - 0.5)) * 7.5 - 0.5) / 7.5
        return np.asarray(np.fft.rfft(steps)[n] * 2 / TABLE_FRAMES, dtype=np.complex128)
    saw = np.asarray(-1j * 2 / (np.pi * n), dtype=np.complex128)
    if shape == "saw":
        return saw
    width = {"square": 0.5, "pulse25": 0.25, "pulse12": 0.125}[shape]
    return np.asarray(saw * (1 - np.exp(-2j * np.pi * n * width)), dtype=np.complex128)


def oscillator(shape: str, hz: Curve | float, num_frames: int, phase: float = 0.0) -> Wave:
    """float32 [num_frames]: "saw", "square", "pulse25", "pulse12" or "triangle16" without partials above 18 kHz.

    `hz` is a number or one value a frame; `phase` 0..1 is where the period starts.
    """
    top = float(np.max(hz))
    table, steps = _table(shape, int(np.clip(TOP_HZ // top, 1, TABLE_FRAMES // 4)))
    turns = _phase(hz, num_frames, phase)
    index = (turns >> np.uint32(32 - TABLE_BITS)).astype(np.intp)
    turns &= np.uint32(2 ** (32 - TABLE_BITS) - 1)
    out: Wave = turns.astype(np.float32)
    out *= np.float32(2.0 ** (TABLE_BITS - 32))
    out *= steps[index]
    out += table[index]
    return out


def sine(hz: Curve | float, num_frames: int, phase: float = 0.0) -> Wave:
    """float32 [num_frames]; `hz` is a number or one value a frame."""
    out: Wave = np.sin(_phase(hz, num_frames, phase).astype(np.float32) * np.float32(2 * np.pi / 2**32))
    return out


def _phase(hz: Curve | float, num_frames: int, phase: float) -> NDArray[np.uint32]:
    """The phase in 2^-32 turns; unsigned integers wrap round by themselves, at 0.00001 Hz of precision."""
    start = np.uint32(int(phase * 2**32) % 2**32)
    if isinstance(hz, np.ndarray):
        turns = np.zeros(num_frames)
        np.cumsum(hz[: num_frames - 1], out=turns[1:])
        turns /= SAMPLE_RATE_HZ
        turns -= np.floor(turns)
        turns *= 2**32
        return turns.astype(np.int64).astype(np.uint32) + start
    return np.arange(num_frames, dtype=np.uint32) * np.uint32(round(hz / SAMPLE_RATE_HZ * 2**32) % 2**32) + start


def detuned(hz: float, cents: float) -> float:
    """A frequency some cents higher."""
    return float(hz * 2 ** (cents / 1200))


def vibrato(stroke: Stroke, depth_cents: float, rate_hz: float, delay_s: float) -> Curve:
    """The stroke's pitch in Hz a frame, wavering after a delay and growing over 0.3 s."""
    depth = np.clip((stroke.time_s - delay_s) / 0.3, 0, 1) * depth_cents
    wave: Curve = stroke.hz * 2 ** (depth * np.sin(2 * np.pi * rate_hz * stroke.time_s) / 1200)
    return wave


def decay(num_frames: int, tau_s: float) -> Wave:
    """exp(-t / tau), float32 [num_frames]."""
    out: Wave = np.exp(np.arange(num_frames, dtype=np.float32) * np.float32(-1 / (tau_s * SAMPLE_RATE_HZ)))
    return out


def attack(wave: Wave, attack_s: float) -> Wave:
    """The wave [..., frames] with its start faded in (raised cosine)."""
    length = min(max(round(attack_s * SAMPLE_RATE_HZ), 1), wave.shape[-1])
    wave[..., :length] *= (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, length))).astype(np.float32)
    return wave


def lowpass(wave: Wave, cutoff_hz: Curve | float, resonance_db: float = 0.0) -> Wave:
    """Two-pole low-pass of float32 [frames] with a fixed cutoff, or one that moves (in Hz, one for each of
    `Stroke.block_s`)."""
    num_blocks = -(-len(wave) // FILTER_BLOCK)
    hz = cutoff_hz if isinstance(cutoff_hz, np.ndarray) else np.full(num_blocks, cutoff_hz)
    return swept_lowpass(wave, 1200 * np.log2(np.maximum(hz, 20) / 8.176), resonance_db)


def highpass(wave: Wave, cutoff_hz: float, order: int = 2) -> Wave:
    """Butterworth high-pass of float32 [..., frames]."""
    return _through(wave, order, cutoff_hz, "highpass")


def bandpass(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    """Butterworth band-pass (two poles a side) of float32 [frames]."""
    return _through(wave, 2, (low_hz, high_hz), "bandpass")


def _through(wave: Wave, order: int, cutoff_hz: float | tuple[float, float], kind: str) -> Wave:
    from scipy.signal import sosfilt

    return np.asarray(sosfilt(_sections(order, cutoff_hz, kind), wave), dtype=np.float32)


@lru_cache(maxsize=256)
def _sections(order: int, cutoff_hz: float | tuple[float, float], kind: str) -> Curve:
    from scipy.signal import butter

    return np.asarray(butter(order, cutoff_hz, kind, fs=SAMPLE_RATE_HZ, output="sos"))


def noise(stroke: Stroke, num_frames: int | None = None) -> Wave:
    """White noise, -1..1, float32 [frames of the stroke, or fewer]."""
    return stroke.rng.uniform(-1, 1, num_frames or stroke.num_frames).astype(np.float32)


def shaped(wave: Wave, amount: float) -> Wave:
    """Soft saturation: tanh with the small-signal gain `amount`, peak kept near 1."""
    out: Wave = np.tanh(wave * np.float32(amount)) / np.float32(np.tanh(amount))
    return out


def spread(waves: list[Wave], width: float) -> Wave:
    """Waves placed from left to right, float32 [2, frames], equal power; `width` 0..1."""
    places = np.linspace(-width, width, len(waves)) if len(waves) > 1 else np.zeros(1)
    angles = (places + 1) * np.pi / 4
    stack = np.stack(waves)
    sides = np.stack([np.cos(angles), np.sin(angles)]) * np.sqrt(2)
    out: Wave = sides.astype(np.float32) @ stack
    return out
