"""Space: an echo in the music's tempo, and reverb by convolution with rooms made of seeded noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from generation.engines.arranger.effects_pieces import Steps, added
from generation.engines.arranger.effects_tone import butterworth, filtered_by, filtering
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave

CHUNK_S = 8
ECHO_FEEDBACK = 0.42
NUM_ECHOES = 5


@dataclass(frozen=True, slots=True)
class Space:
    """A room: how long it rings (RT60 in seconds at 500 Hz, and as shares of it below 250 Hz and above 4 kHz), how
    late it answers, how many early reflections it has, and the level of its return."""

    ring_s: float
    low_share: float
    high_share: float
    predelay_s: float
    num_reflections: int
    gain_db: float


SPACES = {
    "dry": Space(0.25, 0.9, 0.6, 0.002, 8, -9.0),
    "room": Space(0.7, 1.0, 0.55, 0.008, 12, 0.0),
    "plate": Space(1.5, 0.8, 0.75, 0.004, 0, -1.0),
    "hall": Space(2.4, 1.15, 0.4, 0.024, 14, -1.0),
}
"""Ring times: a furnished room, a plate at medium damping, a concert hall (Beranek 2004: 1.8 to 2.2 s occupied)."""


@lru_cache(maxsize=4)
def impulse_response(space: str) -> Wave:
    """float32 [2, frames], unit energy a side: early reflections, then noise in three bands that die at their own rate.

    Unknown names get the room.
    """
    room = SPACES.get(space, SPACES["room"])
    rng = np.random.default_rng(20_041)  # the room itself; it does not change with the take's seed
    num_frames = round((room.predelay_s + 1.1 * room.ring_s) * SAMPLE_RATE_HZ)
    first = round(room.predelay_s * SAMPLE_RATE_HZ)
    time_s = np.arange(num_frames - first, dtype=np.float32) / SAMPLE_RATE_HZ
    noise = rng.standard_normal((2, num_frames - first)).astype(np.float32)
    low = filtered_by(noise, butterworth("lowpass", 250.0, 1))
    high = filtered_by(noise, butterworth("highpass", 4000.0, 1))
    out = np.zeros((2, num_frames), dtype=np.float32)
    bands = ((low, room.low_share), (noise - low - high, 1.0), (high, room.high_share))
    for band, share in bands:
        out[:, first:] += band * np.exp(-6.91 * time_s / (share * room.ring_s))  # ln(1000): 60 dB
    out[:, first:] *= np.minimum(time_s / 0.015, 1) if room.num_reflections else 1
    _add_reflections(out, room, rng)
    out = filtered_by(filtered_by(out, butterworth("highpass", 180.0)), butterworth("lowpass", 9000.0, 1))
    out /= np.sqrt(np.square(out).sum(axis=1, keepdims=True))
    out.flags.writeable = False
    return out


def _add_reflections(out: Wave, room: Space, rng: np.random.Generator) -> None:
    level = np.abs(out).max() * 2.5
    for side in out:
        for late in np.sort(rng.uniform(0.003, 0.02 + 0.06 * min(room.ring_s, 1.2), room.num_reflections)):
            at = round((room.predelay_s * 0.5 + late) * SAMPLE_RATE_HZ)
            if at < len(side):
                side[at] += level * rng.choice((-1, 1)) * np.exp(-late / 0.04)


def reverberate(send: Wave, space: str, out: Wave) -> Iterator[float]:
    """Adds the room's answer to `send` to `out` (both float32 [2, frames]), some seconds at a time; the share done."""
    from scipy import fft

    response = impulse_response(space) * np.float32(10 ** (SPACES.get(space, SPACES["room"]).gain_db / 20))
    num_frames = send.shape[1]
    chunk = CHUNK_S * SAMPLE_RATE_HZ
    size = fft.next_fast_len(min(chunk, num_frames) + response.shape[1] - 1, real=True)
    spectrum = fft.rfft(response, size, axis=1)
    for first in range(0, num_frames, chunk):
        piece = send[:, first : first + chunk]
        if np.any(piece):
            wet = fft.irfft(fft.rfft(piece, size, axis=1) * spectrum, size, axis=1)
            last = min(first + piece.shape[1] + response.shape[1] - 1, num_frames)
            out[:, first:last] += wet[:, : last - first]
        yield min((first + chunk) / num_frames, 1.0)


def echo(send: Wave, beat_s: float, out: Wave) -> Steps[None]:
    """Adds echoes of `send` (float32 [1, frames], it is used up) to `out` (float32 [2, frames]), one after the other.

    They lie a dotted eighth apart (three quarters of a beat, kept within 0.12 and 0.8 s), go from side to side and are
    darker each time.
    """
    step_s = 0.75 * beat_s
    while step_s > 0.8:
        step_s /= 2
    step = round(max(step_s, 0.12) * SAMPLE_RATE_HZ)
    dark, thin = butterworth("lowpass", 3800.0, 1), butterworth("highpass", 250.0, 1)
    for number in range(1, NUM_ECHOES + 1):
        late = number * step
        if late >= send.shape[1]:
            break
        yield from filtering(send, dark if number > 1 else np.concatenate([dark, thin]))
        level = np.float32(ECHO_FEEDBACK ** (number - 1))
        for side, share in ((number % 2, level), (1 - number % 2, np.float32(0.35) * level)):
            yield from added(out[side : side + 1, late:], send[:, :-late], share)
