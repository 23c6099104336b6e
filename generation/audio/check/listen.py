"""What is listened for in a take: tempo, drift and how well a key fits; a fraction of the cost of a whole hearing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.hearing import Key

BEAT_RATE_HZ = 22_050
KEY_RATE_HZ = 11_025
KEY_WINDOW = 4_096
LOWEST_HZ, HIGHEST_HZ = 65.0, 1_050.0
"""C2 to C6: above lie mostly overtones, below a window of 0.37 s can't tell semitones apart."""

MIN_BEATS = 8
FASTER = 0.75
SAME_TEMPO_FACTORS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 4.0, 0.25, 1.5, 2 / 3)
"""How people, and trackers, may count the same music: in half and double time, triplets and dotted quarters."""

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeardTempo:
    """`tempo_bpm` and how sure it is (0..1); `drift`: the second half's tempo over the first half's, less 1; `beats_s`:
    the beats themselves, float64 [beats], in seconds."""

    tempo_bpm: float
    confidence: float
    drift: float
    beats_s: Float


def heard_tempo(clip: Clip) -> HeardTempo | None:
    """The tempo of the clip's beats; None with fewer than MIN_BEATS of them."""
    from generation.audio.analyse.beatnet import beat_activations
    from generation.audio.analyse.beats import activation_at, decode, tempo_of

    mono = clip.to_mono().resampled(BEAT_RATE_HZ).samples[0]
    either = beat_activations(mono).either
    times_s = decode(either)
    if times_s.size < MIN_BEATS:
        return None
    half = times_s.size // 2
    drift = tempo_of(times_s[half:]) / tempo_of(times_s[: half + 1]) - 1
    return HeardTempo(tempo_of(times_s), float(activation_at(either, times_s).mean()), drift, times_s)


def beats_apart_s(heard: HeardTempo, beats_s: Sequence[float]) -> Float:
    """How much later than the nearest of some beats each heard one is: float64 [heard beats]. Where the music counts
    faster, the middle between two beats is a beat too."""
    grid = np.asarray(beats_s, np.float64)
    if float(np.median(np.diff(heard.beats_s))) < FASTER * float(np.median(np.diff(grid))):
        grid = np.sort(np.concatenate((grid, (grid[1:] + grid[:-1]) / 2)))
    inside = heard.beats_s[(heard.beats_s >= grid[0]) & (heard.beats_s <= grid[-1])]
    apart = inside[:, None] - grid[None]
    return np.asarray(np.take_along_axis(apart, np.abs(apart).argmin(axis=1)[:, None], axis=1)[:, 0])


def tempo_error(heard_bpm: float, wanted_bpm: float) -> float:
    """How far the heard tempo lies from the wanted one or a way to count it: 0 the same, 0.04 is 4 %."""
    return min(abs(heard_bpm / (wanted_bpm * factor) - 1) for factor in SAME_TEMPO_FACTORS)


def pitch_classes(clip: Clip) -> Float:
    """How much each pitch class sounds: float64 [12], from C; square roots of magnitudes, so that loud notes don't
    drown the others. Zeros for a clip without pitch in the range."""
    mono = clip.to_mono().resampled(KEY_RATE_HZ).samples[0]
    num_windows = max(mono.size // KEY_WINDOW, 1)
    padded = np.zeros(num_windows * KEY_WINDOW, np.float32)
    padded[: min(mono.size, padded.size)] = mono[: padded.size]
    frames = padded.reshape(num_windows, KEY_WINDOW) * np.hanning(KEY_WINDOW).astype(np.float32)
    spectra = np.abs(np.fft.rfft(frames, axis=1))
    is_peak = np.zeros(spectra.shape, bool)
    is_peak[:, 1:-1] = (spectra[:, 1:-1] > spectra[:, :-2]) & (spectra[:, 1:-1] >= spectra[:, 2:])
    hz = np.fft.rfftfreq(KEY_WINDOW, 1 / KEY_RATE_HZ)
    inside = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    strength = np.sqrt(np.where(is_peak, spectra, 0.0))[:, inside].sum(axis=0, dtype=np.float64)
    classes = np.round(12 * np.log2(hz[inside] / 440) + 69).astype(int) % 12
    return np.asarray(np.bincount(classes, weights=strength, minlength=12), np.float64)


def key_fits(classes: Float) -> Float:
    """How well each of the 24 keys' scales fits (C major .. B major, C minor .. B minor): correlations, -1..1."""
    from generation.audio.analyse.key import MAJOR_PROFILE, MINOR_PROFILE

    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for tonic in range(12)])
    centred, spread = profiles - profiles.mean(axis=1, keepdims=True), classes - classes.mean()
    norm = np.linalg.norm(centred, axis=1) * np.linalg.norm(spread)
    return np.asarray(centred @ spread / np.maximum(norm, 1e-12))


def fit_of(key: Key, fits: Float) -> float:
    """How well a key fits, or its relative if that fits better."""
    relative = (key.tonic + 9) % 12 + 12 if key.mode == "major" else (key.tonic + 3) % 12
    return float(max(fits[key.tonic + (0 if key.mode == "major" else 12)], fits[relative]))
