"""How fast the arranger plays: parts, mix and a whole take as multiples of real time, and memory.

The peer in the same run is the plain way to do it: every note on its own, read with linear interpolation, no filter,
nothing kept. Seconds are processor time of one thread, so that other work on the machine disturbs little.

Three kinds of take are told apart, as they cost so differently:

- the first take of a process decodes the samples and makes every wave that it plays: what the command line pays each
  time (and the imports before it), and a worker once after its start for each style;
- a take after another seed's: what a running worker serves to who asks for a style that was asked for lately. Samples
  are decoded, but the key, and so most waves, are others: those are made;
- the same take again: what a worker serves when somebody varies a take, or asks for it in another length or mix. Its
  waves are in memory.

The band of five parts is what samplers are compared with (FluidSynth plays it at 8 to 38 times real time): the middle
of some takes with nothing decoded or made before, and of the same takes again. Real arrangements are takes of 30 s that
the arranger writes itself, of a few styles or of all, each seed in a process of its own with nothing rendered before.
"Samples" are the notes that the soundfont plays, "synthesised" those of the voices that are made up; both together are
everything that makes sound of notes. A worker has made its imports before its first take, so that its first take is the
one in the table.
`python -m benchmarks.sampler [SECONDS] [--all-styles] [--seeds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.arranging.plain_sampler import naive_seconds
from generation.engines.arranger.play import Player
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ
from generation.engines.arranger.score import Part, Score, Sound
from generation.engines.arranger.soundfont import SoundFont
from generation.engines.arranger.style import all_styles
from generation.hearing import Note
from generation.request import Operation
from tests.support.scores import composed

BEAT_S = 0.5
STYLES = ("jazz", "rock", "film", "folk", "house", "classical")
STYLE_S = 30.0
KINDS = ("first take, x", "after another seed's, x", "the same again, x")
OTHER_SEED = 100
AIM = 150
"""Times real time."""
ROUNDS = 7
"""The band is played so often, each time with nothing decoded or made before: a shared machine's pace changes."""
CHORDS = ((45, (57, 60, 64)), (41, (57, 60, 65)), (36, (55, 60, 64)), (43, (55, 59, 62)))
"""Bass note and upper notes of each bar."""


@dataclass(frozen=True)
class Timing:
    """Seconds of work by the stage's word, and the longest stage."""

    by_word: dict[str, float]
    longest_s: float

    @property
    def total_s(self) -> float:
        return sum(self.by_word.values())


def band_score(duration_s: float, seed: int = 1) -> Score:
    """Five parts at 120 BPM with human timing and velocities: drums, bass, electric piano, flute, strings."""
    rng = np.random.default_rng(seed)
    beats = np.arange(0, duration_s, BEAT_S)

    def hit(time_s: float, length_s: float, pitch: int, velocity: float) -> Note:
        start_s = max(time_s + rng.normal(0, 0.006), 0)
        return Note(start_s, start_s + length_s, pitch, float(np.clip(velocity + rng.normal(0, 0.06), 0.1, 1)))

    drums = [hit(t, 0.1, 36 if i % 2 == 0 else 38, 0.85) for i, t in enumerate(beats)]
    drums += [hit(t, 0.1, 46 if i % 32 == 30 else 42, 0.6) for i, t in enumerate(np.arange(0, duration_s, BEAT_S / 4))]
    drums += [hit(t, 1.0, 49, 0.8) for t in beats[::32]]
    bars = [(t, *CHORDS[bar % 4]) for bar, t in enumerate(beats[::4])]
    bass = [hit(t + step * BEAT_S, 0.45, root, 0.8) for t, root, _ in bars for step in (0, 1, 1.5, 2, 3, 3.5)]
    keys = [hit(t + step, 0.9, pitch, 0.65) for t, _, upper in bars for step in (0, 1.0) for pitch in upper]
    lead = [hit(t, 0.4, 72 + int(rng.choice([0, 2, 4, 7, 9, 12])), 0.7) for t in beats if rng.random() < 0.8]
    strings = [hit(t, 2.0, pitch + 12, 0.55) for t, _, upper in bars for pitch in upper]
    parts = (
        Part("drums", Sound("kit:0"), tuple(drums)),
        Part("bass", Sound("gm:33"), tuple(bass)),
        Part("keys", Sound("gm:4", pan=-0.2, chorus=0.3, reverb=0.25), tuple(keys)),
        Part("lead", Sound("gm:73", delay=0.3, reverb=0.3), tuple(lead)),
        Part("strings", Sound("gm:48", pan=0.2, reverb=0.4, duck=0.4), tuple(strings)),
    )
    return Score(duration_s, parts, (*beats.tolist(), duration_s))


def timed(player: Player, score: Score) -> Timing:
    """Renders a score and says where the time went."""
    by_word: dict[str, float] = {}
    longest_s, since = 0.0, time.process_time()
    for stage in player.render(score, seed=1):
        took_s = time.process_time() - since
        by_word[stage.word] = by_word.get(stage.word, 0.0) + took_s
        longest_s, since = max(longest_s, took_s), time.process_time()
    return Timing(by_word, longest_s)


def sampler_seconds(player: Player, score: Score) -> float:
    """Seconds for the notes alone, without channel strips, room and bus."""
    since = time.process_time()
    for part in score.parts:
        player.dry(part, round(score.duration_s * SAMPLE_RATE_HZ), seed=1)
    return time.process_time() - since


def fresh_seconds(score: Score) -> tuple[float, float]:
    """Seconds for the notes with nothing decoded or made before, and for the same again."""
    player = Player(SoundFont())
    return sampler_seconds(player, score), sampler_seconds(player, score)


def show_speed(console: Console, duration_s: float) -> None:
    """The table of parts, first and later takes, and the peer."""
    font = SoundFont()
    since = time.process_time()
    Player(font).warm_up()
    warm_up_s = time.process_time() - since
    score = band_score(duration_s)
    rounds = [fresh_seconds(score) for _ in range(ROUNDS)]
    alone = dict(zip(("first", "next"), zip(*rounds, strict=True), strict=True))
    sampler_s = statistics.median(alone["first"]), statistics.median(alone["next"])
    player = Player(font)
    first, again = timed(player, score), timed(player, score)
    table = Table(title=f"{duration_s:g} s, {len(score.parts)} parts, seconds of one core", title_justify="left")
    for column in ("", "notes", "first take, s", "x real time", "next take, s", "x real time"):
        table.add_column(column, justify="left" if not column else "right")
    notes = {part.name: len(part.notes) for part in score.parts}
    for word, took_s in first.by_word.items():
        next_s = again.by_word[word]
        row = (f"{took_s:.3f}", f"{duration_s / took_s:.0f}", f"{next_s:.3f}", f"{duration_s / next_s:.0f}")
        table.add_row(word, str(notes.get(word, "")), *row)
    for name, one, other in (
        ("the sampler alone", *sampler_s),
        ("whole take", first.total_s, again.total_s),
    ):
        row = (f"{one:.3f}", f"{duration_s / one:.0f}", f"{other:.3f}", f"{duration_s / other:.0f}")
        table.add_row(name, str(sum(notes.values())), *row, style="bold")
    naive_s = naive_seconds(font, score)
    table.add_row(
        "peer: note by note, linear", str(sum(notes.values())), f"{naive_s:.3f}", f"{duration_s / naive_s:.0f}"
    )
    console.print(table)
    for name, seconds in alone.items():
        speeds = [duration_s / each for each in seconds]
        console.print(f"the sampler's {ROUNDS} {name} takes: {min(speeds):.0f}x to {max(speeds):.0f}x")
    console.print(f"imports and warm-up {warm_up_s:.2f} s; longest stage {max(first.longest_s, again.longest_s):.3f} s")
    console.print(f"decoded samples {font.decoded_bytes / 2**20:.1f} MiB")


@dataclass(frozen=True)
class Played:
    """Seconds for the notes of a take: the first of a process, by who makes the sound; the same again; and, for as many
    seconds of music, a take of another seed after it."""

    parts: int
    notes: int
    first_samples_s: float
    first_synths_s: float
    again_s: float
    other_s: float

    @property
    def first_s(self) -> float:
        return self.first_samples_s + self.first_synths_s


def play_style(style: str, seed: int) -> Played:
    """Plays a take twice and then another seed's, in this process, after the imports."""
    score, other = (
        composed(Operation.COMPOSE, style, one, duration_s=STYLE_S).score for one in (seed, seed + OTHER_SEED)
    )
    player = Player(SoundFont())
    player.warm_up()
    seconds = {True: 0.0, False: 0.0}
    for part in score.parts:
        since = time.process_time()
        player.dry(part, round(score.duration_s * SAMPLE_RATE_HZ), seed=1)
        seconds[part.sound.instrument.startswith("synth:")] += time.process_time() - since
    notes = sum(len(part.notes) for part in score.parts)
    again_s, other_s = sampler_seconds(player, score), sampler_seconds(player, other)
    other_s *= score.duration_s / other.duration_s
    return Played(len(score.parts), notes, seconds[False], seconds[True], again_s, other_s)


def show_styles(console: Console, styles: tuple[str, ...], num_seeds: int) -> None:
    """Real arrangements: medians over the seeds, each in a process of its own."""
    title = f"takes of {STYLE_S:g} s, medians over {num_seeds} seeds: seconds of one core and x real time"
    table = Table(title=title, title_justify="left")
    heads = ("style", "parts", "notes", "samples, s", "synthesised, s", *KINDS)
    for column in heads:
        table.add_column(column, justify="left" if column == "style" else "right")
    speeds: list[tuple[float, ...]] = []
    for style in styles:
        takes = [played_apart(style, seed) for seed in range(1, num_seeds + 1)]
        middle = {name: statistics.median(getattr(take, name) for take in takes) for name in Played.__annotations__}
        first_s = statistics.median(take.first_s for take in takes)
        speeds.append(tuple(STYLE_S / took_s for took_s in (first_s, middle["other_s"], middle["again_s"])))
        table.add_row(
            style, f"{middle['parts']:.0f}", f"{middle['notes']:.0f}", f"{middle['first_samples_s']:.3f}",
            f"{middle['first_synths_s']:.3f}", *(f"{speed:.0f}" for speed in speeds[-1]),
        )  # fmt: skip
    console.print(table)
    for kind, found in zip(KINDS, zip(*speeds, strict=True), strict=True):
        fast, span = sum(speed >= AIM for speed in found), f"{min(found):.0f}x to {max(found):.0f}x"
        median = f"median {statistics.median(found):.0f}x, {fast} of {len(found)} styles at {AIM}x or more"
        console.print(f"{kind.removesuffix(', x')}: {span}, {median}")


def played_apart(style: str, seed: int) -> Played:
    """`play_style` in a fresh process with one thread, as a worker has."""
    command = [sys.executable, "-m", "benchmarks.sampler", "--style", style, str(seed)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return Played(**json.loads(done.stdout))


def peak_mebibytes(duration_s: float) -> float:
    """Peak memory of a process that plays one take of this length and nothing else."""
    command = [sys.executable, "-m", "benchmarks.sampler", "--memory", str(duration_s)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_memory(duration_s: float) -> None:
    """What `peak_mebibytes` runs."""
    player = Player(SoundFont())
    timed(player, band_score(duration_s))
    status = Path("/proc/self/status").read_text()  # not getrusage: its peak outlives the exec of the parent's child
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def main() -> None:
    """Tables for 60 s and 30 s (or for the lengths given), real arrangements, and peak memory of a 30 s take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="*", type=float, default=[60.0, 30.0])
    parser.add_argument("--all-styles", action="store_true", help="real arrangements of every style")
    parser.add_argument("--seeds", type=int, default=3, help="takes of each style")
    parser.add_argument("--memory", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--style", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        print_memory(asked.memory)
    elif asked.style:
        print(json.dumps(asdict(play_style(asked.style[0], int(asked.style[1])))))
    else:
        console = Console()
        for duration_s in asked.seconds:
            show_speed(console, duration_s)
        show_styles(console, tuple(sorted(all_styles())) if asked.all_styles else STYLES, asked.seeds)
        console.print(f"peak memory of a process that plays 30 s: {peak_mebibytes(30.0):.0f} MiB")


if __name__ == "__main__":
    main()
