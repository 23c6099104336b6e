"""The frame of a jam room: the tempo, key, metre and bars that everything made inside inherits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from generation.errors import RequestRefused
from generation.hearing import Hearing, Key
from generation.request import MAX_PROMPT_CHARACTERS, Operation, Request

MIN_TEMPO_BPM, MAX_TEMPO_BPM = 40.0, 240.0
MAX_BARS = 32
MAX_STYLE_CHARACTERS = 100
METRES = {3: "3/4", 4: "4/4", 6: "6/8"}
"""The metres by their beats a bar; 6/8 is counted in eighths, as in Hearing."""
MIN_KEY_CONFIDENCE = 0.15
"""Below it a heard key is as good as none; the arranger draws the same line."""
SLOW_SIX_BPM = 100.0
USUAL_TEMPO_BPM, USUAL_BARS = 100.0, 8


@dataclass(frozen=True, slots=True)
class Frame:
    """What a room holds everything to. `key` None: whatever comes; `engine` None: the usual one; `style`: words.

    tempo_bpm: MIN_TEMPO_BPM..MAX_TEMPO_BPM beats a minute (in 6/8 eighths, or dotted quarters
    up to SLOW_SIX_BPM). bars: 1..MAX_BARS, a layer's length.

    Raises:
        RequestRefused: with the value, its range and the mend.
    """

    tempo_bpm: float = USUAL_TEMPO_BPM
    key: Key | None = None
    beats_per_bar: int = 4
    bars: int = USUAL_BARS
    style: str = ""
    engine: str | None = None

    def __post_init__(self) -> None:
        if not MIN_TEMPO_BPM <= self.tempo_bpm <= MAX_TEMPO_BPM:
            raise RequestRefused(
                f"A room's tempo is {MIN_TEMPO_BPM:g} to {MAX_TEMPO_BPM:g} BPM, not {self.tempo_bpm:g}."
            )
        if self.beats_per_bar not in METRES:
            raise RequestRefused(f"A room's metre is 3/4, 4/4 or 6/8, not {self.beats_per_bar} beats a bar.")
        if not 1 <= self.bars <= MAX_BARS:
            raise RequestRefused(f"A room has 1 to {MAX_BARS} bars, not {self.bars}.")
        if len(self.style) > MAX_STYLE_CHARACTERS:
            raise RequestRefused(f"The style has {len(self.style)} characters; at most {MAX_STYLE_CHARACTERS} fit.")

    @property
    def beat_s(self) -> float:
        """Seconds of one beat. A 6/8 of at most SLOW_SIX_BPM counts dotted quarters, as engines read it."""
        rate = 3 if self.beats_per_bar == 6 and self.tempo_bpm <= SLOW_SIX_BPM else 1
        return 60.0 / (self.tempo_bpm * rate)

    @property
    def bar_s(self) -> float:
        """Seconds of one bar."""
        return self.beats_per_bar * self.beat_s

    @property
    def duration_s(self) -> float:
        """Seconds of all bars: the length of a layer."""
        return self.bars * self.bar_s

    def sentence(self) -> str:
        """The frame for people: "92 BPM · D minor · 4/4 · 8 bars · lo-fi"."""
        parts = [f"{self.tempo_bpm:g} BPM", str(self.key) if self.key else "any key", METRES[self.beats_per_bar]]
        parts += [f"{self.bars} bar{'s' if self.bars > 1 else ''}", self.style]
        return " · ".join(part for part in parts if part)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and strings."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**{**data, "key": Key(**data["key"]) if data["key"] else None})


def frame_of_clip(hearing: Hearing, wanted: Frame, *, said: frozenset[str] = frozenset()) -> Frame:
    """The frame that a clip brings; what was `said` (names of Frame's fields) stays as in `wanted`.

    The bars are the whole ones that the clip has. Raises RequestRefused when it has no beat and none was said.
    """
    heard: dict[str, Any] = {}
    if hearing.has_beat and hearing.tempo_bpm:
        heard = {"tempo_bpm": round(hearing.tempo_bpm, 1), "beats_per_bar": hearing.beats_per_bar}
    elif "tempo_bpm" not in said:
        raise RequestRefused("I hear no steady beat in this clip: say the room's tempo.")
    if hearing.key is not None and hearing.key_confidence >= MIN_KEY_CONFIDENCE:
        heard["key"] = hearing.key
    frame = replace(wanted, **{name: value for name, value in heard.items() if name not in said})
    if "bars" in said:
        return frame
    return replace(frame, bars=min(max(round(hearing.duration_s / frame.bar_s), 1), MAX_BARS))


def framed(request: Request, frame: Frame, engine: str | None = None) -> Request:
    """The request as it is made inside a room: its tempo, key, metre, whole bars, style; `engine` where given."""
    changes: dict[str, Any] = {
        "tempo_bpm": frame.tempo_bpm if request.tempo_bpm is None else request.tempo_bpm,
        "key": request.key or (str(frame.key) if frame.key else None),
        "beats_per_bar": request.beats_per_bar or frame.beats_per_bar,
        "duration_s": _whole_bars_s(request.duration_s, frame),
        "prompt": _styled(request.prompt, frame.style),
    }
    if request.operation is Operation.LOOP and request.bars is None:
        changes["bars"] = frame.bars
    if engine is not None and engine != request.engine:
        changes |= {"engine": engine, "model": None}
    return request.changed(**changes)


def _whole_bars_s(duration_s: float | None, frame: Frame) -> float:
    """The room's length, or the whole number of bars nearest to the seconds that were asked for."""
    bars = frame.bars if duration_s is None else max(round(duration_s / frame.bar_s), 1)
    return bars * frame.bar_s


def _styled(prompt: str, style: str) -> str:
    """The person's words first, then the room's style where it still fits and is not said already."""
    if not style or style.lower() in prompt.lower():
        return prompt
    both = f"{prompt}, {style}" if prompt else style
    return both if len(both) <= MAX_PROMPT_CHARACTERS else prompt
