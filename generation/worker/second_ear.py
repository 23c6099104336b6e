"""The second ear: clips are listened to again with what a request says of them, once for each clip and saying.

    Make ─ hearings of the check-in ─ does the request say otherwise? ─ no ──────────────────▶ Making ─ engine
                                                                     └ yes: analyse again ─▶ Making ─ engine

It is done before the engine sees the job: what is arranged, what is checked and what the recipe says is one hearing.
The same clip, words and options give the same hearing again, so a replay needs nothing but its recipe.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from generation.clip import Clip
from generation.engines.base import Engine, ReadsPrompts
from generation.hearing import Hearing
from generation.request import Request

if TYPE_CHECKING:
    from generation.audio.analyse.overrides import Overrides
    from generation.audio.analyse.said import Said

MAX_KEPT = 64
"""A hearing of a five-minute clip is some 100 kB."""


@dataclass(frozen=True, slots=True)
class HeardAsSaid:
    """What the job's clips sound like. `overrides`: what the first of them was listened to again with and bore out."""

    hearings: tuple[Hearing, ...]
    overrides: Overrides | None = None

    def details(self) -> dict[str, Any]:
        """What goes into the recipe; nothing where there was nothing to listen to again."""
        if self.overrides is None:
            return {}
        return {"said_of_clip": {**asdict(self.overrides), "key": self.overrides.key and str(self.overrides.key)}}

    def remarks(self) -> tuple[str, ...]:
        """What the user should know."""
        if self.overrides is None:
            return ()
        return (f"With what you say of the clip I hear: {self.hearings[0].sentence()}.",)


class SecondEar:
    """Of one worker process; remembers the last MAX_KEPT hearings."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Overrides], tuple[Hearing, Overrides | None]] = OrderedDict()

    def hear(
        self,
        engine: Engine,
        request: Request,
        clips: Sequence[Clip],
        hearings: tuple[Hearing, ...],
        begin: Callable[[], None],
    ) -> HeardAsSaid:
        """The hearings, the first clip's with what the request says of it. `begin` is called before it is listened to
        again, which takes a second or two, and with the first clip of a process a second more for the nets."""
        if not clips or not hearings:
            return HeardAsSaid(hearings)
        from generation.audio.analyse.said import listen_again, overrides_for

        overrides = overrides_for(request.operation, said_of_clip(engine, request), hearings[0])
        if overrides is None:
            return HeardAsSaid(hearings)
        place = (request.clip_ids[0], overrides)
        if place not in self._kept:
            begin()
            self._kept[place] = listen_again(clips[0], hearings[0], overrides)
        self._kept.move_to_end(place)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        first, borne_out = self._kept[place]
        return HeardAsSaid((first, *hearings[1:]), borne_out)


def said_of_clip(engine: Engine, request: Request) -> Said:
    """What a request says: its options, and its prompt where the engine reads prompts for that."""
    from generation.audio.analyse.said import Said

    return engine.said_of_clip(request) if isinstance(engine, ReadsPrompts) else Said.by_options(request)
