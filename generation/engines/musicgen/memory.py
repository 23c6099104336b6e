"""How much memory a device has left, and how much a checkpoint takes."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from generation.engines.musicgen.linear import Precision
from generation.engines.musicgen.options import PUBLISHED

GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
OTHER_BYTES = 167_000_000 * 4
"""T5 base (110 million parameters) and EnCodec (57 million), in float32."""
RESERVED_SHARE = 0.2
"""Of the free memory: left for activations, the codec and others."""
BYTES_OF_WEIGHT = {
    Precision.INT4: 3.25,
    Precision.INT8: 2.0,
    Precision.BFLOAT16: 2.0,
    Precision.FLOAT16: 2.0,
    Precision.FLOAT32: 4.0,
}
"""Quantised ones lie there once as they were handed to onnxruntime, and once as that has packed them for the processor;
in int4 in 8 and 4 bits, the latter with a float32 for each 32 of them."""


def free_bytes(device: torch.device) -> int:
    """Memory that could be taken now: of the GPU, or of the machine and what a container or unit is allowed of it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min([_machine_bytes(), *_group_bytes(GROUPS, OWN_GROUP)])


def _machine_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return int(dict(line.split(":") for line in lines)["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):  # not Linux: free pages, which leaves out what the system could give back
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def _group_bytes(root: Path, own: Path) -> list[int]:
    """What is left to each control group around this process that has a limit (Linux's cgroup v2)."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        if line.startswith("0::"):
            folder = root / line.removeprefix("0::/")
            found += [_left_in(group) for group in (folder, *folder.parents) if _has_limit(group)]
    return found


def _has_limit(group: Path) -> bool:
    limit = group / "memory.max"
    return limit.is_file() and limit.read_text(encoding="ascii").strip() != "max"


def _left_in(group: Path) -> int:
    """The limit less what is taken; files that were read can be given back."""
    limit, taken = (int((group / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
    stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    return max(limit - taken + int(stat.get("inactive_file", 0)), 0)


def checkpoint_bytes(name: str, precision: Precision, device: torch.device) -> int:
    """What loading a checkpoint takes at most: on a CPU the float32 weights lie beside the new ones for a while."""
    if name in PUBLISHED:
        num_parameters = PUBLISHED[name].decoder_millions * 1_000_000
    else:
        files = Path(name).expanduser().glob("*.safetensors")
        num_parameters = sum(file.stat().st_size for file in files) // 4
    beside = 4 if device.type == "cpu" else 0
    return round(num_parameters * (BYTES_OF_WEIGHT[precision] + beside)) + OTHER_BYTES


def rows_that_fit(row_bytes: int, wanted: int, device: torch.device) -> int:
    """How many rows the free memory holds, at least one and at most `wanted`."""
    return max(min(wanted, int(free_bytes(device) * (1 - RESERVED_SHARE) / row_bytes)), 1)
