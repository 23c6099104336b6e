"""What hearing, finishing and checking cost a take of half a minute: by the clock, with nothing else at work."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.music.cases import Case
from benchmarks.music.drive import Stage
from generation.audio.analyse import analyse

CASE = "arranger/restyle/thirty-seconds"
"""A clip of 30 s, heard as a whole, and a stereo take of 30 s."""

TIMES = 5


def clocked(case: Case) -> dict[str, float]:
    """After one that loads the nets, of TIMES the middle one, "clock s", and the slowest, "slowest clock s"."""
    with tempfile.TemporaryDirectory(prefix="bandmate-cost-") as folder:
        stage = Stage(Path(folder))
        heard = stage.play(case, replay=False)
        making, done = stage.made(heard)
        found = []
        for _ in range(TIMES):
            begun_s = time.perf_counter()
            analyse(heard.clips[0])
            stage.studio.polish(making, done)
            found.append(time.perf_counter() - begun_s)
    return {"clock s": median(found), "slowest clock s": max(found)}
