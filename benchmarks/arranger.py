"""The arranger's music, measured: agreement with a clip, prompt words, styles told apart, variety, signal, cost.

Agreement is measured on the sound of takes made from the tuning clips (music of known truth in twelve styles) or,
where their folder is not, from songs that the benchmark renders itself; prompts and styles on the MIDI files. Beside
it in the same run: the naive form, which takes the clip's key and tempo alone, and `latentscore` where its interpreter
is named.
`python -m benchmarks.arranger [--clips N] [--seeds N] [--only PART ...] [--peer PYTHON]`; without options the short
form, about a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.arranging import cost, variety, words, writing
from benchmarks.arranging.agreement import VARY_STRENGTHS, Agreement, Maker, agreements, row_name
from benchmarks.arranging.features import Classifier, auc, features
from benchmarks.arranging.sheet import read_sheet
from benchmarks.hearing import TUNING_CLIPS, Truth, rendered_songs, tuning_clips
from generation.engines.arranger.midi import to_midi
from generation.engines.arranger.style import all_styles
from generation.request import Operation
from tests.support.scores import composed

console = Console(width=120)
OPERATIONS = ("restyle", "accompany", "extend")
"""Those whose chroma has an aim; a variation leaves the clip the farther, the stronger it is."""
VARIATIONS = tuple(row_name(Operation.VARY, strength) for strength in VARY_STRENGTHS)
AIMS = {"chroma": 0.85, "tempo": 0.98, "grid": 0.92, "harmony": 0.97, "auc": 0.93, "lowest auc": 0.8,
        "parallels": 0.02, "chord parallels": 0.1}  # fmt: skip
TAKE_S, TAKE_MIB = 3.0, 400.0
TRAINING_WORDS = ("{style}", "{style}, dark", "{style}, energetic", "happy {style}")
TEST_WORDS = ("{style}, calm", "slow {style}", "{style} with a build up", "fast {style}")
COSTS = (
    ("compose", "film score"), ("compose", "metal"), ("restyle", "jazz"), ("extend", "house"), ("accompany", "lofi")
)  # fmt: skip


@cache
def _maker() -> Maker:
    return Maker()


def _one_clip(work: tuple[Truth, tuple[str, ...], int]) -> list[Agreement]:
    truth, prompts, seed = work
    return agreements(truth, prompts, seed, _maker())


def clips(count: int) -> list[Truth]:
    """So many clips, spread over the twelve styles."""
    if (TUNING_CLIPS / "ground_truth.json").is_file():
        found = sorted(tuning_clips(TUNING_CLIPS), key=lambda truth: (truth.name[-1], truth.name))
    else:
        found = [truth for truth in rendered_songs() if truth.beats_per_bar == 4]
    return found[:count]


def measure_agreement(num_clips: int, seed: int, processes: int) -> dict[str, bool]:
    """Restyle, accompany, extend and vary of every clip, with prompts that go round through all styles."""
    names = list(all_styles())
    work = [
        (truth, tuple(all_styles()[names[(3 * index + shift * 7) % len(names)]].words[0] for shift in range(3)), seed)
        for index, truth in enumerate(clips(num_clips))
    ]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        rows = [row for found in pool.map(_one_clip, work) for row in found]
    table = Table("from a clip", "takes", "tempo", "chroma", "lowest", "with the clip in it", "grid F", "LUFS",
                  "peak dBFS", "silent", "onsets/s", title=f"{len(work)} clips, seed {seed}")  # fmt: skip
    for operation in (*OPERATIONS, *VARIATIONS, "key alone"):
        table.add_row(operation, *_row([row for row in rows if row.operation == operation]))
    console.print(table)
    for row in sorted(rows, key=lambda row: row.chroma)[:8]:
        if row.operation != "key alone":
            console.print(f"[dim]lowest: {row.clip} {row.operation} {row.prompt!r}: chroma {row.chroma:.2f}")
    own = [row for row in rows if row.operation != "key alone"]
    return {
        "tempo": _mean(own, "tempo") >= AIMS["tempo"],
        "chroma": all(
            _mean([r for r in own if r.operation == op], "chroma_mix") >= AIMS["chroma"] for op in OPERATIONS
        ),
        "grid": _mean(own, "grid_f") >= AIMS["grid"],
        "signal": all(abs(row.lufs + 14) < 1 and row.peak_dbfs <= -0.9 for row in own),
    }


def _row(rows: list[Agreement]) -> list[str]:
    named = ("tempo", "chroma", "chroma_mix", "grid_f", "lufs", "peak_dbfs", "silent_share", "onsets_per_s")
    values = {name: _mean(rows, name) for name in named}
    lowest = min(row.chroma for row in rows)
    shown = [values["tempo"], values["chroma"], lowest, *(values[name] for name in named[2:])]
    return [str(len(rows)), *("" if np.isnan(value) else f"{value:.3f}" for value in shown)]


def _mean(rows: list[Agreement], name: str) -> float:
    values = np.array([getattr(row, name) for row in rows], dtype=float)
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def measure_words(seeds: int) -> bool:
    """Everything that thirty prompts ask for, by the MIDI file."""
    found = [words.check(prompt, seed) for prompt in words.PROMPTS for seed in range(1, seeds + 1)]
    asked, missed = sum(count for count, _ in found), [miss for _, misses in found for miss in misses]
    console.print(f"prompt words obeyed: {asked - len(missed)} of {asked}", *missed, sep="\n  ")
    return not missed


def _rows(patterns: Sequence[str], seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of takes of every style: the words, moods and tempi differ from take to take."""
    rows, labels = [], []
    for label, style in enumerate(all_styles().values()):
        low, high = style.tempo_bpm
        for index, seed in enumerate(seeds):
            prompt = patterns[index % len(patterns)].format(style=style.words[index % min(len(style.words), 3)])
            tempo = low + (high - low) * ((seed * 0.618) % 1)
            made = composed(Operation.COMPOSE, prompt, seed, duration_s=30, tempo_bpm=round(tempo, 1))
            rows.append(features(read_sheet(to_midi(made.score))))
            labels.append(label)
    return np.array(rows), np.array(labels)


def measure_styles(seeds: int) -> bool:
    """How well a classifier of symbolic features tells styles apart, on other seeds, words and tempi than its own."""
    classifier = Classifier.trained(*_rows(TRAINING_WORDS, range(1000, 1000 + seeds)))
    rows, labels = _rows(TEST_WORDS, range(seeds))
    scores = classifier.scores(rows)
    aucs = {key: auc(scores[labels == i, i], scores[labels != i, i]) for i, key in enumerate(all_styles())}
    right = float((scores.argmax(axis=1) == labels).mean())
    mean, lowest = float(np.mean(list(aucs.values()))), sorted(aucs.items(), key=lambda item: item[1])[:4]
    shown = ", ".join(f"{key} {value:.3f}" for key, value in lowest)
    console.print(f"{len(aucs)} styles told apart: mean AUC {mean:.3f}, first guess right {right:.2f}; lowest {shown}")
    return mean >= AIMS["auc"] and lowest[0][1] >= AIMS["lowest auc"]


def measure_music(seeds: int) -> bool:
    """Harmony, repetition and variety of every style."""
    table = Table("style", "in chord or scale", "longest run of a bar", f"most alike of {seeds} seeds", "their tunes",
                  "on average", "copies", "notes/s")  # fmt: skip
    good = True
    for key, style in all_styles().items():
        found = variety.measured(style, seeds)
        figures = (found.nearest, found.nearest_tune, found.mean, found.copies)
        table.add_row(
            key, f"{found.in_harmony:.3f}", str(found.longest_run), *(f"{value:.2f}" for value in figures),
            f"{found.notes_per_s:.1f}",
        )  # fmt: skip
        good &= found.in_harmony >= AIMS["harmony"] and found.longest_run <= 4
        good &= found.nearest < variety.NEAR_COPY and found.nearest_tune < variety.SAME_TUNE
    console.print(table)
    return good


def measure_writing(seeds: int) -> bool:
    """Voice leading of every style, and whether a drop that was asked for comes."""
    table = Table("style", "tune with bass", "chords with bass", "leaps > 12", "left open", "out of reach",
                  "semitones a voice", "lands", "drop, notes", "drop, dB", "build rises")  # fmt: skip
    good = True
    for key, style in all_styles().items():
        found = writing.measured(style, seeds)
        is_power = {part.voicing for part in style.parts if part.role in ("chords", "pad")} <= {"power"}
        table.add_row(
            key, f"{found.tune_parallels:.3f}", "" if is_power else f"{found.chord_parallels:.3f}",
            f"{found.far_leaps:.1f} %", f"{found.open_leaps:.1f} %", str(found.out_of_reach), f"{found.movement:.2f}",
            f"{found.lands:.2f}", f"x {found.drop_density:.2f}", f"{found.drop_db:+.1f}", f"x {found.build_rise:.2f}",
        )  # fmt: skip
        good &= found.tune_parallels <= AIMS["parallels"] and found.chord_parallels <= AIMS["chord parallels"]
        good &= found.far_leaps == 0 and found.out_of_reach == 0 and found.lands == 1.0
        good &= found.drop_density > 1 and found.drop_db > 0
    console.print(table)
    return good


def measure_cost() -> bool:
    """Seconds and memory of takes of 30 s, hearing the clip included, and of five minutes."""
    table = Table("take", "length", "processor s", "wall s", "longest step, s", "peak MiB")
    good = True
    for operation, prompt, length_s in (*((*pair, 30.0) for pair in COSTS), ("compose", "lofi", 300.0)):
        found = cost.measured(operation, prompt, length_s)
        figures = (f"{found.cpu_s:.2f}", f"{found.wall_s:.2f}", f"{found.longest_step_s:.3f}", f"{found.peak_mib:.0f}")
        table.add_row(f"{operation}: {prompt}", f"{length_s:.0f} s", *figures)
        short = length_s > 30 or (found.wall_s <= TAKE_S and found.peak_mib <= TAKE_MIB)
        good &= short and found.longest_step_s < 0.3
    console.print(table)
    return good


PEER_CODE = """
import os, time
os.environ["HF_HUB_OFFLINE"] = "1"
import latentscore
for name, what in (("words", "jazz swing"), ("settings", latentscore.MusicConfig())):
    since = time.process_time()
    latentscore.render(what, duration=30)
    print(name, round(time.process_time() - since, 2))
"""


def show_peer(python: str | None) -> None:
    """What `latentscore` (PyPI) needs for 30 s: from words it asks a hub for its text model, offline it falls back."""
    if python is None:
        console.print("peer latentscore: not measured (name the interpreter of its environment with --peer)")
        return
    done = subprocess.run([python, "-c", PEER_CODE], capture_output=True, text=True, check=False)
    fell_back = "; offline its words choose nothing (no text model)" if "fallback" in done.stdout + done.stderr else ""
    times = ", ".join(line for line in done.stdout.splitlines() if line.startswith(("words", "settings")))
    console.print(f"peer latentscore, processor s for 30 s: {times or done.stderr.strip()[-200:]}{fell_back}")


def main() -> int:
    """Print the tables; the exit code is the number of aims that were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=6, help="tuning clips to make takes from, 48 for all")
    parser.add_argument("--seeds", type=int, default=3, help="seeds for prompts, styles and variety")
    parser.add_argument("--peer", help="python of an environment with latentscore in it")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="for the takes from clips")
    parser.add_argument("--only", nargs="+", choices=("agreement", "words", "styles", "music", "writing", "cost"))
    options = parser.parse_args()
    measures: dict[str, Callable[[], dict[str, bool]]] = {
        "agreement": lambda: measure_agreement(options.clips, 1, options.processes),
        "words": lambda: {"words": measure_words(min(options.seeds, 3))},
        "styles": lambda: {"styles": measure_styles(max(options.seeds, 4))},
        "music": lambda: {"music": measure_music(max(options.seeds, variety.SEEDS))},
        "writing": lambda: {"writing": measure_writing(max(options.seeds, writing.SEEDS))},
        "cost": lambda: {"cost": measure_cost()},
    }
    results: dict[str, bool] = {}
    for name in options.only or measures:
        results |= measures[name]()
    show_peer(options.peer)
    missed = [name for name, good in results.items() if not good]
    console.print(f"[red]below aim: {', '.join(missed)}" if missed else "[green]every aim met")
    return len(missed)


if __name__ == "__main__":
    if "OPENBLAS_NUM_THREADS" not in os.environ:  # numpy reads it when it is imported: start again with it
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.arranger", *sys.argv[1:]])
    sys.exit(main())
