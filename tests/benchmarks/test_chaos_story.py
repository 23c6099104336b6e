"""The chaos benchmark's plan is a function of its seed, and its clock and disk do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import story
from benchmarks.service.injuries import Disk
from tests.support.jumping_clock import JumpingClock


def test_the_same_seed_tells_the_same_story_another_one_another() -> None:
    one, same, other = (story.tell(seed, 200, 40, 1.0) for seed in (7, 7, 8))
    assert one == same and story.digest_of_plan(one) == story.digest_of_plan(same)
    assert story.digest_of_plan(one) != story.digest_of_plan(other)
    assert story.digest_of_plan(one, 0.05) != story.digest_of_plan(one, 0.10)  # the rate of faults is part of it


def test_a_plan_has_what_was_asked_for_and_begins_with_somebody_asking() -> None:
    plan = story.tell(1, 500, 100, 1.0)
    counts = story.planned(plan)
    assert counts["asks"] == 500 and isinstance(plan[0], story.Ask)
    assert sum(number for what, number in counts.items() if what.startswith("kill: ")) == 100
    for what in story.INJURIES_PER_KILL:
        assert counts[f"injury: {what}"] >= 1
    assert {f"kill: {what}" for what in story.KILLS} <= counts.keys()


def test_outcomes_are_told_by_what_came_not_by_when() -> None:
    outcomes = {1: story.TAKE, 5: story.SENTENCE}
    assert story.digest_of_outcomes(outcomes) == story.digest_of_outcomes(dict(reversed(outcomes.items())))
    assert story.digest_of_outcomes(outcomes) != story.digest_of_outcomes({**outcomes, 5: story.TAKE})


def test_what_has_to_come_of_every_ask_is_the_seeds_alone() -> None:
    expected = [story.expected_outcomes(story.tell(7, 200, 40, pause_s)) for pause_s in (0.05, 1.0)]
    assert story.digest_of_outcomes(expected[0]) == story.digest_of_outcomes(expected[1])
    assert len(expected[0]) == 200 and set(expected[0].values()) == {story.TAKE, story.SENTENCE}
    other = story.expected_outcomes(story.tell(8, 200, 40, 1.0))
    assert story.digest_of_outcomes(other) != story.digest_of_outcomes(expected[0])


def test_a_program_under_the_jumping_clock_believes_it(tmp_path: Path) -> None:
    clock = JumpingClock(tmp_path / "clock")
    program = tmp_path / "telling.py"
    program.write_text(
        "import sys, time, discord\n"
        "monotonic = time.monotonic()\n"
        "for _ in sys.stdin:\n"
        "    print(time.time(), discord.utils.utcnow().timestamp(), time.monotonic() - monotonic, flush=True)\n"
    )
    command = [sys.executable, "-m", "tests.support.jumping_clock", str(clock.file), "--", "telling"]
    environment = {"PYTHONPATH": f"{Path.cwd()}:{tmp_path}"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path.cwd()
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        told = []
        for ahead_s in (0.0, 7200.0, -7200.0):
            clock.put(ahead_s)
            process.stdin.write("\n")
            process.stdin.flush()
            told.append([float(word) for word in process.stdout.readline().split()])
        process.stdin.close()
    (now, _, _), (later, later_utc, elapsed_s), (earlier, _, _) = told
    assert later - now == pytest.approx(7200, abs=60) and earlier - now == pytest.approx(-7200, abs=60)
    assert later_utc == pytest.approx(later, abs=5)
    assert 0 <= elapsed_s < 60


async def test_a_full_disk_takes_nothing_more_until_there_is_room(tmp_path: Path) -> None:
    """Where nothing can be mounted only this process's own limit could be set, which would stop the tests too."""
    disk = Disk(tmp_path / "data")
    with disk.mounted():
        if not disk.is_mounted:
            assert disk.what == "RLIMIT_FSIZE"
            return
        (disk.folder / "before").write_bytes(bytes(100_000))
        async with disk.full(None):
            with pytest.raises(OSError, match="No space left"):
                (disk.folder / "more").write_bytes(bytes(1_000_000))
        (disk.folder / "after").write_bytes(bytes(1_000_000))
    assert not (disk.folder / "after").exists()
