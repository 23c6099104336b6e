"""The music that comes out, measured: tempo, beats, key, chords, joins, loops, levels, prompt words, replay.

Clips of known tempo, bars, chords and key are written and played by the benchmark itself, go through the same code as
any upload (decode, hear, engine, finish, encode), and the takes are held against what was written; see
benchmarks/music for the clips, the cases and the measures, none of which uses the product's own analysis.

`python -m benchmarks.musicality` makes a dozen cases, `--all` every one, `--cases N` that many, `--engine NAME` those
of one engine, `--case NAME` one (with its take written to `--keep FOLDER`), `--out FILE` all figures as JSON,
`--page FILE` the report as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from benchmarks.music.cases import Case
    from benchmarks.music.drive import Outcome, Stage
    from benchmarks.music.report import Result

SHORT_FORM = 12
STRIDE = 8
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
    return cases if options.all else spread(cases, options.cases)


def run(cases: Sequence[Case], keep: Path | None, *, replay: bool) -> list[Result]:
    """Make and measure the cases, in an order that Ctrl-C may end at any time: what there is is reported.

    Engines that are not here are named and left out.
    """
    from benchmarks.music.drive import Stage

    results: list[Result] = []
    absent: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bandmate-musicality-") as folder:
        try:
            play(Stage(Path(folder)), cases, keep, results, absent, replay=replay)
        except KeyboardInterrupt:
            console.print(f"[yellow]ended after {len(results)} of {len(cases)} cases")
    for engine, sentence in absent.items():
        console.print(f"[yellow]no cases of {engine}: {sentence}")
    places = {case.name: place for place, case in enumerate(cases)}
    return sorted(results, key=lambda result: places[result.case.name])


def play(
    stage: Stage,
    cases: Sequence[Case],
    keep: Path | None,
    results: list[Result],
    absent: dict[str, str],
    *,
    replay: bool,
) -> None:
    """Every eighth case first, then those after them: any beginning of it has a share of all."""
    from benchmarks.music.figures import measure
    from benchmarks.music.report import Result
    from generation.errors import EngineUnavailable

    order = [case for first in range(STRIDE) for case in cases[first::STRIDE]]
    for number, case in enumerate(order, start=1):
        begun = time.perf_counter()
        try:
            outcome = stage.play(case, replay=replay)
        except EngineUnavailable as error:
            absent[case.engine] = str(error)
            continue
        result = Result(case, measure(outcome))
        results.append(result)
        say = "; ".join(result.figures.short) or result.figures.words.get("answer", "good")
        console.print(
            f"[dim]{number}/{len(cases)} {time.perf_counter() - begun:5.1f} s[/] {case.name}: {say}", highlight=False
        )
        if keep is not None:
            write_take(outcome, keep)


def write_take(outcome: Outcome, folder: Path) -> None:
    """The clips, the take and its MIDI as files, to be listened to, and the traceback if there was a fault."""
    from benchmarks.music.clips import written
    from tests.support.clips import wav_bytes

    folder.mkdir(parents=True, exist_ok=True)
    name = outcome.case.name.replace("/", "-")
    for clip in outcome.case.clips:
        (folder / f"{name}.clip-{clip}").write_bytes(written(clip).data)
    if outcome.take is not None:
        (folder / f"{name}.wav").write_bytes(wav_bytes(outcome.take, "PCM_24"))
    if outcome.midi is not None:
        (folder / f"{name}.mid").write_bytes(outcome.midi)
    if outcome.fault:
        console.print(outcome.fault)


def show(results: Sequence[Result]) -> None:
    """The tables on the terminal."""
    from benchmarks.music import report

    for engine in dict.fromkeys(result.case.engine for result in results):
        first, *rest = report.table([result for result in results if result.case.engine == engine])
        own = Table(*first)
        for row in rest:
            if any(row[1:]):
                own.add_row(*row)
        console.print(own)
    promises = Table("promise", "aim", "measured", "kept")
    for name, aim, found, kept in report.targets(results):
        promises.add_row(name, aim, found, "yes" if kept else "[red]no")
    console.print(promises)
    for command, sentence in report.worst(results):
        console.print(f"{command}\n    {sentence}", highlight=False, soft_wrap=True)


def heading(cases: int, begun_load: float) -> list[str]:
    """When, on what and how this was measured."""
    from benchmarks.music.drive import words_of_machine

    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS if _installed(name))
    return [
        f"# Musicality, {time.strftime('%Y-%m-%d')}",
        "",
        f"`python -m benchmarks.musicality {' '.join(sys.argv[1:])}`: {cases} cases, one process, one thread.",
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
    parser.add_argument("--case", action="append", help="one case by its name")
    parser.add_argument("--list", action="store_true", help="the names of all cases")
    parser.add_argument("--no-replay", action="store_true", help="make each take only once")
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
    results = run(cases, options.keep, replay=not options.no_replay)
    show(results)
    if options.out is not None:
        rows = [
            {"case": r.case.name, **r.figures.numbers, **r.figures.words, "short": r.figures.short} for r in results
        ]
        options.out.write_text(json.dumps(rows, indent=1, default=float))
    if options.page is not None:
        from benchmarks.music.report import markdown

        options.page.parent.mkdir(parents=True, exist_ok=True)
        options.page.write_text(markdown(results, heading(len(results), begun_load)))
    return int(any("unexplained" in sentence for result in results for sentence in result.figures.short))


if __name__ == "__main__":
    if any(name not in os.environ for name in THREADS):  # numpy reads them when it is imported: start again with them
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.musicality", *sys.argv[1:]])
    sys.exit(main())
