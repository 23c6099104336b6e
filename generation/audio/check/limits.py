"""From where on a take falls short; each limit with its reason."""

from __future__ import annotations

from dataclasses import dataclass, fields

_RANGES: dict[str, tuple[float, float]] = {
    "loudness_lu": (0.1, 20),
    "true_peak_db": (0.0, 6),
    "silence_share": (0.05, 1),
    "edge_silence_s": (0.2, 60),
    "tempo_share": (0.005, 0.5),
    "drift_share": (0.005, 0.5),
    "beats_off_ms": (5, 500),
    "beat_confidence": (0.5, 1),
    "key_fit": (-1, 1),
    "join_step_factor": (1, 10),
    "join_jump_db": (0, 30),
    "loop_gap_ms": (1, 1000),
    "listen_s": (6, 60),
}


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Limits of the checks; `enabled` False: takes are delivered as they come.

    loudness_lu: off the target by more (0.1..20 LU); people notice a difference of 1 LU side by side.
    true_peak_db: over the ceiling by more (0..6 dB); measuring true peaks is exact to about 0.1 dB.
    silence_share: more of the take's time is silent (0.05..1); music with long rests has up to a third.
    edge_silence_s: silence at the beginning or the end for longer (0.2..60 s); a player seems broken after two.
    tempo_share: another tempo than was asked for, or the clip's, by more (0.005..0.5); double, half and triple count
        as the same. People notice 2 %; hearing a tempo in some seconds of music is exact to about that.
    drift_share: the tempo of the first and the second half differ by more (0.005..0.5), where the clip is steady.
    beats_off_ms: a band's beats lie beside those of the clip that it accompanies by more, or move against them by more
        from its first third to its last (5..500 ms); people hear 30 ms, beats are heard to about 20 ms.
    beat_confidence: below it a heard tempo is not trusted enough to say so (0.5..1); speech reaches 0.54, music 0.75.
    key_fit: the wanted key's scale fits the notes worse than this (-1..1, a correlation) while another fits well;
        the key of a piece, its relative and its fifths fit at 0.5 and more.
    join_step_factor: a step between two samples at a join, so many times the largest around it (1..10).
    join_jump_db: a level jump over 10 ms that is so much more than those around it (0..30 dB).
    loop_gap_ms: silence where a loop begins again, longer than any within it, for longer (1..1000 ms); people hear a
        hole of 20 ms in held sounds.
    listen_s: so much of a take is listened to for its tempo (6..60 s); more costs time, less is less sure.

    Raises:
        ValueError: a value outside its range; the message names it.
    """

    enabled: bool = True
    loudness_lu: float = 1.0
    true_peak_db: float = 0.15
    silence_share: float = 0.5
    edge_silence_s: float = 2.5
    tempo_share: float = 0.04
    drift_share: float = 0.04
    beats_off_ms: float = 60.0
    beat_confidence: float = 0.7
    key_fit: float = 0.1
    join_step_factor: float = 1.0
    join_jump_db: float = 0.5
    loop_gap_ms: float = 20.0
    listen_s: float = 14.0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value!r}")


def limit_names() -> tuple[str, ...]:
    """The names of all limits, for whoever maps a file to them."""
    return tuple(item.name for item in fields(CheckLimits))
