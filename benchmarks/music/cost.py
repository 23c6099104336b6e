"""What hearing, finishing and checking cost a take of half a minute: by the clock, with nothing else at work."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.music.cases import Case
from benchmarks.music.drive import Stage, spent_s
from generation.audio.analyse import analyse

CASE = "arranger/restyle/thirty-seconds"
"""A clip of 30 s, heard as a whole, and a stereo take of 30 s."""

TIMES = 5


def clocked(case: Case) -> dict[str, float]:
    """The slowest of TIMES, after one that loads the nets: "clock s", and what it took of the processor meanwhile."""
    with tempfile.TemporaryDirectory(prefix="bandmate-cost-") as folder:
        stage = Stage(Path(folder))
        heard = stage.play(case, replay=False)
        making, done = stage.made(heard)
        found = []
        for _ in range(TIMES):
            begun_s, begun_spent_s = time.perf_counter(), spent_s()
            analyse(heard.clips[0])
            stage.studio.polish(making, done)
            found.append((time.perf_counter() - begun_s, spent_s() - begun_spent_s))
    clock_s, processor_s = max(found)
    return {"clock s": clock_s, "clocked processor s": processor_s}
