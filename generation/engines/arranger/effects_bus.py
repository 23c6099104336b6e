"""The mix bus: glue, character (clean, warm, loud, lofi), and peaks rounded so that loudness finishing has room."""

from __future__ import annotations

from functools import partial

import numpy as np

from generation.engines.arranger.effects_level import (
    SILENT_LUFS,
    compressing,
    decibels,
    loudness_lufs,
    measuring_lufs,
)
from generation.engines.arranger.effects_pieces import Steps, changed, finished, peak, scaled
from generation.engines.arranger.effects_tone import butterworth, filtering, shelf, wavering
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.synth_effects import vinyl
from generation.engines.arranger.synth_parts import Stroke

BUS_LUFS = {"clean": -17.0, "warm": -16.5, "lofi": -17.0, "loud": -14.5}
"""Loudness before finishing; a mix with higher peaks stays lower instead (see `MAX_PEAK_DB`)."""
MAX_PEAK_DB = {"clean": 1.0, "warm": 2.5, "lofi": 2.5, "loud": 6.0}
"""How far above full scale peaks may reach before they are rounded off: more is louder and rougher."""
KNEE, CEILING = 0.55, 0.84
"""Peaks above -5.2 dBFS are rounded off and never pass -1.5 dBFS."""
LOFI_NOISE_LUFS = -46.0
NOISE_FRAMES = 10 * SAMPLE_RATE_HZ


def mixed_bus(samples: Wave, character: str, seed: int) -> Wave:
    """The bus in one go, on a copy: float32 [2, frames] to float32 [2, frames]. Unknown characters are "clean"."""
    out = samples.copy()
    finished(mixing_bus(out, character, seed))
    return out


def mixing_bus(samples: Wave, character: str, seed: int) -> Steps[None]:
    """The same in place, in steps of some hundredths of a second."""
    character = character if character in BUS_LUFS else "clean"
    if peak(samples) == 0:
        return
    yield from filtering(samples, butterworth("highpass", 24.0))
    yield from _at_loudness(samples, -18.0, 24.0)
    yield from _CHARACTERS[character](samples, seed)
    yield from _at_loudness(samples, BUS_LUFS[character], MAX_PEAK_DB[character])
    yield from changed(samples, rounded_peaks)


def _clean(samples: Wave, seed: int) -> Steps[None]:
    yield from compressing(samples, -12.0, 1.6, 0.02, 0.15)


def _warm(samples: Wave, seed: int) -> Steps[None]:
    yield from filtering(samples, np.concatenate([shelf("low", 140.0, 1.2), shelf("high", 6500.0, -1.5)]))
    yield from changed(samples, partial(_saturated, amount=1.6))
    yield from compressing(samples, -13.0, 1.8, 0.03, 0.25)


def _loud(samples: Wave, seed: int) -> Steps[None]:
    yield from filtering(samples, np.concatenate([shelf("low", 90.0, 1.0), shelf("high", 8000.0, 1.8)]))
    yield from compressing(samples, -16.0, 3.0, 0.012, 0.09)
    yield from changed(samples, partial(_saturated, amount=2.2))


def _lofi(samples: Wave, seed: int) -> Steps[None]:
    """A worn tape of a sampled record: narrow band, wow and flutter, 12 bits, crackle."""
    band = np.concatenate([butterworth("highpass", 45.0), butterworth("lowpass", 5200.0), shelf("high", 3000.0, -3.0)])
    yield from filtering(samples, band)
    yield from changed(samples, partial(_saturated, amount=1.8))
    yield from changed(samples, _narrowed)
    # wow of 0.55 Hz by +-5 cents, flutter of 6.3 Hz by +-1.2 cents: a cheap cassette deck's 0.2 % weighted
    yield from wavering(samples, 0.004, 0.00083, 0.55, 0.0)
    yield from wavering(samples, 0.001, 0.0000175, 6.3, 0.0)
    yield from changed(samples, _twelve_bits)
    yield from compressing(samples, -14.0, 2.2, 0.02, 0.2)
    for first in range(0, samples.shape[1], NOISE_FRAMES):
        noise = vinyl(Stroke(440.0, 1.0, NOISE_FRAMES, np.random.default_rng([seed, first])))
        piece = samples[:, first : first + NOISE_FRAMES]
        piece += noise[:, : piece.shape[1]] * decibels(LOFI_NOISE_LUFS - loudness_lufs(noise))
        yield


_CHARACTERS = {"clean": _clean, "warm": _warm, "loud": _loud, "lofi": _lofi}


def _narrowed(samples: Wave) -> Wave:
    middle = samples.mean(axis=0)
    out: Wave = middle + np.float32(0.75) * (samples - middle)
    return out


def _twelve_bits(samples: Wave) -> Wave:
    return np.asarray(np.round(samples * np.float32(2048)) / np.float32(2048), dtype=np.float32)


def _saturated(samples: Wave, amount: float) -> Wave:
    """tanh around the working level, unit gain for small signals."""
    out: Wave = np.tanh(samples * np.float32(amount)) / np.float32(amount)
    return out


def _at_loudness(samples: Wave, wanted_lufs: float, max_peak_db: float) -> Steps[None]:
    lufs = yield from measuring_lufs(samples)
    highest = peak(samples)
    yield
    if lufs > SILENT_LUFS and highest > 0:
        yield from scaled(samples, min(decibels(wanted_lufs - lufs), decibels(max_peak_db) / np.float32(highest)))


def rounded_peaks(samples: Wave) -> Wave:
    """Samples up to the knee as they are, above it bent towards the ceiling by tanh: no sample passes it."""
    excess = np.abs(samples) - np.float32(KNEE)
    if float(excess.max()) <= 0:
        return samples
    room = np.float32(CEILING - KNEE)
    high = excess > 0
    out = samples.copy()
    out[high] = np.copysign(np.float32(KNEE) + room * np.tanh(excess[high] / room), samples[high])
    return out
