"""Small scores, and measures of what came out, for the tests of the arranger's sound."""

from __future__ import annotations

import numpy as np

from generation.engines.arranger.play import Player, Rendered
from generation.engines.arranger.sampler import Sampler
from generation.engines.arranger.sampler_kept import ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, lay
from generation.engines.arranger.score import Part, Score, Sound
from generation.engines.arranger.soundfont import SoundFont
from generation.engines.arranger.synth import Synth
from generation.hearing import Note


def instrument(font: SoundFont, name: str, tuning_cents: float = 0.0) -> Sampler | Synth:
    kind, _, number = name.partition(":")
    if kind == "synth":
        return Synth(number, ToneCache(), tuning_cents)
    return Sampler(font, ToneCache(), int(number), kind == "kit", tuning_cents)


def one_note(
    font: SoundFont, name: str, pitch: int, velocity: float = 0.8, held_s: float = 1.0, length_s: float = 2.0
) -> Wave:
    """A single note, dry: float32 [2, frames]."""
    out = np.zeros((2, round(length_s * SAMPLE_RATE_HZ)), dtype=np.float32)
    hold = round(held_s * SAMPLE_RATE_HZ)
    for tone in instrument(font, name).tones(pitch, velocity, hold):
        lay(out, tone, 0, hold, 1.0)
    return out


def score(*parts: Part, duration_s: float = 4.0, **fields: object) -> Score:
    beats_s = tuple(np.arange(0, duration_s + 0.01, 0.5).tolist())
    return Score(duration_s, parts, beats_s, **fields)  # type: ignore[arg-type]


def part(name: str, instrument_name: str, *notes: Note, **sound: float) -> Part:
    return Part(name, Sound(instrument_name, **sound), notes)  # type: ignore[arg-type]


def band(duration_s: float = 4.0, **fields: object) -> Score:
    """Drums, bass, chords and a lead for a few bars at 120 BPM."""
    beats = np.arange(0, duration_s, 0.5)
    drums = [Note(t, t + 0.1, 36 if i % 2 == 0 else 38, 0.85) for i, t in enumerate(beats)]
    drums += [Note(t, t + 0.1, 42, 0.6) for t in np.arange(0, duration_s, 0.25)]
    bass = [Note(t, t + 0.4, 36 + 5 * (i // 4 % 2), 0.8) for i, t in enumerate(beats)]
    chords = [Note(t, t + 1.8, p, 0.7) for t in beats[::4] for p in (60, 64, 67)]
    lead = [Note(t, t + 0.4, 72 + (2 * i) % 7, 0.75) for i, t in enumerate(beats)]
    return score(
        part("drums", "kit:0", *drums),
        part("bass", "gm:33", *bass),
        part("chords", "gm:4", *chords, pan=-0.3, chorus=0.3, duck=0.5),
        part("lead", "synth:supersaw", *lead, delay=0.4, reverb=0.4, pan=0.2),
        duration_s=duration_s,
        **fields,
    )


def rendered(player: Player, written: Score, seed: int = 1, wrap: bool = False) -> Rendered:
    *_, last = player.render(written, seed, wrap)
    assert last.result is not None
    return last.result


def cents_off(wave: Wave, pitch: int) -> float:
    """How far a note lies from its pitch, in cents: the comb of up to ten partials with the most energy, searched
    over half an octave to each side."""
    mono = wave.mean(axis=0).astype(np.float64)
    spectrum = np.abs(np.fft.rfft((mono - mono.mean()) * np.hanning(len(mono)), 8 * len(mono)))
    hz_per_bin = SAMPLE_RATE_HZ / (8 * len(mono))
    expected_hz = 440 * 2 ** ((pitch - 69) / 12)
    cents = np.arange(-600, 601, 1.0)
    partials = np.arange(1, max(min(10, int(12_000 / expected_hz)), 1) + 1)
    bins = np.rint(expected_hz * 2 ** (cents[:, None] / 1200) * partials / hz_per_bin).astype(int)
    return float(cents[np.argmax(np.sqrt(spectrum[bins]).sum(axis=1))])


def centroid_hz(wave: Wave) -> float:
    """The spectral centroid (weighted by magnitude), the usual measure of brightness."""
    mono = wave.mean(axis=0)
    magnitude = np.abs(np.fft.rfft((mono - mono.mean()) * np.hanning(len(mono))))
    return float((magnitude * np.fft.rfftfreq(wave.shape[1], 1 / SAMPLE_RATE_HZ)).sum() / magnitude.sum())


def level_db(wave: Wave) -> float:
    return float(10 * np.log10(np.mean(np.square(wave, dtype=np.float64)) + 1e-20))


def at(wave: Wave, start_s: float, end_s: float) -> Wave:
    return wave[:, round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
