"""Blends: do the beats and bars of both clips fall together, in one key, at one tempo, as the sound of each part says.

The take keeps each clip as a part. Where the clip's moments came to lie in it is found by sound: the clip's onset
strength, stretched as the take says it was (and a little more and less), is laid where it meets the part's, first as a
whole, then around each beat. So both clips' written beats get onto one clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mir_eval
import numpy as np

from benchmarks.music import harmony, sound
from benchmarks.music.clips import Written, written
from generation.clip import Clip

if TYPE_CHECKING:
    from benchmarks.music.drive import Outcome
    from benchmarks.music.figures import Figures

BEAT_F, DOWNBEAT_F = 0.9, 0.8
WEIGHT_WITHIN = 0.12
"""Clips are brought to one loudness, which is not one power: two clips of one LUFS may be 3 dB apart in RMS."""
STRETCHES = np.linspace(0.99, 1.01, 21)
AROUND_S, LOCAL_REACH_S = 1.2, 0.15


def measure_blend(outcome: Outcome, figures: Figures) -> None:
    """Beats, bars, keys and lengths of both parts against each other."""
    truths = [written(name) for name in outcome.case.clips]
    details = outcome.made.details
    parts = [outcome.stems["first"], outcome.stems["second"]]
    _keys(truths, parts, outcome, figures)
    _asked(outcome, figures)
    stretch = details["stretch"]
    figures.numbers["stretch %"] = 100 * max(abs(factor - 1) for factor in stretch)
    longest_s = max(clip.duration_s * factor for clip, factor in zip(outcome.clips, stretch, strict=True))
    figures.expect(
        outcome.take.duration_s >= longest_s - 0.1, f"{outcome.take.duration_s:.1f} s of {longest_s:.1f} s left"
    )
    if all(truth.has_beat for truth in truths) and min(details["weights"]) > 0:
        moved = [
            [_moved(times, clip, part, factor) for times in (truth.beats_s, truth.downbeats_s)]
            for truth, clip, part, factor in zip(truths, outcome.clips, parts, stretch, strict=True)
        ]
        _beats(truths, moved, figures)
        heard = sound.best_tempo(sound.flux(outcome.take), details["tempo_bpm"])
        figures.numbers["tempo of the sound error %"] = 100 * abs(heard / details["tempo_bpm"] - 1)


def _moved(times_s: np.ndarray, clip: Clip, part: Clip, factor: float) -> np.ndarray:
    """Where moments of the clip lie in the part, in seconds."""
    source, target = sound.flux(clip), sound.flux(part)
    choices = [(*_best_shift(target, _stretched(source, stretch)), stretch) for stretch in factor * STRETCHES]
    _, shift, stretch = max(choices)
    laid = np.pad(_stretched(source, stretch), (max(shift, 0), 0))[max(-shift, 0) :]
    laid = np.pad(laid, (0, max(target.size - laid.size, 0)))[: target.size]
    found = times_s * stretch + shift / sound.FLUX_RATE_HZ
    return np.asarray(found + np.array([_local_shift_s(target, laid, time_s) for time_s in found]))


def _stretched(strength: np.ndarray, factor: float) -> np.ndarray:
    places = np.arange(round(strength.size * factor)) / factor
    return np.asarray(np.interp(places, np.arange(strength.size), strength))


def _best_shift(target: np.ndarray, source: np.ndarray) -> tuple[float, int]:
    """How much the two agree at best (0..1), and by how many frames the source is moved for it."""
    size = target.size + source.size
    agreement = np.fft.irfft(np.fft.rfft(target, size) * np.conj(np.fft.rfft(source, size)), size)
    best = int(np.argmax(agreement))
    score = float(agreement[best] / (np.linalg.norm(target) * np.linalg.norm(source) + 1e-9))
    return score, best if best < target.size else best - size


def _local_shift_s(target: np.ndarray, laid: np.ndarray, time_s: float) -> float:
    """How much later than laid the part sounds around a moment."""
    middle, around, reach = (round(value * sound.FLUX_RATE_HZ) for value in (time_s, AROUND_S, LOCAL_REACH_S))
    first = max(middle - around, reach)
    model = laid[first : middle + around]
    if model.size < around:
        return 0.0
    scores = [
        float(np.dot(model[: part.size], part)) * (1 - 0.3 * abs(lag) / reach)
        for lag in range(-reach, reach + 1)
        if (part := target[first + lag : first + lag + model.size]).size
    ]
    return (int(np.argmax(scores)) - reach) / sound.FLUX_RATE_HZ


def _beats(truths: list[Written], moved: list[list[np.ndarray]], figures: Figures) -> None:
    """Both clips' written beats and bar lines on the take's clock, held against each other where both sound."""
    beats, bars = zip(*moved, strict=True)
    off_s, beat_f = _together(*beats)
    figures.numbers |= {"two beats off ms": 1000 * off_s, "beat F": beat_f}
    figures.expect(beat_f >= BEAT_F, f"beats of the two: F {beat_f:.2f}, {1000 * off_s:.0f} ms apart")
    if all(truth.has_bars for truth in truths) and truths[0].song.beats_per_bar == truths[1].song.beats_per_bar:
        off_s, bar_f = _together(*bars)
        figures.numbers |= {"two bars off ms": 1000 * off_s, "downbeat F": bar_f}
        figures.expect(bar_f >= DOWNBEAT_F, f"bars of the two: F {bar_f:.2f}, {1000 * off_s:.0f} ms apart")


def _together(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """(median distance, F) of two rows of times where both go on; one may count at twice the pace of the other."""
    low, high = max(one[0], other[0]) - 0.1, min(one[-1], other[-1]) + 0.1
    one, other = (times[(times >= low) & (times <= high)] for times in (one, other))
    if min(one.size, other.size) < 2:
        return float("nan"), 0.0
    ratio = float(np.median(np.diff(one)) / np.median(np.diff(other)))
    step = max(round(max(ratio, 1 / ratio)), 1)
    fine, coarse = (other, one) if ratio >= 1 else (one, other)
    choices = [fine[first::step] for first in range(step)] if step in (2, 3) else [fine]
    return max(
        (
            (
                float(np.median(np.abs(coarse[:, None] - pick[None]).min(axis=1))),
                float(mir_eval.beat.f_measure(coarse, pick)),
            )
            for pick in choices
        ),
        key=lambda found: found[1],
    )


def _asked(outcome: Outcome, figures: Figures) -> None:
    """The tempo and the weights that were asked for: the tempo as the take says (its sound is measured elsewhere), the
    weights by how loud the parts are."""
    wishes = outcome.case.wishes
    if (tempo_bpm := wishes.get("tempo_bpm")) is not None:
        told = outcome.made.details["tempo_bpm"]
        figures.expect(abs(told / tempo_bpm - 1) < 0.001, f"{told:.1f} BPM instead of {tempo_bpm:g}")
    if weights := wishes.get("weights"):
        levels = [float(np.sqrt(np.square(outcome.stems[name].samples).mean())) for name in ("first", "second")]
        found, wanted = levels[0] / sum(levels), weights[0] / sum(weights)
        figures.numbers["weight off"] = abs(found - wanted)
        figures.expect(abs(found - wanted) <= WEIGHT_WITHIN, f"weight {found:.2f} instead of {wanted:.2f}")


def _keys(truths: list[Written], parts: list[Clip], outcome: Outcome, figures: Figures) -> None:
    """Whether the written keys, moved as the take says, are of one scale, and whether the sound was moved so."""
    semitones, weights = outcome.made.details["semitones"], outcome.made.details["weights"]
    for truth, part, clip, told, weight in zip(truths, parts, outcome.clips, semitones, weights, strict=True):
        if truth.has_chords and weight > 0:
            before, after = sound.chroma(clip), sound.chroma(part)
            likeness = [np.corrcoef(np.roll(before, step), after)[0, 1] for step in range(12)]
            moved = int(np.argmax(likeness))
            figures.expect(moved == round(told) % 12, f"{truth.name} moved by {moved}, not by {told:g} semitones")
    if all(truth.has_chords or truth.is_hum for truth in truths) and outcome.case.wishes.get("key") != "none":
        one, other = (
            ((truth.song.key[0] + round(told)) % 12, truth.song.key[1])
            for truth, told in zip(truths, semitones, strict=True)
        )
        found = harmony.key_class(one, other)
        figures.words["keys of the two"] = found
        figures.expect(found in ("same", "relative"), f"keys of the two: {found}")
