"""What a take costs: seconds, longest step and peak memory, each take in a process of its own that is warm and idle.

`python -m benchmarks.arranging.cost OPERATION PROMPT SECONDS` prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CLIP_S = 16.0
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Cost:
    """Processor and wall-clock seconds from the clip to the take, the longest step's processor seconds, peak MiB."""

    cpu_s: float
    wall_s: float
    longest_step_s: float
    peak_mib: float


def measured(operation: str, prompt: str, duration_s: float) -> Cost:
    """The cost of one take, clip included, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.arranging.cost", operation, prompt, str(duration_s)]
    environment = {**os.environ, **THREADS}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def run(operation: str, prompt: str, duration_s: float) -> Cost:
    """One take in this process: the models and the font are loaded and warm, then clip and take are made."""
    from generation.audio.analyse import analyse
    from generation.engines import EngineOptions, create_engine
    from generation.engines.base import Done, EngineJob, Failed
    from generation.request import Operation, Request
    from tests.support import music

    clip = music.render(music.write(music.Plan(duration_s=CLIP_S)))
    engine = create_engine("arranger", "cpu", EngineOptions())
    engine.load()
    analyse(clip.cut(0.0, 3.0))  # loads the nets, as a worker has long done
    cpu, wall = time.process_time(), time.perf_counter()
    with_clip = operation != "compose"
    clips = (clip,) if with_clip else ()
    request = Request(Operation(operation), prompt, ("clip",) if with_clip else (), duration_s=duration_s)
    engine.admit(EngineJob("take", request, 1, clips, tuple(analyse(one) for one in clips)))
    longest, since = 0.0, time.process_time()
    while events := engine.step():
        longest, since = max(longest, time.process_time() - since), time.process_time()
        if isinstance(events[-1], Failed):
            raise RuntimeError(events[-1].sentence)
        if isinstance(events[-1], Done):
            break
    peak_mib = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    return Cost(time.process_time() - cpu, time.perf_counter() - wall, longest, peak_mib)


if __name__ == "__main__":
    cost = run(sys.argv[1], sys.argv[2], float(sys.argv[3]))
    print(json.dumps({name: getattr(cost, name) for name in Cost.__dataclass_fields__}))
