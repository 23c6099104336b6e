"""Takes that are longer than a window: each window goes on from the last ten seconds of the one before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from generation.clip import Clip
from generation.engines.base import Done, EngineJob, Event, Progress
from generation.engines.musicgen.chroma import chroma_of
from generation.engines.musicgen.loading import Checkpoint
from generation.request import Operation
from tests.generation.engines.musicgen import reference
from tests.generation.engines.musicgen.driving import make_engine, make_job, run

Checkpoints = dict[str, Path]
WORDS = "lo fi hip hop"
WINDOW, OVERLAP = 1_500, 500


def made(folder: Path, job: EngineJob) -> tuple[list[Event], Tensor]:
    """The events of a take, and its codes."""
    engine = make_engine(folder)
    engine.admit(job)
    events = [*engine.step()]
    performance = engine.running[job.job_id].performance
    return events + run(engine), performance.codes


def window(ours: Checkpoint, num_new: int, before: Tensor | None = None, melody: Clip | None = None) -> Tensor:
    """The greedy codes of one window that goes on from codes; only the new ones."""
    prompt = None if before is None else before[:, -OVERLAP:]
    chroma = None if melody is None else chroma_of(melody)
    row = reference.make_row(ours, num_new, words=WORDS, prompt=prompt, chroma=chroma)
    return reference.decode(reference.make_batch(ours), row)[0][:, -num_new:]


def test_windows_overlap_and_progress_is_over_the_whole(checkpoints: Checkpoints, clip: Clip) -> None:
    """The first window of an extension holds ten seconds of the clip and twenty of new music."""
    job = make_job("a", Operation.EXTEND, clip, prompt=WORDS, duration_s=22, sampling=reference.GREEDY)
    events, codes = made(checkpoints["mono"], job)
    ours = reference.load(checkpoints["mono"])
    heard = codes[:, :OVERLAP]
    first = torch.cat([heard, window(ours, WINDOW - OVERLAP, heard)], dim=1)
    assert torch.equal(codes, torch.cat([first, window(ours, 100, first)], dim=1))
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert np.diff(fractions).max() < 0.04
    done = events[-1]
    assert isinstance(done, Done) and done.clip.duration_s == pytest.approx(clip.duration_s + 22, abs=0.001)


def test_each_window_follows_the_melody_of_its_own_time(checkpoints: Checkpoints) -> None:
    """The second begins 20 s into the clip, and hears it from there, and from its beginning once it has ended."""
    rate = 32_000
    pitches = 220 * 2 ** (np.arange(40) * 7 % 12 / 12)  # another note each second
    notes = 0.3 * np.sin(2 * np.pi * np.cumsum(np.repeat(pitches, rate)) / rate)
    clip = Clip(notes[None].astype(np.float32), rate)
    job = make_job("a", Operation.RESTYLE, clip, prompt=WORDS, duration_s=32, sampling=reference.GREEDY)
    _, codes = made(checkpoints["melody"], job)
    ours = reference.load(checkpoints["melody"])
    first = window(ours, WINDOW, melody=clip)
    later = Clip(np.concatenate([clip.samples[:, 20 * rate :], clip.samples[:, : 20 * rate]], axis=1), rate)
    assert torch.equal(codes, torch.cat([first, window(ours, 100, first, later)], dim=1))
    assert not torch.equal(codes[:, WINDOW:], window(ours, 100, first, clip))
