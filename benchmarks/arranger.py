"""The arranger's music, measured: prompt words obeyed, agreement with a clip, variety, styles told apart, speed.

Everything but the time is counted on scores (the notes as they are handed to the player), so that it runs in a minute
or two. Clips are takes of the arranger itself, rendered and then heard like any other clip: their truth is known.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from generation.audio.analyse.hear import analyse
from generation.clip import Clip
from generation.engines import EngineOptions, create_engine
from generation.engines.arranger.score import Score
from generation.engines.arranger.style import all_styles
from generation.engines.arranger.vocabulary import vocabulary
from generation.engines.base import Done, EngineJob, Failed
from generation.hearing import Hearing
from generation.request import Operation, Request
from tests.support.scores import bars_of, composed, longest_run, melodic, part, share_in_harmony

console = Console()
FloatArray = NDArray[np.float64]

PROMPTS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    # words, style, instruments wanted, instruments excluded
    ("lo-fi hip hop, mellow, with rhodes", "lofi", ("electric_piano",), ()),
    ("boom bap hip hop, dark, piano", "hiphop", ("piano",), ()),
    ("trap with bells and 808", "trap", ("bells", "sub_bass"), ()),
    ("liquid drum and bass, no piano", "dnb", (), ("piano",)),
    ("hard techno without vocals, acid bass", "techno", ("synth_bass",), ()),
    ("deep house with organ", "house", ("organ",), ()),
    ("synthwave, saw lead, no guitar", "synthwave", ("synth",), ("guitar",)),
    ("classic rock with hammond, guitar solo", "rock", ("organ", "guitar"), ()),
    ("thrash metal, aggressive", "metal", (), ()),
    ("punk rock, fast, no drums", "punk", (), ("drums",)),
    ("funk with slap bass and horns", "funk", ("slap_bass", "brass"), ()),
    ("soul ballad with strings", "soul", ("strings",), ()),
    ("jazz trio: piano, double bass, no sax", "jazz", ("piano", "double_bass"), ("saxophone",)),
    ("bossa nova with flute", "bossa", ("flute",), ()),
    ("reggae, happy, trumpet", "reggae", ("trumpet",), ()),
    ("irish folk with fiddle, no bass", "folk", ("violin",), ("bass",)),
    ("country with banjo", "country", ("banjo",), ()),
    ("slow blues, electric guitar", "blues", ("electric_guitar",), ()),
    ("string quartet, calm", "classical", (), ("drums",)),
    ("epic film score with choir", "film", ("choir",), ()),
    ("ambient, dreamy, harp", "ambient", ("harp",), ("drums",)),
    ("8 bit game music", "chiptune", (), ()),
    ("afrobeat with kalimba", "afrobeat", ("kalimba",), ()),
    ("Wiener Walzer mit Akkordeon, ohne Schlagzeug", "waltz", ("accordion",), ("drums",)),
    ("disco con violín", "disco", ("violin",), ()),
    ("trance épico sin bajo", "trance", (), ("bass",)),
    ("pop triste avec guitare sèche, sans batterie", "pop", ("acoustic_guitar",), ("drums",)),
    ("langsamer Jazz mit Klarinette", "jazz", ("clarinet",), ()),
    ("only piano, romantic waltz", "waltz", ("piano",), ("drums",)),
    ("rock en español con saxofón", "rock", ("saxophone",), ()),
)


def sounds_of(score: Score) -> set[str]:
    """What plays in a score: instruments, and "drums"."""
    return {p.sound.instrument for p in score.parts} | {"drums" for p in score.parts if p.is_drums}


def measure_prompts() -> bool:
    """Every word of thirty prompts: style, instruments wanted and excluded."""
    instruments = vocabulary().settings["instrument"]
    wrong, words = [], 0
    for prompt, style, wanted, excluded in PROMPTS:
        for seed in (1, 2):
            made = composed(Operation.COMPOSE, prompt, seed)
            playing = sounds_of(made.score)
            words += 1 + len(wanted) + len(excluded)
            if made.details["style"] != style:
                wrong.append(f"{prompt}: {made.details['style']}")
            for name, should in (*((w, True) for w in wanted), *((e, False) for e in excluded)):
                sounds = set(instruments[name]["sounds"]) or {"drums"}
                if bool(sounds & playing) is not should:
                    wrong.append(f"{prompt}: {name}")
    console.print(f"prompt words obeyed: {words - len(wrong)} of {words}", *wrong, sep="\n  ")
    return not wrong


def features(score: Score) -> FloatArray:
    """What a score is without its instruments and tempo: where drums, bass and tune strike, registers, density."""
    beat_s = float(np.median(np.diff(score.beats_s)))
    found = [np.array([score.beats_per_bar])]
    for name, pitches in (
        ("drums", {36}),
        ("drums", {37, 38, 39}),
        ("drums", {42, 44, 46, 51, 70}),
        ("bass", None),
        ("lead", None),
    ):
        histogram = np.zeros(16)
        source = part(score, name)
        for note in source.notes if source is not None else ():
            if pitches is None or note.pitch in pitches:
                place = np.searchsorted(score.beats_s, note.start_s + 0.02) - 1
                inside = (note.start_s - score.beats_s[max(place, 0)]) / beat_s
                histogram[int(place % 4 * 4 + round(inside * 4)) % 16] += note.velocity
        found.append(histogram / max(score.duration_s / beat_s / 4, 1))
    notes = [note for p in melodic(score) for note in p.notes]
    pitches = np.array([note.pitch for note in notes])
    lengths = np.array([note.end_s - note.start_s for note in notes]) / beat_s
    found.append(
        np.array(
            [len(notes) / score.duration_s * beat_s, pitches.mean() / 12, pitches.std() / 12, np.log2(lengths).mean()]
        )
    )
    return np.concatenate(found)


def measure_styles(seeds: int) -> bool:
    """How well styles are told apart by a linear classifier that knows neither instruments nor tempo (other seeds)."""
    keys = list(all_styles())
    rows = {
        key: [features(composed(Operation.COMPOSE, all_styles()[key].words[0], s).score) for s in range(seeds)]
        for key in keys
    }
    half = seeds // 2
    train = np.array([row for key in keys for row in rows[key][:half]])
    test = np.array([row for key in keys for row in rows[key][half:]])
    mean, spread = train.mean(0), train.std(0) + 1e-6
    train, test = (train - mean) / spread, (test - mean) / spread
    labels = np.repeat(np.arange(len(keys)), half)
    weights = np.linalg.solve(train.T @ train + 10 * np.eye(train.shape[1]), train.T @ np.eye(len(keys))[labels])
    scores = test @ weights
    truth = np.repeat(np.arange(len(keys)), seeds - half)
    aucs = {key: auc(scores[truth == i, i], scores[truth != i, i]) for i, key in enumerate(keys)}
    worst = sorted(aucs.items(), key=lambda item: item[1])[:3]
    mean_auc = float(np.mean(list(aucs.values())))
    console.print(f"styles told apart without instruments and tempo: mean AUC {mean_auc:.3f}; lowest", worst)
    return mean_auc >= 0.93 and worst[0][1] >= 0.8


def auc(inside: FloatArray, outside: FloatArray) -> float:
    """The chance that one of `inside` scores higher than one of `outside`."""
    return float((inside[:, None] > outside[None, :]).mean() + 0.5 * (inside[:, None] == outside[None, :]).mean())


def measure_music(seeds: int) -> bool:
    """Harmony, repetition and variety of every style."""
    table = Table("style", "in chord or scale", "longest run", "nearest seeds", "notes/s")
    good = True
    for key, style in all_styles().items():
        made = [composed(Operation.COMPOSE, style.words[0], seed, duration_s=45) for seed in range(seeds)]
        harmony = min(share_in_harmony(one) for one in made)
        run = max(
            longest_run(bars_of(one.score, p))
            for one in made
            for p in one.score.parts
            if p.name in ("drums", "bass", "lead")
        )
        near = max(likeness(a.score, b.score) for a, b in combinations(made, 2))
        density = np.mean([sum(len(p.notes) for p in one.score.parts) / 45 for one in made])
        table.add_row(key, f"{harmony:.3f}", str(run), f"{near:.2f}", f"{density:.1f}")
        good &= harmony >= 0.97 and run <= 4 and near < 0.8
    console.print(table)
    return good


def likeness(one: Score, other: Score) -> float:
    """How much of two scores is the same: shared (part, bar, step, pitch above the key of the part) of all."""

    def strokes(score: Score) -> set[tuple[str, int, int, int]]:
        return {
            (p.name, bar, step, pitch if p.is_drums else pitch % 12)
            for p in score.parts
            for bar, notes in enumerate(bars_of(score, p))
            for step, pitch in notes
        }

    a, b = strokes(one), strokes(other)
    return len(a & b) / max(len(a | b), 1)


def rendered(work: EngineJob) -> tuple[Done, float]:
    """A finished take and the seconds that it took (the font is open, as in a running worker)."""
    engine = create_engine("arranger", "cpu", EngineOptions())
    engine.load()
    begin = time.perf_counter()
    engine.admit(work)
    while events := engine.step():
        if isinstance(events[-1], Done):
            return events[-1], time.perf_counter() - begin
        if isinstance(events[-1], Failed):
            raise RuntimeError(events[-1].sentence)
    raise RuntimeError("the engine ended without a take")


def measure_clips(styles: Sequence[str], prompts: Sequence[str]) -> bool:
    """Takes as clips: heard, then restyled and accompanied; tempo and the chords bar by bar against the truth."""
    table = Table("clip", "heard", "tempo right", "chroma restyle", "chroma accompany", "chroma extend", "grid F")
    good = True
    for style in styles:
        truth = composed(Operation.COMPOSE, style, 5, duration_s=16)
        done, _ = rendered(EngineJob("clip", Request(Operation.COMPOSE, style, duration_s=16), 5))
        hearing = analyse(done.clip)
        made = {
            op: [composed(op, prompt, 1, hearing) for prompt in prompts]
            for op in (Operation.RESTYLE, Operation.ACCOMPANY, Operation.EXTEND)
        }
        right = np.mean(
            [octave_free(m.details["tempo_bpm"] / truth.details["tempo_bpm"]) for ms in made.values() for m in ms]
        )
        chroma = {
            op: float(np.mean([agreement(truth.score, m.score) for m in ms]))
            for op, ms in made.items()
            if op is not Operation.EXTEND
        }
        extend = float(np.mean([share_in_harmony(m) for m in made[Operation.EXTEND]]))
        grid = float(np.mean([beat_f(truth.score.beats_s, m.score.beats_s) for m in made[Operation.ACCOMPANY]]))
        table.add_row(
            style, hearing.sentence(), f"{right:.2f}", *(f"{value:.2f}" for value in (*chroma.values(), extend, grid))
        )
        good &= right >= 0.98
    console.print(table)
    return good


def octave_free(ratio: float) -> bool:
    """Whether a tempo is right, its double and half allowed."""
    return any(abs(ratio * factor - 1) < 0.04 for factor in (0.5, 1, 2))


def agreement(truth: Score, made: Score) -> float:
    """Mean correlation of the chroma of two scores, bar by bar of the first."""
    values = []
    for start, end in pairwise(truth.beats_s[:: truth.beats_per_bar]):
        a, b = chroma(truth, start, end), chroma(made, start, end)
        if a.std() > 0 and b.std() > 0:
            values.append(np.corrcoef(a, b)[0, 1])
    return float(np.mean(values)) if values else 0.0


def chroma(score: Score, start_s: float, end_s: float) -> FloatArray:
    """How long each pitch class sounds, weighted by velocity; shape [12]."""
    found = np.zeros(12)
    for p in melodic(score):
        for note in p.notes:
            found[note.pitch % 12] += max(0.0, min(note.end_s, end_s) - max(note.start_s, start_s)) * note.velocity
    return found


def beat_f(truth: Iterable[float], made: Sequence[float], window_s: float = 0.07) -> float:
    """F measure of beats within 70 ms, the usual window."""
    beats = list(truth)
    hits = sum(any(abs(a - b) <= window_s for b in made) for a in beats)
    return 2 * hits / max(len(beats) + len(made), 1)


def measure_time(hearing: Hearing, clip: Clip) -> bool:
    """Seconds a take of 30 s, with and without a clip, and the memory of the process."""
    table = Table("take of 30 s", "seconds", "notes")
    slowest = 0.0
    for operation, prompt in (
        (Operation.COMPOSE, "pop"), (Operation.COMPOSE, "metal"), (Operation.COMPOSE, "film score"),
        (Operation.COMPOSE, "lofi"), (Operation.EXTEND, "house"), (Operation.RESTYLE, "jazz"),
        (Operation.ACCOMPANY, "rock"),
    ):  # fmt: skip
        with_clip = operation is not Operation.COMPOSE
        request = Request(operation, prompt, ("clip",) if with_clip else (), duration_s=30)
        clips, hearings = ((clip,), (hearing,)) if with_clip else ((), ())
        done, seconds = rendered(EngineJob("time", request, 1, clips, hearings))
        slowest = max(slowest, seconds)
        table.add_row(f"{operation.value}: {prompt}", f"{seconds:.2f}", str(len(done.midi or b"") // 8))
    console.print(table)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"slowest take of 30 s: {slowest:.2f} s; peak memory of this process {peak_mib:.0f} MiB")
    return slowest <= 3.0


def main() -> int:
    """Print the tables; the exit code tells whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    done, _ = rendered(EngineJob("clip", Request(Operation.COMPOSE, "soul", duration_s=16), 3))
    results = {
        "prompts": measure_prompts(),
        "styles": measure_styles(seeds),
        "music": measure_music(min(seeds, 8)),
        "clips": measure_clips(("pop", "rock", "soul", "house", "folk"), ("lofi", "synthwave", "rock", "pop", "funk")),
        "time": measure_time(analyse(done.clip), done.clip),
    }
    missed = [name for name, good in results.items() if not good]
    console.print(f"[red]below target: {', '.join(missed)}" if missed else "[green]every target met")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
