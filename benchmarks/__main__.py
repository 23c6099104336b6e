"""`python -m benchmarks [NAME…]`: the short benchmarks one after the other, each in a process of its own, so that none
warms up for the next. Beside them stand the programs that make the examples and the README's picture."""

from __future__ import annotations

import subprocess
import sys

from rich.console import Console

console = Console()


SHORT = (
    "startup",
    "codecs",
    "hearing",
    "sampler",
    "arranger",
    "musicality",
    "load",
    "chaos",
    "hostile",
    "musicgen_speed",
)
"""In the order in which they are most often looked at; about a minute or two each."""


def main() -> int:
    """Run the named benchmarks (all when none is named); the exit code is the number of those that failed."""
    wanted = sys.argv[1:] or SHORT
    if unknown := set(wanted) - set(SHORT):
        console.print(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(SHORT)}.")
        return 2
    failed = []
    for name in wanted:
        console.rule(f"[bold]{name}")
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        console.print(f"[red]failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
