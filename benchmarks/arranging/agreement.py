"""Takes made from a clip of known truth: do tempo, grid and harmony of what is heard agree with the clip?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mir_eval
import numpy as np

from benchmarks.arranging.chroma import Chroma, chroma_of, correlation
from benchmarks.arranging.sheet import read_sheet
from benchmarks.hearing import Truth
from generation.audio.analyse import analyse
from generation.audio.finish import finish
from generation.audio.levels import measure
from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.base import Done, Engine, EngineJob, Failed
from generation.hearing import Hearing
from generation.request import Operation, Request

SAME_TEMPO = 0.04
CYCLE_BARS = 4
"""The chords of every tuning clip come again after four bars."""
NEW_S = 12.0
EXTEND_LEAD_S = 0.03
VARY_STRENGTHS = (0.1, 0.5, 0.9)
"""From "same, other fills" to "same chords, new tune"."""


@dataclass(frozen=True)
class Agreement:
    """One take against its clip. `chroma` is of the band alone (an accompaniment without the clip in it), `chroma_mix`
    of what is heard. NaN where a measure does not apply."""

    clip: str
    operation: str
    prompt: str
    tempo: float
    chroma: float
    chroma_mix: float
    grid_f: float
    lufs: float
    peak_dbfs: float
    silent_share: float
    onsets_per_s: float


class Maker:
    """A loaded engine that makes takes one after the other."""

    def __init__(self) -> None:
        self._engine: Engine = create_engine("arranger", "cpu", EngineOptions())
        self._engine.load()

    def take(self, job: EngineJob) -> Done:
        """One finished take."""
        self._engine.admit(job)
        while events := self._engine.step():
            if isinstance(events[-1], Done):
                return events[-1]
            if isinstance(events[-1], Failed):
                raise RuntimeError(events[-1].sentence)
        raise RuntimeError("the engine ended without a take")


def agreements(truth: Truth, prompts: Sequence[str], seed: int, maker: Maker) -> list[Agreement]:
    """Restyle, accompany and extend of one clip, a prompt each, and what vary makes of it by strength; last the naive
    form: only the clip's key is taken."""
    hearing = analyse(truth.clip)
    heard = chroma_of(truth.clip)
    plans = zip((Operation.RESTYLE, Operation.ACCOMPANY, Operation.EXTEND), prompts, strict=False)
    made = [_agreement(truth, heard, hearing, operation, prompt, seed, maker) for operation, prompt in plans]
    made += [
        _agreement(truth, heard, hearing, Operation.VARY, prompts[0], seed, maker, strength)
        for strength in VARY_STRENGTHS
    ]
    request = Request(Operation.COMPOSE, prompts[0], duration_s=truth.clip.duration_s, key=str(truth.key))
    naive = maker.take(EngineJob("naive", request.changed(tempo_bpm=truth.tempo_bpm), seed))
    chroma = correlation(heard.bars(truth.downbeats_s), chroma_of(naive.clip).bars(truth.downbeats_s))
    nothing = float("nan")
    return [
        *made,
        Agreement(truth.name, "key alone", prompts[0], nothing, chroma, chroma, *[nothing] * 5),
    ]


def _agreement(
    truth: Truth, heard: Chroma, hearing: Hearing, operation: Operation, prompt: str, seed: int, maker: Maker,
    strength: float | None = None,
) -> Agreement:  # fmt: skip
    extends = operation is Operation.EXTEND
    request = Request(operation, prompt, ("clip",), duration_s=NEW_S if extends else None)
    if strength is not None:
        request = request.changed(strength=strength)
    done = maker.take(EngineJob("take", request, seed, (truth.clip,), (hearing,)))
    sheet = read_sheet(done.midi or b"")
    alone = done.stems["backing"] if operation is Operation.ACCOMPANY else done.clip
    compare = _cycle_correlation if extends else _bar_correlation
    grid = float("nan")
    if operation is Operation.ACCOMPANY:
        inside = sheet.beats_s[sheet.beats_s < truth.clip.duration_s]
        trim = mir_eval.beat.trim_beats  # without the first five seconds (MIREX): the file has its lead-in there
        grid = float(mir_eval.beat.f_measure(trim(truth.beats_s), trim(inside)))
    return Agreement(
        truth.name, row_name(operation, strength), prompt, float(_same_tempo(sheet.tempo_bpm, truth.tempo_bpm)),
        compare(truth, heard, alone), compare(truth, heard, done.clip), grid, *signal(done.clip),
    )  # fmt: skip


def row_name(operation: Operation, strength: float | None = None) -> str:
    """What a row of the table is called: "restyle", "vary 0.5"."""
    return operation.value if strength is None else f"{operation.value} {strength:g}"


def _same_tempo(found: float, wanted: float) -> bool:
    """Within 4 %, double and half allowed."""
    return any(abs(found * factor / wanted - 1) < SAME_TEMPO for factor in (0.5, 1, 2))


def _bar_correlation(truth: Truth, heard: Chroma, sound: Clip) -> float:
    return correlation(heard.bars(truth.downbeats_s), chroma_of(sound).bars(truth.downbeats_s))


def _cycle_correlation(truth: Truth, heard: Chroma, sound: Clip) -> float:
    """Every new bar against the clip's bar that lies whole cycles before it, on the clip's own clock gone on with."""
    found, bar_s = chroma_of(sound), 60 / truth.tempo_bpm * truth.beats_per_bar
    known = heard.bars(truth.downbeats_s)
    first = float(truth.downbeats_s[0])
    pairs = []
    for bar in range(len(known), 1000):
        start_s = first + bar * bar_s
        if start_s + bar_s > sound.duration_s - bar_s / 2:  # the last chord lands where the music ends
            break
        origin = bar - CYCLE_BARS * -(-(bar - len(known) + 1) // CYCLE_BARS)
        if start_s >= truth.clip.duration_s - EXTEND_LEAD_S and origin >= 0:
            pairs.append((known[origin], found.between(start_s, start_s + bar_s)))
    return correlation(*(np.array(side) for side in zip(*pairs, strict=True))) if pairs else float("nan")


def signal(clip: Clip) -> tuple[float, float, float, float]:
    """Of the finished take: LUFS, true peak in dBFS, share of silent tenths of a second, onsets a second."""
    finished = finish(clip)
    levels = measure(finished)
    mono = finished.to_mono().samples[0]
    block = finished.sample_rate_hz // 10
    blocks = mono[: len(mono) // block * block].reshape(-1, block)
    silent = float((np.sqrt(np.square(blocks).mean(axis=1)) < 10 ** (-60 / 20)).mean())
    return float(levels.loudness_lufs or -99.0), float(levels.true_peak_dbfs or -99.0), silent, _onsets_per_s(finished)


def _onsets_per_s(clip: Clip) -> float:
    """Clear rises of the spectrum's logarithm, 50 ms apart at least."""
    from scipy.signal import find_peaks

    mono = clip.to_mono().resampled(RATE_HZ := 22_050).samples[0]
    frames = np.lib.stride_tricks.sliding_window_view(mono, 1024)[::441] * np.hanning(1024)
    rise = np.maximum(np.diff(np.log10(1 + 10 * np.abs(np.fft.rfft(frames, axis=1))), axis=0), 0).sum(axis=1)
    peaks, _ = find_peaks(rise, height=np.median(rise) * 1.5, distance=round(0.05 * RATE_HZ / 441))
    return len(peaks) / clip.duration_s
