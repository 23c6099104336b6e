"""The checks of a finished take: numbers for the recipe, and a plain sentence for each thing that falls short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.audio import click
from generation.audio.check.expected import Expected, expected_of
from generation.audio.check.limits import CheckLimits
from generation.audio.check.listen import beats_apart_s, fit_of, heard_tempo, key_fits, pitch_classes, tempo_error
from generation.audio.levels import SILENCE_RMS, Levels, measure
from generation.audio.side_by_side import helpers
from generation.clip import Clip
from generation.hearing import Hearing, Key
from generation.request import Operation, Request

GOOD_KEY_FIT = 0.6
"""Only music that fits some key well can be said to miss another."""

EDGE_WINDOW_S = 0.05
MIN_LISTENED_S = 6.0
GAP_WINDOW_S, GAP_SHARE = 0.002, 10 ** (-50 / 10)
"""Windows of 2 ms that are 50 dB softer than the loudest are part of a gap."""
_SEEDLESS = frozenset({Operation.LOOP, Operation.BLEND})
"""Made of the clips alone: another seed gives the same again."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished take as the checks see it: `clip` after finishing; `kept_s`, `joins_s`, `repeats` and `details` as in
    `generation.engines.base.Done`; the request, its clips and what was heard in them; `backing`: what was put under the
    clip, alone, if that was done."""

    clip: Clip
    request: Request
    clips: Sequence[Clip] = ()
    hearings: Sequence[Hearing] = ()
    kept_s: float = 0.0
    joins_s: tuple[float, ...] = ()
    repeats: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    backing: Clip | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured (for the recipe) and what falls short (sentences); whether another seed may do better."""

    measured: dict[str, float | str]
    shortcomings: tuple[str, ...] = ()
    worth_another_seed: bool = False


def check_take(made: Made, limits: CheckLimits, target_lufs: float, ceiling_dbfs: float) -> Report:
    """Measure a take: its levels beside its beats. 30 s take a fifth of a second on two quiet cores."""
    if not limits.enabled:
        return Report({})
    measured: dict[str, float | str] = {}
    measuring = helpers().submit(measure, made.clip)
    of_music: dict[str, float | str] = {}
    expected = expected_of(made.request, made.hearings, made.details)
    music = (
        *_silences(made, limits, of_music),
        *_joins(made, limits, of_music),
        *_music(made, expected, limits, of_music),
    )
    levels = tuple(_levels(measuring.result(), limits, target_lufs, ceiling_dbfs, measured))
    if measured.get("silent"):
        return Report(measured, levels, _has_seed(made.request))
    measured |= of_music
    return Report(measured, (*levels, *music), bool(levels or music) and _has_seed(made.request))


def _has_seed(request: Request) -> bool:
    return request.operation not in _SEEDLESS and not request.has_backing


def _levels(
    levels: Levels, limits: CheckLimits, target_lufs: float, ceiling_dbfs: float, measured: dict[str, float | str]
) -> Iterator[str]:
    measured["silence_share"] = round(levels.silence_share, 3)
    if levels.loudness_lufs is None or levels.true_peak_dbfs is None:
        measured["silent"] = 1.0
        yield "The take is silent."
        return
    measured["loudness_lufs"] = round(levels.loudness_lufs, 2)
    measured["true_peak_dbfs"] = round(levels.true_peak_dbfs, 2)
    if levels.num_clipped:
        yield f"{levels.num_clipped} samples of the take are cut off at full scale."
    if levels.true_peak_dbfs > ceiling_dbfs + limits.true_peak_db:
        yield f"The take's peaks reach {levels.true_peak_dbfs:.1f} dBFS, over the {ceiling_dbfs:g} they should keep."
    if abs(levels.loudness_lufs - target_lufs) > limits.loudness_lu:
        word = "softer" if levels.loudness_lufs < target_lufs else "louder"
        yield f"The take is {word} than others: {levels.loudness_lufs:.1f} LUFS instead of {target_lufs:g}."
    if levels.silence_share > limits.silence_share:
        yield f"{levels.silence_share * 100:.0f} % of the take are silence."


def _silences(made: Made, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    window = max(round(EDGE_WINDOW_S * made.clip.sample_rate_hz), 1)
    num_windows = made.clip.num_frames // window
    if num_windows < 2:
        return
    cells = made.clip.samples[:, : num_windows * window].reshape(made.clip.num_channels, num_windows, window)
    heard = np.flatnonzero(np.square(cells).mean(axis=2).max(axis=0) >= SILENCE_RMS**2)
    if heard.size == 0:
        return
    for where, silent_s in (
        ("begins", heard[0] * EDGE_WINDOW_S),
        ("ends", (num_windows - 1 - heard[-1]) * EDGE_WINDOW_S),
    ):
        if silent_s > limits.edge_silence_s:
            measured[f"silence_where_it_{where}_s"] = round(float(silent_s), 1)
            yield f"The take {where} with {silent_s:.1f} s of silence."


def _joins(made: Made, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    own = [click.roughness(clip.samples, clip.sample_rate_hz) for clip in made.clips] if made.repeats else []
    if made.repeats:
        usual = click.roughness(made.clip.samples, made.clip.sample_rate_hz)
        for clip in own:
            usual = usual.or_more(clip)
        seam = click.at_seam(made.clip)
        _note_roughness("seam", seam, usual, measured)
        if seam.exceeds(usual, limits.join_step_factor, limits.join_jump_db):
            yield "The place where the loop begins again can be heard."
        yield from _gap(made.clip, limits, measured)
    for join_s in made.joins_s:
        begin_s = made.kept_s if 0 < made.kept_s <= join_s else join_s
        usual, heard = click.around(made.clip, begin_s, join_s), click.at(made.clip, begin_s, join_s)
        _note_roughness("join", heard, usual, measured)
        if heard.exceeds(usual, limits.join_step_factor, limits.join_jump_db):
            yield f"The join at {int(join_s) // 60}:{int(join_s) % 60:02d} can be heard."


def _gap(loop: Clip, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    """Silence from the loop's end into its beginning, unless it has as long rests of its own."""
    window = max(round(GAP_WINDOW_S * loop.sample_rate_hz), 1)
    num_windows = loop.num_frames // window
    if num_windows < 2:
        return
    cells = loop.samples[:, -num_windows * window :].reshape(loop.num_channels, num_windows, window)
    power = np.square(cells).mean(axis=(0, 2))
    loud = np.flatnonzero(power >= max(float(power.max()) * GAP_SHARE, SILENCE_RMS**2))
    if not loud.size:
        return
    gap_ms, rest_ms = (
        float(1000 * GAP_WINDOW_S * num)
        for num in (loud[0] + num_windows - 1 - loud[-1], np.diff(loud).max(initial=1) - 1)
    )
    measured["loop_gap_ms"] = gap_ms
    if gap_ms > max(limits.loop_gap_ms, rest_ms):
        yield f"There is a gap of {gap_ms:.0f} ms where the loop begins again."


def _note_roughness(
    name: str, heard: click.Roughness, usual: click.Roughness, measured: dict[str, float | str]
) -> None:
    measured[f"{name}_step_of_usual"] = round(heard.step / max(usual.step, 1e-9), 3)
    measured[f"{name}_jump_over_usual_db"] = round(heard.jump_db - usual.jump_db, 2)


def _music(made: Made, expected: Expected, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    """Tempo, drift and key: of the new part where there is an old one, of the backing where there is one alone (in the
    mix one would hear the clip)."""
    whole = made.clip if made.backing is None else made.backing
    new = whole.cut(made.kept_s) if made.kept_s > 0 else whole
    if new.duration_s < MIN_LISTENED_S:
        return
    yield from _tempo(new, expected, limits, measured)
    if expected.key is not None:
        yield from _key(_middle(new, 2 * limits.listen_s), expected.key, expected.key_of, limits, measured)


def _tempo(new: Clip, expected: Expected, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    part = _middle(new, limits.listen_s)
    heard = heard_tempo(part) if expected.tempo_bpm is not None else None
    if heard is None or expected.tempo_bpm is None:
        return
    measured["tempo_bpm"], measured["beat_confidence"] = round(heard.tempo_bpm, 2), round(heard.confidence, 2)
    if heard.confidence < limits.beat_confidence:
        return
    error = tempo_error(heard.tempo_bpm, expected.tempo_bpm)
    if error > limits.tempo_share:
        whose = _whose(expected.tempo_of)
        yield f"I hear {heard.tempo_bpm:.0f} BPM in it, not the {expected.tempo_bpm:.0f} BPM {whose}."
    elif expected.beats_s:
        begun_s = max((new.duration_s - limits.listen_s) / 2, 0.0)
        yield from _beside(beats_apart_s(heard, [beat - begun_s for beat in expected.beats_s]), limits, measured)
    elif expected.is_steady:
        measured["drift_percent"] = round(100 * heard.drift, 2)
        if abs(heard.drift) > limits.drift_share:
            yield f"Its tempo drifts by {abs(heard.drift) * 100:.0f} %."


def _beside(apart_s: NDArray[np.float64], limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    """How the band's beats lie beside the clip's (each so many seconds late), and whether they move against them."""
    third = apart_s.size // 3
    if not third:
        return
    off_ms = 1000 * float(np.median(np.abs(apart_s)))
    drift_ms = 1000 * float(np.median(apart_s[-third:]) - np.median(apart_s[:third]))
    measured["beats_off_ms"], measured["beats_drift_ms"] = round(off_ms, 1), round(drift_ms, 1)
    if abs(drift_ms) > limits.beats_off_ms:
        yield f"The band drifts against the clip by {abs(drift_ms):.0f} ms."
    elif off_ms > limits.beats_off_ms:
        yield f"The band plays {off_ms:.0f} ms beside the clip's beats."


def _key(clip: Clip, key: Key, whose: str, limits: CheckLimits, measured: dict[str, float | str]) -> Iterator[str]:
    fits = key_fits(pitch_classes(clip))
    wanted, best = fit_of(key, fits), int(fits.argmax())
    measured["key_fit"] = round(wanted, 3)
    if wanted < limits.key_fit and fits[best] >= GOOD_KEY_FIT:
        likeliest = Key(best % 12, "major" if best < 12 else "minor")
        yield f"It sounds more like {likeliest} than like {key}, which was {whose or 'meant'}."


def _whose(word: str) -> str:
    return "of the clip" if word == "the clip's" else f"that were {word}"


def _middle(clip: Clip, length_s: float) -> Clip:
    start_s = max((clip.duration_s - length_s) / 2, 0.0)
    return clip.cut(start_s, start_s + length_s)
