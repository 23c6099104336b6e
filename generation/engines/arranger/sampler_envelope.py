"""Envelopes and low-frequency oscillators of a SoundFont zone, as curves over the time a key is held.

Formulas: SoundFont Technical Specification 2.04, sections 8.1.2 (generators 21 to 40) and 9.1.7.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger import soundfont_zones as sf
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, SILENT_DB, Wave

MIN_ATTACK_S = 0.0005
MIN_FALL_S = 0.01
"""From its peak a note does not jump to where it holds, which would click: the organ's presets have no decay."""
MAX_STAGE_S = 60.0
Stages = tuple[float, float, float, float, float]
FALL_FRAMES = 2048


def seconds(timecents: float) -> float:
    """Timecents to seconds, limited to a minute; -12000 and below (1 ms) count as nothing."""
    return 0.0 if timecents <= -12000 else min(float(2 ** (timecents / 1200)), MAX_STAGE_S)


def volume_stages(zone: sf.Zone, key: int) -> Stages:
    """All that the volume envelope of a zone and key depends on: delay, attack, hold and decay in seconds, and the
    level where it holds in decibels."""
    return *_stages(zone, key, sf.VOL_DELAY), _sustain_db(zone)


def audible_frames(stages: Stages) -> int | None:
    """After how many frames the volume envelope has died away, None when it holds."""
    delay_s, attack_s, hold_s, decay_s, floor_db = stages
    if floor_db > SILENT_DB:
        return None
    return int((delay_s + attack_s + hold_s + decay_s * SILENT_DB / -100) * SAMPLE_RATE_HZ) + 1


def enveloped(wave: Wave, stages: Stages) -> None:
    """Shapes float32 [frames] in place: delay, linear attack, hold, decay (linear in dB) to sustain."""
    delay_s, attack_s, hold_s, decay_s, floor_db = stages
    fall_s = max(decay_s * -floor_db / 100, MIN_FALL_S)
    top = min(int((delay_s + attack_s + hold_s) * SAMPLE_RATE_HZ), len(wave))
    bottom = min(top + int(fall_s * SAMPLE_RATE_HZ), len(wave))
    if floor_db < 0:
        wave[top:bottom] *= _fall(bottom - top, floor_db * math.log(10) / 20 / fall_s / SAMPLE_RATE_HZ)
        wave[bottom:] *= np.float32(10 ** (floor_db / 20))
    rising = wave[: int((delay_s + attack_s) * SAMPLE_RATE_HZ) + 1]
    rising *= _rise(delay_s, attack_s)[: len(rising)]


@lru_cache(maxsize=32)
def _rise(delay_s: float, attack_s: float) -> Wave:
    time_s = np.arange(int((delay_s + attack_s) * SAMPLE_RATE_HZ) + 1, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    return np.asarray(np.clip((time_s - np.float32(delay_s)) / np.float32(max(attack_s, MIN_ATTACK_S)), 0, 1))


def _fall(num_frames: int, per_frame: float) -> Wave:
    """exp(per_frame * t), float32 [num_frames]: one stretch times the level where each begins."""
    levels = np.exp(np.arange(0, num_frames, FALL_FRAMES) * per_frame).astype(np.float32)
    curve: Wave = np.multiply.outer(levels, _stretch(per_frame)).reshape(-1)
    return curve[:num_frames]


@lru_cache(maxsize=256)
def _stretch(per_frame: float) -> Wave:
    return np.asarray(np.exp(np.arange(FALL_FRAMES) * per_frame), dtype=np.float32)


def _sustain_db(zone: sf.Zone) -> float:
    return -min(max(zone.generator(sf.VOL_SUSTAIN), 0), 1440) / 10


def modulation_envelope(zone: sf.Zone, key: int, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """0..1 at the times given: like the volume envelope, but its decay and sustain are linear (8.1.2, generator 29)."""
    delay_s, attack_s, hold_s, decay_s = _stages(zone, key, sf.MOD_DELAY)
    sustain = 1 - min(max(zone.generator(sf.MOD_SUSTAIN), 0), 1000) / 1000
    rise = np.clip((time_s - delay_s) / max(attack_s, MIN_ATTACK_S), 0, 1)
    fall = np.maximum(1 - (time_s - delay_s - attack_s - hold_s) / max(decay_s, 0.001), sustain)
    out: NDArray[np.float64] = rise * np.minimum(fall, 1)
    return out


def stays_up(zone: sf.Zone, key: int, within_s: float) -> bool:
    """Whether the modulation envelope is at its peak from so early on, and for good."""
    delay_s, attack_s, _, _ = _stages(zone, key, sf.MOD_DELAY)
    return zone.generator(sf.MOD_SUSTAIN) <= 0 and delay_s + max(attack_s, MIN_ATTACK_S) <= within_s


def triangle_lfo(delay_timecents: float, rate_cents: float, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """-1..1, starting upwards from 0 after its delay; `rate_cents` is absolute cents (0 is 8.176 Hz)."""
    phase = np.maximum(time_s - seconds(delay_timecents), 0)
    phase *= 8.176 * 2 ** (rate_cents / 1200)
    phase += 0.25
    phase -= np.floor(phase)  # a tenth of what % takes, and the same
    phase -= 0.5
    out: NDArray[np.float64] = 1 - 4 * np.abs(phase, out=phase)
    return out


def release_seconds(zone: sf.Zone) -> float:
    """Time for 100 dB after the key is let go, at least 30 ms so that nothing clicks."""
    return max(seconds(zone.generator(sf.VOL_RELEASE)), 0.03)


def _stages(zone: sf.Zone, key: int, first: int) -> tuple[float, float, float, float]:
    """Delay, attack, hold and decay in seconds; hold and decay follow the key (generators 31, 32, 39, 40)."""
    delay, attack, hold, decay = (zone.generator(first + step) for step in range(4))
    hold += (60 - key) * zone.generator(first + 6)
    decay += (60 - key) * zone.generator(first + 7)
    return seconds(delay), seconds(attack), seconds(hold), seconds(decay)
