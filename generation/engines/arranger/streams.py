"""Random numbers by name, so that changing one part of a take never changes another."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Streams:
    """Generators by name. `seed` moves everything; with `base_seed` only the names in `free` follow `seed`.

    The same seed and name always give the same numbers, on every machine and Python (seeding by a string uses
    SHA-512, see random.seed).
    """

    seed: int
    base_seed: int | None = None
    free: frozenset[str] = frozenset()

    def stream(self, name: str, *indexes: object) -> random.Random:
        """A fresh generator for a name ("bass", "fills") and whatever tells its uses apart."""
        seed = self.seed if self.base_seed is None or name in self.free else self.base_seed
        return random.Random(":".join(str(part) for part in (seed, name, *indexes)))
