"""The run of the benchmark of music: what is done is written down and not made again, and every case is listed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import musicality
from benchmarks.music import crew
from benchmarks.music.cases import all_cases
from benchmarks.music.crew import Notebook, Played, in_turns
from benchmarks.music.figures import Figures
from benchmarks.music.listing import case_tables
from benchmarks.music.report import Result, markdown
from generation.request import Operation

CASES = {case.name: case for case in all_cases()}
LOOP, BLEND = CASES["studio/loop/rock-110"], CASES["studio/blend/rock-110+house-125/weights"]


def result(name: str, **numbers: float) -> Result:
    return Result(CASES[name], Figures({"length s": 8.0, **numbers}, {}, []))


def options(path: Path) -> Namespace:
    return Namespace(resume=path, jobs=1, keep=None, no_replay=True)


def test_any_beginning_has_a_share_of_all_cases() -> None:
    turns = in_turns(list(CASES.values()))
    assert sorted(case.name for case in turns) == sorted(CASES)
    first = turns[: len(turns) // 8]
    assert {case.operation for case in first} == set(Operation)
    assert {case.engine for case in first} == {"arranger", "studio", "musicgen"}


def test_a_run_is_taken_up_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []

    def play_one(cases: list[crew.Case], tell: crew.Tell, **how: object) -> None:
        case = cases[0]
        played.append(case.name)
        tell(Played(case, result(case.name, LUFS=-14.0)))
        raise KeyboardInterrupt

    monkeypatch.setattr(crew, "play_all", play_one)
    monkeypatch.setattr(crew, "code_state", lambda: "now")
    notes = tmp_path / "notes.jsonl"
    for num_done in (1, 2):
        found = musicality.run((LOOP, BLEND), options(notes))
        assert len(found) == num_done
    assert played == [LOOP.name, BLEND.name]
    assert [item.figures.numbers["LUFS"] for item in found] == [-14.0, -14.0]


def test_what_other_code_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "code_state", lambda: "then")
    Notebook(tmp_path / "notes").note(result(LOOP.name))
    assert len(Notebook(tmp_path / "notes").known([LOOP, BLEND])) == 1
    monkeypatch.setattr(crew, "code_state", lambda: "now")
    assert Notebook(tmp_path / "notes").known([LOOP, BLEND]) == []


def test_the_page_lists_every_case_with_both_clips_bars_and_weights() -> None:
    results = [result(LOOP.name), result(BLEND.name, **{"beat F": 0.97})]
    lines = list(case_tables(results))
    loop, blend = (
        next(line for line in lines if line.startswith("| rock-110") and word in line) for word in ("| 4 |", "house")
    )
    assert "| 4 |" in loop
    assert "| rock-110 | house-125 | 0.8 : 0.2 |" in blend and "0.97" in blend
    assert "weights" in next(line for line in lines if line.startswith("| clip | second clip"))
    page = markdown(results, ["# Musicality"])
    assert "## Every case" in page and blend in page
