"""How well and how fast clips are heard: tempo, beats, bars, chords, key, each by mir_eval's measures.

Run on the tuning clips (rendered music of known truth in 12 styles) where their folder is, and on songs that the
benchmark renders itself. The peer in the same run is the beat nets with metricon's own decoders, without the choice of
tempo level and of bars that the product adds. Seconds are processor time of one thread.
`python -m benchmarks.hearing [--clips FOLDER] [--only-rendered]`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from generation.audio.analyse import analyse
from generation.audio.analyse.beatnet import beat_activations
from generation.clip import Clip
from generation.hearing import Chord, Hearing, Key
from tests.support import music
from tests.support.repertoire import PLANS

TUNING_CLIPS = Path(__file__).parents[2] / "shared" / "assets" / "tuning_clips"
SAME_TEMPO = 0.04
LABELS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MODES = {"maj": "major", "min": "minor"}
FIGURES = (
    ("tempo within 4 %", 0.92),
    ("octave allowed", 1.0),
    ("beat F", 0.95),
    ("downbeat F", 0.88),
    ("metre", None),
    ("chords, major/minor", 0.96),
    ("chords, exact", None),
    ("key exact", None),
    ("key exact or relative", 0.90),
    ("key, MIREX", None),
)
"""What is measured and what is aimed at on the tuning clips."""


@dataclass(frozen=True)
class Truth:
    """A clip and what is in it; chords are (start, end, root, quality)."""

    name: str
    clip: Clip
    tempo_bpm: float
    beats_s: np.ndarray
    downbeats_s: np.ndarray
    beats_per_bar: int
    chords: tuple[tuple[float, float, int, str], ...]
    key: Key


def tuning_clips(folder: Path) -> Iterator[Truth]:
    """The clips of `ground_truth.json` in a folder."""
    for item in json.loads((folder / "ground_truth.json").read_text()):
        samples, rate_hz = soundfile.read(folder / item["file"], dtype="float32", always_2d=True)
        yield Truth(
            item["id"],
            Clip(np.ascontiguousarray(samples.T), rate_hz),
            item["bpm"],
            np.array(item["beats"]),
            np.array(item["downbeats"]),
            4,
            tuple(tuple(chord) for chord in item["chords"]),
            Key(item["root"], MODES[item["mode"]]),
        )


def rendered_songs() -> Iterator[Truth]:
    """The test songs; for a gliding tempo the truth is the tempo of the middle."""
    for plan in PLANS:
        song = music.write(plan)
        beats_s = np.array(song.beats_s)
        tempo_bpm = 60 / float(np.polyfit(np.arange(beats_s.size), beats_s, 1)[0])
        yield Truth(
            song.name, music.render(song), tempo_bpm, beats_s, np.array(song.downbeats_s), song.beats_per_bar,
            song.chords, Key(*song.key),
        )  # fmt: skip


def scores(truth: Truth, heard: Hearing) -> list[float]:
    """One number 0..1 for each of FIGURES."""
    import mir_eval

    octaves = np.log2((heard.tempo_bpm or 1.0) / truth.tempo_bpm)
    near = np.log2(1 + SAME_TEMPO)
    right, right_but_octave = abs(octaves) < near, abs(octaves - np.clip(round(octaves), -1, 1)) < near
    by_thirds, exact = chord_scores(truth, heard.chords)
    key = "C major" if heard.key is None else key_label(heard.key)
    mirex = 0.0 if heard.key is None else mir_eval.key.weighted_score(key_label(truth.key), key)
    return [
        float(right),
        float(right_but_octave),
        mir_eval.beat.f_measure(truth.beats_s, np.array(heard.beats_s)) if heard.beats_s else 0.0,
        mir_eval.beat.f_measure(truth.downbeats_s, np.array(heard.downbeats_s)) if heard.downbeats_s else 0.0,
        float(heard.beats_per_bar == truth.beats_per_bar),
        by_thirds,
        exact,
        float(mirex == 1.0),
        float(mirex in (1.0, 0.3)),  # mir_eval gives 0.3 for the relative key
        mirex,
    ]


def key_label(key: Key) -> str:
    return f"{LABELS[key.tonic]} {key.mode}"


def chord_label(root: int | None, quality: str) -> str:
    """Harte's notation, as mir_eval reads it."""
    return "N" if root is None else f"{LABELS[root]}:{'hdim7' if quality == 'min7b5' else quality}"


def chord_scores(truth: Truth, chords: tuple[Chord, ...]) -> tuple[float, float]:
    """Weighted overlap of root and third, and of the very label."""
    import mir_eval

    if not chords:
        return 0.0, 0.0
    spans = np.array([chord[:2] for chord in truth.chords])
    labels = [chord_label(*chord[2:]) for chord in truth.chords]
    found = np.array([(chord.start_s, chord.end_s) for chord in chords])
    names = [chord_label(chord.root, chord.quality) for chord in chords]
    found, names = mir_eval.util.adjust_intervals(found, names, spans.min(), spans.max(), "N", "N")
    merged, wanted, got = mir_eval.util.merge_labeled_intervals(spans, labels, found, names)
    weights = mir_eval.util.intervals_to_durations(merged)
    thirds = mir_eval.chord.weighted_accuracy(mir_eval.chord.majmin(wanted, got), weights)
    same = np.array([a == b for a, b in zip(wanted, got, strict=True)])
    return float(thirds), float((weights * same).sum() / weights.sum())


def peer(clip: Clip) -> Hearing:
    """What metricon's own decoders make of the same nets: beats, downbeats and metre; no chords and no key."""
    import metricon

    activations = beat_activations(clip.to_mono().resampled(22_050).samples[0])
    curves = metricon.Activations.from_activations(activations.either, activations.downbeat, fps=50)
    beats = metricon.track_beats(curves, snap="center")
    bars = metricon.track_downbeats(curves, beats_per_bar=(3, 4), snap="center")
    return Hearing(
        clip.duration_s,
        tempo_bpm=float(beats.bpm),
        beats_s=tuple(beats.times.tolist()),
        downbeats_s=tuple(bars.downbeat_times.tolist()),
        beats_per_bar=int(bars.numbers.max()) if bars.numbers.size else 4,
    )


@dataclass
class Run:
    """Scores [clips, figures] and seconds a clip."""

    scores: np.ndarray
    seconds: np.ndarray
    audio_s: float


def run(truths: list[Truth], console: Console) -> tuple[Run, Run]:
    """The product and the peer over the same clips."""
    rows, peer_rows, seconds, peer_seconds = [], [], [], []
    for truth in truths:
        started = time.process_time()
        heard = analyse(truth.clip)
        seconds.append(time.process_time() - started)
        rows.append(scores(truth, heard))
        started = time.process_time()
        peer_rows.append(scores(truth, peer(truth.clip)))
        peer_seconds.append(time.process_time() - started)
        if rows[-1][0] < 1 or rows[-1][2] < 0.9 or rows[-1][5] < 0.85:
            console.print(f"[dim]{truth.name}: {truth.tempo_bpm:.0f} BPM, {truth.key}; heard {heard.sentence()}")
    audio_s = sum(truth.clip.duration_s for truth in truths)
    return Run(np.array(rows), np.array(seconds), audio_s), Run(np.array(peer_rows), np.array(peer_seconds), audio_s)


def table(title: str, own: Run, other: Run) -> Table:
    out = Table(title=title)
    for column in ("", "bandmate", "nets + metricon", "aim"):
        out.add_column(column, justify="left" if not column else "right")
    hidden = {name for name, _ in FIGURES if name.startswith(("chords", "key"))}  # the peer has neither
    for (name, aim), mine, theirs in zip(FIGURES, own.scores.mean(axis=0), other.scores.mean(axis=0), strict=True):
        out.add_row(name, f"{mine:.3f}", "" if name in hidden else f"{theirs:.3f}", "" if aim is None else f"{aim:.2f}")
    for name, run_ in (("s for 16 s of music, median", np.median), ("worst", np.max)):
        scale = 16 * len(own.seconds) / own.audio_s
        out.add_row(name, f"{run_(own.seconds) * scale:.2f}", f"{run_(other.seconds) * scale:.2f}", "1.00")
    return out


def main() -> int:
    """Print a table for each set; 1 if an aim is missed on the tuning clips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=TUNING_CLIPS, help="folder with ground_truth.json")
    parser.add_argument("--only-rendered", action="store_true", help="leave the tuning clips out")
    options = parser.parse_args()
    console = Console()
    analyse(music.render(music.write(PLANS[0])).cut(0, 2))  # loads the nets
    missed: list[str] = []
    if not options.only_rendered and (options.clips / "ground_truth.json").is_file():
        own, other = run(list(tuning_clips(options.clips)), console)
        console.print(table(f"{len(own.scores)} tuning clips", own, other))
        means = own.scores.mean(axis=0)
        missed = [name for (name, aim), mean in zip(FIGURES, means, strict=True) if aim is not None and mean < aim]
    own, other = run(list(rendered_songs()), console)
    console.print(table(f"{len(own.scores)} rendered songs", own, other))
    console.print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if missed:
        console.print(f"[red]missed: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    if "OPENBLAS_NUM_THREADS" not in os.environ:  # numpy reads it when it is imported: start again with it
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.hearing", *sys.argv[1:]])
    sys.exit(main())
