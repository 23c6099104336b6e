"""The revision of an engine's code: Bandmate's version and a digest of the sources that make the sound."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

KINDS = (".py", ".toml", ".npz", ".onnx")
"""What is read; of larger files (sound fonts) only the size."""

_GENERATION = Path(__file__).resolve().parent.parent


@cache
def code_revision(name: str) -> str:
    """For the engine in the folder `generation/engines/<name>`: "0.1.0+1a2b3c4d". It covers generation/audio too, since
    joins and finishing are part of a take."""
    digest = hashlib.sha256()
    for folder in (_GENERATION / "engines" / name, _GENERATION / "audio"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(_GENERATION).as_posix().encode())
                digest.update(path.read_bytes() if path.suffix in KINDS else str(path.stat().st_size).encode())
    return f"{_version()}+{digest.hexdigest()[:8]}"


def _version() -> str:
    try:
        return metadata.version("bandmate")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "source"
