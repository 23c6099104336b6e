"""The sampler's peer: every note on its own, read with linear interpolation, no filter, nothing kept."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from generation.engines.arranger import soundfont_zones as sf
from generation.engines.arranger.sampler import Sampler
from generation.engines.arranger.sampler_envelope import release_seconds
from generation.engines.arranger.sampler_kept import ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave
from generation.engines.arranger.sampler_wave import pitch_ratio
from generation.engines.arranger.score import Score
from generation.engines.arranger.soundfont import SoundFont
from generation.hearing import Note


def naive_seconds(font: SoundFont, score: Score) -> float:
    """The peer: seconds for the same notes without cache, filter or band limit (mixing not counted)."""
    samplers = [
        Sampler(font, ToneCache(), int(part.sound.instrument.partition(":")[2]), part.is_drums) for part in score.parts
    ]
    since = time.process_time()
    for part, sampler in zip(score.parts, samplers, strict=True):
        out = np.zeros(round(score.duration_s * SAMPLE_RATE_HZ), dtype=np.float32)
        for note in part.notes:
            for wave in naive_waves(font, sampler, note):
                start = round(note.start_s * SAMPLE_RATE_HZ)
                room = out[start : start + len(wave)]
                room += wave[: len(room)]
    return time.process_time() - since


def naive_waves(font: SoundFont, sampler: Sampler, note: Note) -> Iterator[Wave]:
    """A note's zones, each read sample by sample at its speed, going round its loop, with an exponential release."""
    for zone in sampler.zones:
        if not zone.plays(note.pitch, round(note.velocity * 127)):
            continue
        sample = font.sample(zone.sample)
        step = pitch_ratio(sample, zone, note.pitch, 0.0) * sample.sample_rate_hz / SAMPLE_RATE_HZ
        hold, release_s = round((note.end_s - note.start_s) * SAMPLE_RATE_HZ), release_seconds(zone)
        position = np.arange(hold + round(release_s * SAMPLE_RATE_HZ)) * step
        if zone.generator(sf.SAMPLE_MODES) in (1, 3) and sample.loop_end > sample.loop_start:
            length = sample.loop_end - sample.loop_start
            over = position >= sample.loop_end
            position[over] = sample.loop_start + (position[over] - sample.loop_start) % length
        position = position[position < len(sample.data) - 1]
        wave = np.interp(position, np.arange(len(sample.data)), sample.data).astype(np.float32)
        late_s = np.maximum(np.arange(len(wave)) - hold, 0) / SAMPLE_RATE_HZ
        yield wave * (note.velocity**2 * 10 ** (-5 * late_s / release_s)).astype(np.float32)
