"""How much memory there is: of the machine, and of the container or unit that this process may not outgrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.engines.musicgen import memory
from generation.engines.musicgen.linear import Precision
from tests.generation.engines.musicgen import reference

MIB = 1 << 20


def group(folder: Path, limit: str, taken: int, cached: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{taken}\n")
    (folder / "memory.stat").write_text(f"anon {taken - cached}\ninactive_file {cached}\n")


def test_the_tightest_limit_around_counts(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/system.slice/bandmate.service\n")
    root = tmp_path / "cgroup"
    group(root / "system.slice" / "bandmate.service", "max", 400 * MIB)
    assert memory._group_bytes(root, own) == []
    group(root / "system.slice", str(1000 * MIB), 600 * MIB, cached=100 * MIB)
    assert memory._group_bytes(root, own) == [500 * MIB]
    group(root / "system.slice" / "bandmate.service", str(300 * MIB), 400 * MIB)
    assert sorted(memory._group_bytes(root, own)) == [0, 500 * MIB]


def test_where_there_are_no_groups_the_machine_counts(tmp_path: Path) -> None:
    assert memory._group_bytes(tmp_path, tmp_path / "missing") == []
    own = tmp_path / "own"
    own.write_text("12:memory:/old\n")  # cgroup v1
    assert memory._group_bytes(tmp_path, own) == []


def test_a_container_s_limit_bounds_the_takes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").write_text("0::/\n")
    group(tmp_path, str(100 * MIB), 20 * MIB)
    monkeypatch.setattr(memory, "OWN_GROUP", tmp_path / "own")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert memory.free_bytes(reference.CPU) == 80 * MIB
    assert memory.rows_that_fit(20 * MIB, 8, reference.CPU) == 3


def test_what_a_checkpoint_takes_is_reckoned_by_precision_and_device() -> None:
    on_cpu = memory.checkpoint_bytes("small", Precision.INT8, reference.CPU)
    assert on_cpu == 420_000_000 * 6 + memory.OTHER_BYTES
    assert memory.checkpoint_bytes("large", Precision.INT8, reference.CPU) > 5 * on_cpu
