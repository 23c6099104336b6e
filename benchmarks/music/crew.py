"""Cases on several processor cores at once, each written down as it is done, so that a run can be taken up again."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.music.cases import Case
from benchmarks.music.result import Result

if TYPE_CHECKING:
    from benchmarks.music.drive import Outcome, Stage

STRIDE = 8
ROOT = Path(__file__).resolve().parents[2]

_stage: Stage | None = None
"""Of one process: its engines stay loaded and its clips heard from case to case."""


@dataclass(frozen=True)
class Played:
    """What came of a case: its result, or why its engine is not here."""

    case: Case
    result: Result | None
    absent: str = ""
    fault: str = ""
    wall_s: float = 0.0


Tell = Callable[[Played], None]


def in_turns(cases: Sequence[Case]) -> list[Case]:
    """Every eighth case first, then those after them: any beginning of it has a share of all."""
    return [case for first in range(STRIDE) for case in cases[first::STRIDE]]


def play_all(cases: Sequence[Case], tell: Tell, *, jobs: int, keep: Path | None, replay: bool) -> None:
    """Make and measure cases in `jobs` processes of one thread each; `tell` hears of each as it is done.

    Ctrl-C (KeyboardInterrupt) ends the processes and goes on to the caller.
    """
    with tempfile.TemporaryDirectory(prefix="bandmate-musicality-") as folder:
        if jobs == 1:
            for case in cases:
                tell(_play(case, Path(folder), keep, replay))
            return
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
        try:
            for done in as_completed(_submitted(pool, cases, Path(folder), keep, replay)):
                tell(done.result())
        except KeyboardInterrupt:
            for process in list((pool._processes or {}).values()):  # there is no public way to end one that works
                process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, cases: Sequence[Case], folder: Path, keep: Path | None, replay: bool
) -> Iterator[Future[Played]]:
    return iter([pool.submit(_play, case, folder, keep, replay) for case in cases])


def _begin() -> None:
    """Ctrl-C is for the parent, which then ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play(case: Case, folder: Path, keep: Path | None, replay: bool) -> Played:
    global _stage
    from benchmarks.music.drive import Stage
    from benchmarks.music.figures import measure
    from generation.errors import EngineUnavailable

    begun = time.perf_counter()
    if _stage is None or not _stage.folder.is_relative_to(folder):
        _stage = Stage(Path(tempfile.mkdtemp(dir=folder)))
    try:
        outcome = _stage.play(case, replay=replay)
    except EngineUnavailable as error:
        return Played(case, None, absent=str(error))
    result = Result(case, measure(outcome))
    if keep is not None:
        write_take(outcome, keep)
    return Played(case, result, fault=outcome.fault, wall_s=time.perf_counter() - begun)


def write_take(outcome: Outcome, folder: Path) -> None:
    """The clips, the take and its MIDI as files, to be listened to."""
    from benchmarks.music.clips import written
    from tests.support.clips import wav_bytes

    folder.mkdir(parents=True, exist_ok=True)
    name = outcome.case.name.replace("/", "-")
    for clip in outcome.case.clips:
        (folder / f"{name}.clip-{clip}").write_bytes(written(clip).data)
    if outcome.finished is not None:
        (folder / f"{name}.wav").write_bytes(wav_bytes(outcome.take, "PCM_24"))
    if outcome.midi is not None:
        (folder / f"{name}.mid").write_bytes(outcome.midi)


class Notebook:
    """A file with a line for each case that is done, and the code that it was done with."""

    def __init__(self, path: Path) -> None:
        self._path, self._revision = path, code_state()

    def known(self, cases: Sequence[Case]) -> list[Result]:
        """The results of these cases that were made by the very code that runs now."""
        from benchmarks.music.figures import Figures

        by_name = {case.name: case for case in cases}
        found: dict[str, Result] = {}
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        for row in map(json.loads, lines):
            if row["code"] == self._revision and row["case"] in by_name:
                figures = Figures(row["numbers"], row["words"], row["short"])
                found[row["case"]] = Result(by_name[row["case"]], figures)
        return list(found.values())

    def note(self, result: Result) -> None:
        """Write one down, at once."""
        figures = result.figures
        row = {"case": result.case.name, "code": self._revision, "numbers": figures.numbers, "words": figures.words}
        with self._path.open("a") as file:
            file.write(json.dumps({**row, "short": figures.short}, default=float) + "\n")


def code_state() -> str:
    """A digest of the code that makes and measures the takes; "no repository" outside of one."""
    parts = ("generation", "benchmarks", "tests/support")
    try:
        trees = _git("rev-parse", *(f"HEAD:{part}" for part in parts))
        changed = _git("diff", "HEAD", "--", *parts)
    except (OSError, subprocess.CalledProcessError):
        return "no repository"
    return hashlib.sha256((trees + changed).encode()).hexdigest()[:12]


def commit() -> str:
    """The commit, with a word if the code was changed since; "no repository" outside of one."""
    try:
        changed = _git("status", "--porcelain", "--untracked-files=no")
        return _git("rev-parse", "--short=12", "HEAD").strip() + (" and changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "no repository"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True).stdout
