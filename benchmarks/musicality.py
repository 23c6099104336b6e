"""The music that comes out, measured: tempo, beats, key, chords, joins, loops, levels, prompt words, replay.

Clips of known tempo, bars, chords and key are written and played by the benchmark itself, go through the same code as
any upload (decode, hear, engine, finish, encode), and the takes are held against what was written; see
benchmarks/music for the clips, the cases and the measures, none of which uses the product's own analysis.

`python -m benchmarks.musicality` makes a dozen cases, `--all` every one, `--cases N` that many, `--engine NAME` and
`--operation NAME` those of one, `--case NAME` one (with its take written to `--keep FOLDER`), `--out FILE` all figures
as JSON, `--page FILE` the report as Markdown. It uses all processor cores that it may (`--jobs N`), a thread each;
with `--resume FILE` every case is written down as it is done, and those that are in the file already, made by the same
code, are not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from generation.request import Operation

if TYPE_CHECKING:
    from benchmarks.music.cases import Case
    from benchmarks.music.result import Result

SHORT_FORM = 12
VERSIONS = (
    "numpy",
    "scipy",
    "onnxruntime",
    "soxr",
    "python-stretch",
    "pyloudnorm",
    "torch",
    "transformers",
    "mir_eval",
)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
console = Console()


def chosen(options: argparse.Namespace) -> tuple[Case, ...]:
    """The cases that the options name."""
    from benchmarks.music.cases import all_cases, spread

    cases = all_cases()
    if options.case:
        if unknown := set(options.case) - {case.name for case in cases}:
            raise SystemExit(f"There is no case {', '.join(sorted(unknown))}; --list shows all.")
        return tuple(case for case in cases if case.name in options.case)
    if options.engine:
        cases = tuple(case for case in cases if case.engine in options.engine)
    if options.operation:
        cases = tuple(case for case in cases if case.operation.value in options.operation)
    return cases if options.all else spread(cases, options.cases)


def run(cases: Sequence[Case], options: argparse.Namespace) -> list[Result]:
    """Make and measure the cases, in an order that Ctrl-C may end at any time: what there is is reported.

    Those that a notebook (`--resume`) knows are taken from it; engines that are not here are named and left out.
    """
    from benchmarks.music.cost import CASE, clocked
    from benchmarks.music.crew import Notebook, Played, in_turns, play_all

    notebook = None if options.resume is None else Notebook(options.resume)
    results = [] if notebook is None else notebook.known(cases)
    known = {result.case.name for result in results}
    absent: dict[str, str] = {}

    def tell(played: Played) -> None:
        if played.result is None:
            absent[played.case.engine] = played.absent
            return
        results.append(played.result)
        if notebook is not None:
            notebook.note(played.result)
        figures = played.result.figures
        say = "; ".join(figures.short) or figures.words.get("answer", "good")
        console.print(
            f"[dim]{len(results)}/{len(cases)} {played.wall_s:5.1f} s[/] {played.case.name}: {say}", highlight=False
        )
        if played.fault and options.keep is not None:
            console.print(played.fault)

    missing = [case for case in in_turns(cases) if case.name not in known]
    try:
        play_all(missing, tell, jobs=options.jobs, keep=options.keep, replay=not options.no_replay)
    except KeyboardInterrupt:
        console.print(f"[yellow]ended after {len(results)} of {len(cases)} cases")
    for engine, sentence in absent.items():
        console.print(f"[yellow]no cases of {engine}: {sentence}")
    for result in results:
        if result.case.name == CASE:  # the others are done: the clock counts nothing but this
            result.figures.numbers.update(clocked(result.case))
    places = {case.name: place for place, case in enumerate(cases)}
    return sorted(results, key=lambda result: places[result.case.name])


def show(results: Sequence[Result]) -> None:
    """The tables on the terminal."""
    from benchmarks.music import report
    from benchmarks.music.promises import promises

    for engine in dict.fromkeys(result.case.engine for result in results):
        first, *rest = report.table([result for result in results if result.case.engine == engine])
        own = Table(*first)
        for row in rest:
            if any(row[1:]):
                own.add_row(*row)
        console.print(own)
    promised = Table("promise", "aim", "measured", "kept")
    for name, aim, found, kept in promises(results):
        promised.add_row(name, aim, found, "yes" if kept else "[red]no")
    console.print(promised)
    for command, sentence in report.worst(results):
        console.print(f"{command}\n    {sentence}", highlight=False, soft_wrap=True)


def heading(cases: int, jobs: int, begun_load: float) -> list[str]:
    """When, on what and how this was measured."""
    from benchmarks.music.crew import commit
    from benchmarks.music.drive import words_of_machine

    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS if _installed(name))
    return [
        f"# Musicality, {time.strftime('%Y-%m-%d')}",
        "",
        f"`python -m benchmarks.musicality {' '.join(sys.argv[1:])}`: {cases} cases, processes of one thread"
        f" at once: {jobs}; commit {commit()}.",
        "",
        f"{words_of_machine()}; load {begun_load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end."
        f" Seconds are processor time of one thread and of ffmpeg. Python {platform.python_version()}, {versions}.",
    ]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every case")
    parser.add_argument("--cases", type=int, default=SHORT_FORM, help="how many cases, evenly spread")
    parser.add_argument("--engine", action="append", choices=("arranger", "studio", "musicgen"))
    parser.add_argument("--operation", action="append", choices=[operation.value for operation in Operation])
    parser.add_argument("--case", action="append", help="one case by its name")
    parser.add_argument("--list", action="store_true", help="the names of all cases")
    parser.add_argument("--no-replay", action="store_true", help="make each take only once")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once")
    parser.add_argument("--resume", type=Path, help="file that keeps what is done, to go on from")
    parser.add_argument("--keep", type=Path, help="folder for clips and takes")
    parser.add_argument("--out", type=Path, help="all figures as JSON")
    parser.add_argument("--page", type=Path, help="the report as Markdown")
    return parser.parse_args()


def main() -> int:
    """Run the cases and print the tables; 1 if something came out that nobody explained."""
    options = parsed()
    begun_load = os.getloadavg()[0]
    cases = chosen(options)
    if options.list:
        console.print("\n".join(case.name for case in cases), highlight=False)
        return 0
    for ended in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ended, signal.default_int_handler)
    results = run(cases, options)
    show(results)
    if options.out is not None:
        rows = [
            {"case": r.case.name, **r.figures.numbers, **r.figures.words, "short": r.figures.short} for r in results
        ]
        options.out.write_text(json.dumps(rows, indent=1, default=float))
    if options.page is not None:
        from benchmarks.music.report import markdown

        options.page.parent.mkdir(parents=True, exist_ok=True)
        options.page.write_text(markdown(results, heading(len(results), options.jobs, begun_load)))
    return int(any("unexplained" in sentence for result in results for sentence in result.figures.short))


if __name__ == "__main__":
    if any(name not in os.environ for name in THREADS):  # numpy reads them when it is imported: start again with them
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.musicality", *sys.argv[1:]])
    sys.exit(main())
