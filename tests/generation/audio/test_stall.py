"""A child that works without saying anything is ended after so much work; one that is slow, or talks, is not."""

from __future__ import annotations

import resource

import pytest

from generation.audio.decode import decode
from generation.audio.sandbox import ChildLimits, run_limited
from generation.errors import ClipRefused
from tests.support.bombs import bombs

LIMITS = ChildLimits(2**30, cpu_s=20, wall_s=60, output_bytes=2**24, bubblewrap=False, stall_cpu_s=0.3)


def cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def test_work_without_a_word_is_ended() -> None:
    before_s = cpu_of_children_s()
    result = await run_limited(["/bin/sh", "-c", "echo begun; while :; do :; done"], LIMITS)
    assert result.timed_out and result.stdout == b"begun\n"
    assert cpu_of_children_s() - before_s < 3.0


async def test_the_work_of_its_children_counts() -> None:
    result = await run_limited(["/bin/sh", "-c", "(while :; do :; done) & wait"], LIMITS)
    assert result.timed_out


async def test_who_waits_or_talks_is_left_alone() -> None:
    work = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"
    script = f"sleep 0.5; n=0; while [ $n -lt 40 ]; do n=$((n+1)); {work}; echo $n; done"
    before_s = cpu_of_children_s()
    result = await run_limited(["/bin/sh", "-c", script], LIMITS)
    assert not result.timed_out and result.stdout.endswith(b"\n40\n")
    assert cpu_of_children_s() - before_s > LIMITS.stall_cpu_s


@pytest.mark.parametrize("name", bombs())
async def test_a_bomb_costs_little_and_is_refused(name: str) -> None:
    """The benchmark holds the number (0.2 s on its machine); without the limit some of these cost 2 to 10 s."""
    before_s = cpu_of_children_s()
    with pytest.raises(ClipRefused) as refusal:
        await decode(bombs()[name])
    assert str(refusal.value).endswith(".")
    assert cpu_of_children_s() - before_s < 1.0
