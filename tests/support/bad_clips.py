"""Clips that no musician would hand in, and what a person should be told of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from generation.clip import Clip
from tests.support import music
from tests.support.music import Plan
from tests.support.repertoire import FIVE, PLANS

RATE_HZ = music.RATE_HZ


@dataclass(frozen=True)
class BadClip:
    """How the clip is made, a pattern of what has to be said of it, and whether it is taken at all."""

    make: Callable[[], Clip]
    said: str
    is_taken: bool = True


def clip_of(samples: np.ndarray) -> Clip:
    """Mono samples at 22,050 Hz as a clip."""
    return Clip(np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float32), RATE_HZ)


def noise(duration_s: float = 6.0) -> Clip:
    """White noise of -20 dB."""
    return clip_of(np.random.default_rng(3).standard_normal(round(duration_s * RATE_HZ)) * 0.1)


def babble(duration_s: float, seed: int) -> np.ndarray:
    """Something like speech: gliding buzzes of uneven lengths between pauses; float64 [samples] at 22,050 Hz."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(duration_s * RATE_HZ))
    at_s = 0.1
    while at_s < duration_s - 0.5:
        length_s = rng.uniform(0.08, 0.3)
        t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
        hz = 150 * 2 ** (rng.normal(0, 0.15) - 0.3 * t)
        phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
        sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * np.hanning(t.size) * rng.uniform(0.2, 0.5)
        first = round(at_s * RATE_HZ)
        out[first : first + t.size] += sound
        at_s += length_s + rng.choice([0.0, 0.05, 0.3, 0.6], p=[0.4, 0.3, 0.2, 0.1])
    return out


def _song(tuning_cents: float = 0.0, **plan: object) -> Clip:
    return music.render(music.write(replace(Plan(duration_s=8.0), **plan)), tuning_cents=tuning_cents)  # type: ignore[arg-type]


def _known(name: str) -> Clip:
    return music.render(music.write(next(plan for plan in (*PLANS, FIVE) if plan.name == name)))


def _five_minutes() -> Clip:
    """A song whose loud minute lies in its middle."""
    song = music.render(music.write(Plan(duration_s=60.0))).samples[0]
    return clip_of(np.concatenate([song * 0.02, song * 0.02, song, song * 0.02, song * 0.02]))


BAD_CLIPS: dict[str, BadClip] = {
    "silence": BadClip(lambda: clip_of(np.zeros(4 * RATE_HZ)), "The clip is silent.", is_taken=False),
    "noise": BadClip(noise, "no steady beat, no clear key"),
    "speech": BadClip(lambda: clip_of(babble(9.0, 3)), "no steady beat"),
    "drums alone": BadClip(
        lambda: music.render(music.only(music.write(Plan(duration_s=8.0)), "drums")), "no key and no chords"
    ),
    "one note": BadClip(lambda: music.render(music.hum((57,), 4.0, 1)), "no steady beat"),
    "a tenth of a second": BadClip(lambda: noise(0.1), r"0\.1 s, no steady beat, no clear key"),
    "five minutes": BadClip(_five_minutes, "fullest part, [12]:"),
    "30 BPM": BadClip(lambda: _song(tempo_bpm=30.0, duration_s=17.0), "(30|60|120) BPM"),
    "300 BPM": BadClip(lambda: _song(tempo_bpm=300.0, comping="pump", duration_s=16.0), "(300|150|75) BPM"),
    "changing tempo": BadClip(lambda: _known("speeding up"), "tempo changes"),
    "out of tune": BadClip(lambda: _song(tuning_cents=40.0), r"(39|40|41) cents above"),
    "five beats a bar": BadClip(lambda: _known("five-four"), "five beats"),
}
"""By name. Tempi that a beat may be heard at in halves and doubles are all right."""
