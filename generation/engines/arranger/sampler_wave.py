"""From a sample to a wave at a pitch: loop unrolled, resampled with band limit, modulated, filtered."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.engines.arranger import soundfont_zones as sf
from generation.engines.arranger.sampler_envelope import modulation_envelope, stays_up, triangle_lfo
from generation.engines.arranger.sampler_filter import CHUNK_FRAMES, FILTER_BLOCK, fixed_lowpass, swept_lowpass
from generation.engines.arranger.sampler_resample import frames_heard, resampled
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, longer_bucket
from generation.engines.arranger.soundfont import Sample

OPEN_FILTER_CENTS = 13_200
"""Cutoffs from here (16.8 kHz) on are left out: nobody hears them."""
VELOCITY_FILTER_CENTS = -2400
"""Softer notes are duller: the specification's default modulator from velocity to the filter (8.4.2)."""
OPEN_VELOCITY_FILTER_CENTS = -4200
"""The same for zones without a filter of their own. Stronger, as most presets of the carried font have one sample for
all velocities, where a real instrument loses far more than the specification's two octaves."""
LOW_NOTE_FILTER_CENTS = 70
"""So much more a key under C6: the partials of a low note lie low, and go first when it is played softly."""
FLAT_SAMPLES_CENTS = {
    "Ahh Choir D#3(L)": 30,
    "Ahh Choir C4(L)": 24,
    "Ahh Choir D#4(L)": 38,
    "Ahh Choir A4(L)": 31,
    "Ahh Choir D#5(L)": 21,
    "Ahh Choir D#6(L)": 26,
}
"""Samples of the carried font that are out of tune, by what they lie too low (energy around each of ten partials); all
others of its melodic programs lie within 25 cents in the ranges of instruments.py."""
_WAVE_GENERATORS = (
    sf.START_OFFSET, sf.END_OFFSET, sf.LOOP_START_OFFSET, sf.LOOP_END_OFFSET, sf.START_COARSE, sf.END_COARSE,
    sf.LOOP_START_COARSE, sf.LOOP_END_COARSE, sf.SAMPLE_MODES, sf.ROOT_KEY, sf.SCALE_TUNING, sf.COARSE_TUNE,
    sf.FINE_TUNE, sf.VIBRATO_PITCH, sf.VIBRATO_DELAY, sf.VIBRATO_RATE, sf.MOD_LFO_PITCH, sf.MOD_LFO_VOLUME,
    sf.MOD_LFO_DELAY, sf.MOD_LFO_RATE, sf.MOD_ENV_PITCH,
)  # fmt: skip
_MODULATION_STAGES = (
    sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY, sf.MOD_SUSTAIN, sf.MOD_KEY_HOLD, sf.MOD_KEY_DECAY,
)  # fmt: skip
MIN_RATIO, MAX_RATIO = 1 / 64, 64.0
PIECE_FRAMES = 16_384
LONGEST_KEPT_TREMOLO = 8 * SAMPLE_RATE_HZ
"""Curves of up to 1.4 MB are kept; longer notes with tremolo are rare."""
FIRST_CUTOFF_S = FILTER_BLOCK / 2 / SAMPLE_RATE_HZ
"""A moving cutoff is read in the middle of each block."""
MAX_SOURCE_FRAMES = 2**25
"""Bounds the memory that a damaged font can ask for (128 MiB); 12 minutes at the sample's own pitch."""


def unrolled(sample: Sample, zone: sf.Zone, num_frames: int) -> Wave:
    """The sample's first `num_frames`, going round the loop as often as needed; shorter when it does not loop.

    Loop mode 3 (play on after release) goes on looping: the release fades it in either case.
    """
    first = min(max(_start_offset(zone), 0), sample.num_frames - 1)
    data, length = sample.data[first:], sample.num_frames - first
    last = length + min(zone.generator(sf.END_OFFSET) + 32768 * zone.generator(sf.END_COARSE), 0)
    start, end = _loop(sample, zone, _start_offset(zone), length)
    if zone.generator(sf.SAMPLE_MODES) not in (1, 3) or end - start < 2:
        return data[: max(min(num_frames, last), 1)]
    if num_frames <= end:
        return data[:num_frames]
    rounds = (num_frames - end) // (end - start) + 1
    return np.concatenate([data[:end], np.tile(data[start:end], rounds)])[:num_frames]


def _start_offset(zone: sf.Zone) -> int:
    return zone.generator(sf.START_OFFSET) + 32768 * zone.generator(sf.START_COARSE)


def _loop(sample: Sample, zone: sf.Zone, first: int, length: int) -> tuple[int, int]:
    start = sample.loop_start - first + zone.generator(sf.LOOP_START_OFFSET)
    end = sample.loop_end - first + zone.generator(sf.LOOP_END_OFFSET)
    start += 32768 * zone.generator(sf.LOOP_START_COARSE)
    end += 32768 * zone.generator(sf.LOOP_END_COARSE)
    return (start, end) if 0 <= start < end <= length else (0, 0)


def pitch_ratio(sample: Sample, zone: sf.Zone, key: int, tuning_cents: float) -> float:
    """How much faster than recorded the sample is read, from key, root key, tuning and scale (9.1.6)."""
    root = zone.generator(sf.ROOT_KEY)
    root = root if 0 <= root <= 127 else sample.root_key
    cents = (key - root) * zone.generator(sf.SCALE_TUNING) + sample.correction_cents + tuning_cents
    cents += 100 * zone.generator(sf.COARSE_TUNE) + zone.generator(sf.FINE_TUNE)
    cents += FLAT_SAMPLES_CENTS.get(sample.name, 0)
    return float(min(max(2 ** (cents / 1200), MIN_RATIO), MAX_RATIO))


def pitched(sample: Sample, zone: sf.Zone, ratio: float, num_frames: int) -> Wave:
    """float32 [<= num_frames] at 44.1 kHz, band-limited, so that going up an octave does not alias.

    It is the beginning of every longer wave of the same sample, zone and ratio, bit for bit.
    """
    step = ratio * sample.sample_rate_hz / SAMPLE_RATE_HZ
    source = unrolled(sample, zone, _source_frames(step, num_frames))
    return source[:num_frames] if abs(step - 1) < 1e-6 else resampled(source, step, num_frames)


def _source_frames(step: float, num_frames: int) -> int:
    return min(int(num_frames * step) + frames_heard(step) + 1, MAX_SOURCE_FRAMES)


def frames_to_decode(header: Sample, zone: sf.Zone, ratio: float, num_frames: int) -> int:
    """So much of a sample's beginning `pitched` reads for so many frames, when it does not go round the loop."""
    step = ratio * header.sample_rate_hz / SAMPLE_RATE_HZ
    return max(_start_offset(zone), 0) + _source_frames(step, frames_to_vibrate(zone, num_frames))


def vibrated(wave: Wave, zone: sf.Zone, key: int) -> Wave:
    """The wave with the zone's vibrato and pitch envelope: read at a wavering speed, cubic (Catmull-Rom)."""
    depths = _pitch_depths(zone)
    if not any(depths) or len(wave) < 8:
        return wave
    time_s = np.arange(len(wave)) / SAMPLE_RATE_HZ
    cents = np.zeros(len(wave))
    if depths[0]:
        cents += depths[0] * triangle_lfo(zone.generator(sf.VIBRATO_DELAY), zone.generator(sf.VIBRATO_RATE), time_s)
    if depths[1]:
        cents += depths[1] * _modulation_lfo(zone, time_s)
    if depths[2]:
        cents += depths[2] * modulation_envelope(zone, key, time_s)
    position = np.concatenate([[0.0], np.cumsum(np.exp2(cents[:-1] * (1 / 1200)))])
    return _read_cubic(wave, position[: np.searchsorted(position, len(wave) - 3)])


def wave_generators(zone: sf.Zone) -> tuple[int, ...]:
    """The generators that a wave depends on before it is filtered: zones of a sample with the same ones share it."""
    used = (*_WAVE_GENERATORS, *(_MODULATION_STAGES if zone.generator(sf.MOD_ENV_PITCH) else ()))
    return tuple(zone.generator(number) for number in used)


def _pitch_depths(zone: sf.Zone) -> tuple[int, int, int]:
    """How far vibrato, modulation oscillator and modulation envelope move the pitch, in cents."""
    return zone.generator(sf.VIBRATO_PITCH), zone.generator(sf.MOD_LFO_PITCH), zone.generator(sf.MOD_ENV_PITCH)


def frames_to_vibrate(zone: sf.Zone, num_frames: int) -> int:
    """So many frames `vibrated` must be given so that it hands back this many: where the pitch rises, the wave is read
    faster than it lasts."""
    depths = _pitch_depths(zone)
    if not any(depths):
        return num_frames
    fastest = 2 ** (min(abs(depths[0]) + abs(depths[1]) + max(depths[2], 0), 2400) / 1200)
    return int(num_frames * fastest) + 8


def _read_cubic(wave: Wave, position: NDArray[np.float64]) -> Wave:
    """The wave at rising positions, piece by piece, each small enough for the processor's cache."""
    padded = np.concatenate([wave[:1], wave])  # padded[i] is wave[i - 1]
    out: Wave = np.empty(len(position), dtype=np.float32)
    for first in range(0, len(position), PIECE_FRAMES):
        piece = position[first : first + PIECE_FRAMES]
        index = piece.astype(np.int64)
        x = (piece - index).astype(np.float32)
        near = padded[index[0] : index[-1] + 4]
        index -= index[0]
        a, b, c, d = (near[step:].take(index, mode="clip") for step in range(4))  # an index is never outside
        bent = 2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)
        out[first : first + len(piece)] = b + 0.5 * x * (c - a + x * bent)
    return out


def trembled(wave: Wave, zone: sf.Zone) -> Wave:
    """The wave with the zone's tremolo (generator 13, centibels)."""
    depth = zone.generator(sf.MOD_LFO_VOLUME)
    if not depth:
        return wave
    delay, rate = zone.generator(sf.MOD_LFO_DELAY), zone.generator(sf.MOD_LFO_RATE)
    if len(wave) > LONGEST_KEPT_TREMOLO:
        return wave * _tremolo(depth, delay, rate, len(wave))
    return wave * _kept_tremolo(depth, delay, rate, longer_bucket(len(wave)))[: len(wave)]


def _tremolo(depth: int, delay: int, rate: int, num_frames: int) -> Wave:
    """Linear gains, float32 [num_frames]: all notes of a zone begin with the same."""
    time_s = np.arange(num_frames) / SAMPLE_RATE_HZ
    gains: Wave = np.exp2(depth / 200 * np.log2(10) * triangle_lfo(delay, rate, time_s)).astype(np.float32)
    return gains


_kept_tremolo = lru_cache(maxsize=16)(_tremolo)


def _modulation_lfo(zone: sf.Zone, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return triangle_lfo(zone.generator(sf.MOD_LFO_DELAY), zone.generator(sf.MOD_LFO_RATE), time_s)


def filtered(wave: Wave, zone: sf.Zone, key: int, velocity: int) -> Wave:
    """The wave through the zone's low-pass, whose cutoff follows velocity, modulation envelope and oscillator.

    It is the beginning, bit for bit, of what comes out of a longer wave that begins with this one.
    """
    cutoff = float(_cutoff_cents(zone, key, velocity))
    envelope, oscillator = zone.generator(sf.MOD_ENV_FILTER), zone.generator(sf.MOD_LFO_FILTER)
    if envelope and stays_up(zone, key, FIRST_CUTOFF_S):  # as with most zones of the carried font that have one
        cutoff, envelope = cutoff + envelope, 0
    resonance_db = min(max(zone.generator(sf.FILTER_Q), 0), 960) / 10
    if cutoff + min(envelope, 0) - abs(oscillator) >= OPEN_FILTER_CENTS and resonance_db < 1:
        return wave
    if not envelope and not oscillator:
        return fixed_lowpass(wave, cutoff, resonance_db)
    num_frames = -(-len(wave) // CHUNK_FRAMES) * CHUNK_FRAMES
    time_s = np.arange(FILTER_BLOCK / 2, num_frames, FILTER_BLOCK) / SAMPLE_RATE_HZ  # the middle of each block
    cents = cutoff + envelope * modulation_envelope(zone, key, time_s) + oscillator * _modulation_lfo(zone, time_s)
    return swept_lowpass(wave, cents, resonance_db)


def _cutoff_cents(zone: sf.Zone, key: int, velocity: int) -> float:
    cutoff = zone.generator(sf.FILTER_CENTS)
    depth = VELOCITY_FILTER_CENTS if cutoff < OPEN_FILTER_CENTS else OPEN_VELOCITY_FILTER_CENTS
    depth -= LOW_NOTE_FILTER_CENTS * max(84 - key, 0)
    soft = 1 - velocity / 127
    own = [(curve, amount) for curve, target, amount in zone.modulators if target == sf.FILTER_CENTS]
    if own:
        return cutoff + sum(amount * (1 - soft if curve == "linear" else soft) for curve, amount in own)
    return min(cutoff, 13_500) + depth * soft
