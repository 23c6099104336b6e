"""Tiny checkpoints, built once, and clips to go on from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generation.clip import Clip
from tests.support.tiny_checkpoint import build_tiny_musicgen

KINDS = ("mono", "stereo", "melody", "stereo-melody")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("musicgen")
    return {kind: build_tiny_musicgen(folder / kind, kind=kind) for kind in KINDS}


@pytest.fixture(scope="session")
def clip() -> Clip:
    """12 s of a beating chord in stereo at 44.1 kHz."""
    time_s = np.arange(12 * 44_100) / 44_100
    chord = sum(np.sin(2 * np.pi * pitch * time_s) for pitch in (220.0, 277.2, 329.6))
    beat = 0.1 * chord * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * time_s))
    return Clip(np.stack([beat, 0.8 * beat]).astype(np.float32), 44_100)
