"""A clock for event loops that stands still while the machine does: a pause of the machine ends no wait too early.

    wall       0 ───── 1 ───── 2 ═══════════════ 7 ───── 8        ═ the process does not run: the machine swaps, sleeps,
    the loop   0 ───── 1 ───── 2                 2 ───── 3          works for others

A wait with a limit asks whether a thing happens; how fast it happens is for the benchmarks to say. What the process
does itself counts, whatever it is: work is seen in its processor time, and while it waits for something, this clock's
own thread goes on.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from typing import Any

Clock = Callable[[], float]
LOOK_EVERY_S = 0.05
PAUSE_S = 0.5
"""What is shorter is no pause: a processor that is shared makes everybody wait a little."""

_sleep = time.sleep


class PatientClock:
    """Seconds of which this process had something, by a wall clock and the clock of the process's own work."""

    def __init__(self, wall_s: Clock = time.monotonic, work_s: Clock = time.process_time) -> None:
        self._lock, self._wall_s, self._work_s = threading.Lock(), wall_s, work_s
        self._looked_s, self._worked_s, self.paused_s = wall_s(), work_s(), 0.0
        self._told_s = self._looked_s

    def now_s(self) -> float:
        """The monotonic clock, less the pauses so far."""
        if self._wall_s() - self._looked_s > PAUSE_S:
            self.look()
        self._told_s = max(self._told_s, self._wall_s() - self.paused_s)
        return self._told_s

    def look(self) -> None:
        """See whether there was a pause since the last look."""
        with self._lock:
            now_s, worked_s = self._wall_s(), self._work_s()
            idle_s = (now_s - self._looked_s) - (worked_s - self._worked_s)
            if idle_s > PAUSE_S:
                self.paused_s += idle_s
            self._looked_s, self._worked_s = now_s, worked_s

    def watch(self) -> None:
        """Look again and again, so that only a pause of the whole process lies between two looks."""
        while True:
            _sleep(LOOK_EVERY_S)
            self.look()


def make_loops_patient() -> None:
    """From here on every event loop of this process goes by a patient clock."""
    clock, usual = PatientClock(), asyncio.BaseEventLoop.time
    threading.Thread(target=clock.watch, name="patience", daemon=True).start()

    def back_to_usual() -> None:
        _set_time(usual)

    os.register_at_fork(after_in_child=back_to_usual)  # threads are not forked: nobody would look there
    _set_time(lambda _loop: clock.now_s())


def _set_time(time_of_loop: Any) -> None:
    asyncio.BaseEventLoop.time = time_of_loop  # type: ignore[method-assign]
