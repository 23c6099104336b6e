"""Until when a promise holds ("this job is mine until …", "I live until …"), however the clock jumps.

A promise is written as a time of day, because those who read it share no other clock. Whoever reads it first turns it
into a time on his own monotonic clock, which never jumps, and goes by that until the promise is renewed:

    written   until 12:00:30
    first seen at 12:00:01 by the shared clock, at 500.0 by our own      → it ends at 529.0 by our own
    the shared clock is put to 17:00, or to 7:00                         → it still ends at 529.0
    renewed   until 17:00:40, seen at 17:00:12 and 511.0                 → it ends at 539.0
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

LONGEST_S = 3600.0
"""No setting lets anybody promise more (generation.config): what says so was written before the clock was put back."""


class Promises:
    """The promises that one reader has seen. `elapsed` gives seconds on a clock that never jumps."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._seen: dict[Hashable, tuple[float, float]] = {}  # until when by the shared clock, and by our own

    def ended(self, promised: Mapping[Key, float], *, now: float, usual_s: float) -> set[Key]:
        """Those of all present promises (until when, epoch seconds) that hold no more.

        `now` is the shared clock's time; a promise from before the clock was put back is given `usual_s` from now on.
        """
        elapsed_s = self._elapsed()
        seen: dict[Hashable, tuple[float, float]] = {}
        for key, until in promised.items():
            known = self._seen.get(key)
            if known is None or known[0] != until:
                left_s = until - now
                known = until, elapsed_s + (usual_s if left_s > LONGEST_S else left_s)
            seen[key] = known
        self._seen = seen
        return {key for key in promised if seen[key][1] <= elapsed_s}
