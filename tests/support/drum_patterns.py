"""Drum patterns of known truth for the test songs: beats from the bar's start."""

from __future__ import annotations

# Beats from the bar's start: (drum, beat, velocity).
DRUMS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "none": (),
    "rock": (
        ("kick", 0, 1.0), ("snare", 1, 0.9), ("kick", 2, 0.9), ("snare", 3, 0.9), ("kick", 2.5, 0.7),
        *(("hat", k / 2, 0.5) for k in range(8)),
    ),
    "four": (*(("kick", k, 1.0) for k in range(4)), ("snare", 1, 0.7), ("snare", 3, 0.7),
             *(("hat", k + 0.5, 0.6) for k in range(4))),
    "half": (("kick", 0, 1.0), ("snare", 2, 1.0), ("kick", 2.75, 0.6), *(("hat", k / 2, 0.4) for k in range(8))),
    "breakbeat": (("kick", 0, 1.0), ("snare", 1, 1.0), ("kick", 2.5, 0.9), ("snare", 3, 1.0),
                  *(("hat", k / 2, 0.5) for k in range(8))),
    "swing": (("ride", 0, 0.6), ("ride", 1, 0.7), ("ride", 1.5, 0.5), ("ride", 2, 0.6), ("ride", 3, 0.7),
              ("ride", 3.5, 0.5), ("hat", 1, 0.6), ("hat", 3, 0.6), ("kick", 0, 0.4), ("kick", 2, 0.4)),
    "waltz": (("kick", 0, 1.0), ("snare", 1, 0.5), ("snare", 2, 0.5), *(("hat", k, 0.5) for k in range(3))),
    "jig": (("kick", 0, 1.0), ("snare", 3, 0.9), *(("hat", k, 0.5) for k in range(6)), ("kick", 5, 0.5)),
    "five": (("kick", 0, 1.0), ("snare", 3, 0.9), ("kick", 1.5, 0.6), *(("hat", k, 0.5) for k in range(5))),
}  # fmt: skip
