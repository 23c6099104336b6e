"""The clock of the tests' event loops: pauses of the process are left out, its own work and its waiting are not."""

from __future__ import annotations

import pytest

from tests.support.patience import LOOK_EVERY_S, PAUSE_S, PatientClock


class Machine:
    """Wall time and the process's processor time, moved by hand."""

    def __init__(self) -> None:
        self.wall_s, self.work_s = 100.0, 5.0

    def clock(self) -> PatientClock:
        """A clock that goes by these alone: this process's own goes on while it is tested."""
        return PatientClock(lambda: self.wall_s, lambda: self.work_s)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_pause_is_left_out_whoever_looks_first(machine: Machine) -> None:
    clock = machine.clock()
    machine.wall_s += 7.0
    assert clock.now_s() == pytest.approx(100.0)
    machine.wall_s += 7.0
    clock.look()
    assert clock.now_s() == pytest.approx(100.0) and clock.paused_s == pytest.approx(14.0)
    machine.wall_s += 0.1
    assert clock.now_s() == pytest.approx(100.1)


def test_work_of_our_own_counts_as_long_as_it_takes(machine: Machine) -> None:
    clock = machine.clock()
    machine.wall_s, machine.work_s = 107.0, 12.0
    assert clock.now_s() == pytest.approx(107.0)


def test_waiting_counts_while_the_process_could_run(machine: Machine) -> None:
    clock = machine.clock()
    for _ in range(100):
        machine.wall_s += LOOK_EVERY_S
        clock.look()
    assert clock.now_s() == pytest.approx(100.0 + 100 * LOOK_EVERY_S)


def test_what_is_short_is_no_pause_and_the_clock_never_goes_back(machine: Machine) -> None:
    clock, seen = machine.clock(), [100.0]
    for step_s in (0.1, PAUSE_S * 0.9, 3.0, 0.01, 9.0, 0.2):
        machine.wall_s += step_s
        seen.append(clock.now_s())
    assert seen == sorted(seen)
    assert clock.paused_s == pytest.approx(12.0, abs=2 * PAUSE_S)
