"""The operator's settings, and what loading says when something is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generation.engines import EngineOptions
from generation.engines.musicgen import create
from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.loading import choose_precision, load_checkpoint
from generation.engines.musicgen.options import PUBLISHED, MusicgenOptions
from generation.errors import EngineUnavailable


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"precision": "int3"}, "precision is 'int3'"),
        ({"max_jobs": 0}, "between 1 and 32"),
        ({"max_jobs": True}, "between 1 and 32"),
        ({"threads": "two"}, "between 0 and 64"),
        ({"models": []}, "name at least one"),
        ({"models": "huge"}, "small, medium, large"),
        ({"modles": "small"}, "known settings are"),
        ({"idle_unload_s": float("nan")}, "idle_unload_s"),
    ],
)
def test_a_wrong_setting_is_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineUnavailable, match=words):
        create("cpu", EngineOptions(values))


def test_defaults_and_plain_values() -> None:
    assert MusicgenOptions.of({}).models == ("small",)
    options = MusicgenOptions.of({"models": ["melody", "small"], "revisions": {"melody": "abc"}})
    assert options.revision_of("melody") == "abc"
    assert options.revision_of("small") == PUBLISHED["small"].revision


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"config\.json"):
        create("cpu", EngineOptions({"models": str(tmp_path), "accept_licence": True}))


def test_weights_that_are_not_there(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((checkpoints["mono"] / "config.json").read_text())
    with pytest.raises(EngineUnavailable, match=r"model\.safetensors"):
        load_checkpoint(str(tmp_path), MusicgenOptions(accept_licence=True), reference_device())


def test_a_published_model_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EngineUnavailable, match="hf download facebook/musicgen-small --revision 4c8334b0"):
        load_checkpoint("small", MusicgenOptions(accept_licence=True), reference_device())


def test_every_published_model_is_pinned_to_a_commit() -> None:
    for published in PUBLISHED.values():
        assert len(bytes.fromhex(published.revision)) == 20


@pytest.mark.parametrize(
    ("wanted", "device", "expected"),
    [("auto", "cpu", Precision.INT8), ("auto", "cuda:0", Precision.BFLOAT16), ("float32", "cpu", Precision.FLOAT32)],
)
def test_precision(wanted: str, device: str, expected: Precision) -> None:
    import torch

    assert choose_precision(wanted, torch.device(device)) is expected


@pytest.mark.parametrize(("wanted", "device"), [("int8", "cuda"), ("int4", "cuda"), ("float16", "cpu")])
def test_precision_that_a_device_can_not(wanted: str, device: str) -> None:
    import torch

    with pytest.raises(EngineUnavailable, match=f"precision {wanted} is for"):
        choose_precision(wanted, torch.device(device))


def reference_device() -> Any:
    import torch

    return torch.device("cpu")
