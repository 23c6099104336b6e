"""The line that installs something into the very environment that runs Bandmate."""

from __future__ import annotations

import shlex
import sys


def pip_install(*words: str) -> str:
    """`/path/to/python -m pip install …`: a bare `pip` may belong to another Python. For operators: it names a path."""
    return shlex.join([sys.executable or "python3", "-m", "pip", "install", *words])


def install_extra(extra: str) -> str:
    """The line that adds one of Bandmate's extras."""
    return pip_install(f"bandmate[{extra}]")
