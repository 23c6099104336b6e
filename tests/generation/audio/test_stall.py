"""A child that works without saying anything is ended after so much work; one that is slow, or talks, is not."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from generation.audio import stall
from generation.audio.decode import DecodeLimits, decode
from generation.audio.ffmpeg import ffmpeg_path
from generation.audio.sandbox import ChildLimits, run_limited
from generation.audio.stall import Patience
from generation.errors import ClipRefused
from tests.support import clips
from tests.support.bombs import bombs

LIMITS = ChildLimits(2**30, cpu_s=20, wall_s=60, output_bytes=2**24, bubblewrap=False, patience=Patience(0.3))
PATIENT = DecodeLimits(wall_s=300)
"""What counts in these tests is processor time."""
SLOWNESS_NOW = stall.slowness_now


def cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def slowness(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How slow the machine was each time that a suspect was measured: what its work is allowed to grow by."""
    seen = [1.0]

    def measured() -> float:
        seen.append(SLOWNESS_NOW())
        return seen[-1]

    monkeypatch.setattr(stall, "slowness_now", measured)
    return seen


async def test_work_without_a_word_is_ended(slowness: list[float]) -> None:
    before_s = cpu_of_children_s()
    result = await run_limited(["/bin/sh", "-c", "echo begun; while :; do :; done"], LIMITS)
    assert result.timed_out and result.stdout == b"begun\n"
    assert cpu_of_children_s() - before_s < 3.0 * max(slowness)


async def test_the_work_of_its_children_counts() -> None:
    result = await run_limited(["/bin/sh", "-c", "(while :; do :; done) & wait"], LIMITS)
    assert result.timed_out


async def test_who_waits_or_talks_is_left_alone() -> None:
    work = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"
    script = f"sleep 0.5; n=0; while [ $n -lt 40 ]; do n=$((n+1)); {work}; echo $n; done"
    before_s = cpu_of_children_s()
    result = await run_limited(["/bin/sh", "-c", script], LIMITS)
    assert not result.timed_out and result.stdout.endswith(b"\n40\n")
    assert cpu_of_children_s() - before_s > 0.3


@pytest.mark.parametrize("name", bombs())
async def test_a_bomb_costs_little_and_is_refused(name: str, slowness: list[float]) -> None:
    """The benchmark holds the number (0.2 s on its machine); without the limit some of these cost 2 to 10 s."""
    before_s = cpu_of_children_s()
    with pytest.raises(ClipRefused) as refusal:
        await decode(bombs()[name])
    assert str(refusal.value).endswith(".")
    assert cpu_of_children_s() - before_s < 1.0 * max(slowness)


WORKS_QUIETLY = ["/bin/sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done"]
QUICKLY_SUSPECT = replace(LIMITS, patience=Patience(0.01))


async def test_a_suspect_goes_on_where_the_machine_is_as_slow_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall, "slowness_now", lambda: 1e6)
    result = await run_limited(WORKS_QUIETLY, QUICKLY_SUSPECT)
    assert not result.timed_out and result.stdout == b"done\n"
    monkeypatch.setattr(stall, "slowness_now", lambda: 1.0)
    assert (await run_limited(WORKS_QUIETLY, QUICKLY_SUSPECT)).timed_out


async def test_a_suspect_is_measured_again_when_the_machine_has_become_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    slower = iter([2.0, 1e6])
    monkeypatch.setattr(stall, "slowness_now", lambda: next(slower))
    result = await run_limited(WORKS_QUIETLY, QUICKLY_SUSPECT)
    assert not result.timed_out and result.stdout == b"done\n"
    for moments in ([2.0, 2.0], [2.0, 2.1, 1e6]):
        slower = iter(moments)
        assert (await run_limited(WORKS_QUIETLY, QUICKLY_SUSPECT)).timed_out


async def test_a_word_now_and_then_buys_no_time_without_end(slowness: list[float]) -> None:
    """A file that gives a little sound before each limit would otherwise work until the next one, again and again."""
    script = "while :; do echo; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done"
    before_s = cpu_of_children_s()
    result = await run_limited(["/bin/sh", "-c", script], replace(LIMITS, patience=Patience(0.3, s_per_byte=1e-6)))
    assert result.timed_out and result.stdout
    assert cpu_of_children_s() - before_s < 3.0 * max(slowness)


def test_processor_time_is_seen_to_less_than_a_hundredth_of_a_second() -> None:
    """The limit is ten of those."""
    begun_s, seen = time.process_time(), set[float]()
    while time.process_time() - begun_s < 0.02:
        seen.add(stall.cpu_s(os.getpid()))
    assert len(seen) > 3


@contextmanager
def busy_machine() -> Iterator[None]:
    """Three times as many processes that never rest as there are processors."""
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def test_a_busy_machine_refuses_no_honest_file() -> None:
    files = [clips.song_file(name) for name in ("mp3", "ogg-vorbis", "m4a", "webm", "flac")]
    with busy_machine():
        for data in files:
            assert (await decode(data, PATIENT)).used_s == pytest.approx(8, abs=0.2)


async def test_a_slow_machine_refuses_no_honest_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder takes ten times its usual time until the first sound, on a machine as slow as that."""
    slow = tmp_path / "ffmpeg"
    work = "while time.process_time() < 0.2: pass"
    start = f"import os, sys, time\n{work}\nos.execv({ffmpeg_path()!r}, ['ffmpeg', *sys.argv[1:]])"
    slow.write_text(f"#!{sys.executable}\n{start}\n")
    slow.chmod(0o700)
    limits = replace(PATIENT, ffmpeg_path=slow, bubblewrap=False)
    monkeypatch.setattr(stall, "slowness_now", lambda: 10.0)
    assert (await decode(clips.song_file("mp3"), limits)).used_s == pytest.approx(8, abs=0.2)
    monkeypatch.setattr(stall, "slowness_now", lambda: 1.0)
    with pytest.raises(ClipRefused, match="took too long"):
        await decode(clips.song_file("mp3"), limits)
