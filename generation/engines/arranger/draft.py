"""The draft of a take: what is decided before the parts are written, and the parts as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generation.engines.arranger.band import Band, choose_band
from generation.engines.arranger.choose import Choice, choose_style
from generation.engines.arranger.era import in_era
from generation.engines.arranger.events import Event
from generation.engines.arranger.form import Section, make_form
from generation.engines.arranger.frame import Frame, find_frame
from generation.engines.arranger.groove import DrumTrack
from generation.engines.arranger.harmony import harmonise
from generation.engines.arranger.heard_level import at_level, heard_level
from generation.engines.arranger.prompt import Wish, read_prompt
from generation.engines.arranger.score import Part
from generation.engines.arranger.spans import Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Style
from generation.engines.base import EngineJob
from generation.hearing import Hearing
from generation.request import Operation

VARY_STEPS = {
    0.0: {"fills", "humanise", "ornaments"},
    0.25: {"groove", "bass"},
    0.5: {"comping"},
    0.75: {"melody", "band"},
}
"""From which strength of vary on which streams follow the seed; below it they stay as in every other variation."""
SILENCE_DBFS = -70.0


@dataclass(slots=True)
class Draft:
    """A composition while it is made."""

    job: EngineJob
    wish: Wish
    choice: Choice
    style: Style
    streams: Streams
    frame: Frame
    form: tuple[Section, ...]
    harmony: Harmony
    band: Band
    hearing: Hearing | None
    era: tuple[str, ...] = ()
    drums: DrumTrack = field(default_factory=lambda: DrumTrack((), {}))
    bass: tuple[Event, ...] = ()
    tune: tuple[Event, ...] = ()
    parts: list[Part] = field(default_factory=list)


def begin(job: EngineJob) -> Draft:
    """Read the prompt, choose style, frame, form, harmony and band."""
    hearing = _usable(job.hearings[0]) if job.hearings else None
    wish = read_prompt(job.request.prompt)
    streams = _streams(job)
    choice = choose_style(wish, hearing, job.request.prompt, streams)
    style, era = in_era(choice.style, wish)
    style = at_level(_adapted(style, wish), heard_level(hearing, job.request.operation))
    frame = find_frame(job.request, hearing, wish, style, streams)
    form = make_form(frame, style, wish, hearing)
    harmony = harmonise(frame, hearing, style, form, streams.stream("harmony"))
    band = choose_band(style, wish, streams)
    return Draft(job, wish, choice, style, streams, frame, form, harmony, band, hearing, era)


def _usable(hearing: Hearing) -> Hearing | None:
    """The hearing, None for a clip in which nothing was heard (silence)."""
    quiet = hearing.peak_dbfs is None or hearing.peak_dbfs < SILENCE_DBFS
    silent = quiet and not (hearing.beats_s or hearing.chords or hearing.melody)
    return None if hearing.duration_s <= 0 or silent else hearing


def _streams(job: EngineJob) -> Streams:
    """Where chance comes from: all from the seed, but for vary only the parts that its strength lets go."""
    request = job.request
    if request.operation is not Operation.VARY:
        return Streams(job.seed)
    free = {name for strength, names in VARY_STEPS.items() if request.strength >= strength for name in names}
    return Streams(job.seed, base_seed=0, free=frozenset(free))


def _adapted(style: Style, wish: Wish) -> Style:
    """The style with what the prompt says of its feel."""
    changes: dict[str, Any] = {}
    if "swing" in wish.flags:
        changes["swing"] = max(style.swing, 0.8)
    if "straight" in wish.flags:
        changes["swing"] = 0.0
    if wish.mode is not None:
        changes["mode"] = wish.mode
    return style.model_copy(update=changes) if changes else style
