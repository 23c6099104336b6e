"""`python -m benchmarks`: every short benchmark after the other, each in a process of its own, so that none warms up
for the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console

console = Console()


def names() -> list[str]:
    """The benchmarks by their module names."""
    own = Path(__file__).parent
    return sorted(path.stem for path in own.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    """Run the named benchmarks (all when none is named); the exit code is the number of those that failed."""
    wanted = sys.argv[1:] or names()
    if unknown := set(wanted) - set(names()):
        console.print(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}.")
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
