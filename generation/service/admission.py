"""Whether a request can be made here at all, how much music it is, and what to say when the line is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generation.engines.base import Capabilities
from generation.errors import EngineUnavailable, RequestRefused, TooBusy
from generation.hearing import Hearing
from generation.jobs import Origin
from generation.request import Operation, Request

USUAL_LENGTH_S = 20.0
"""The length of a take when neither the request nor its operation says one (Request.duration_s)."""
_AS_LONG_AS_THE_CLIP = {Operation.RESTYLE, Operation.ACCOMPANY, Operation.VARY, Operation.BLEND}


def check(request: Request, engines: Mapping[str, Capabilities], unavailable: Mapping[str, str]) -> None:
    """Raises EngineUnavailable or RequestRefused with the sentence when no engine here can make it."""
    engine = engines.get(request.engine)
    if engine is None:
        raise EngineUnavailable(unavailable.get(request.engine) or _no_engine(request.engine, engines))
    if request.operation not in engine.operations:
        able = sorted(name for name, other in engines.items() if request.operation in other.operations)
        instead = f" Use {' or '.join(able)} for it." if able else ""
        raise RequestRefused(f"The engine {request.engine} can't {request.operation.value}.{instead}")
    if request.duration_s is not None and request.duration_s > engine.max_duration_s:
        raise RequestRefused(
            f"The engine {request.engine} makes at most {engine.max_duration_s:g} s, not {request.duration_s:g} s."
        )
    if request.model is not None and request.model not in engine.models:
        choice = f"it has {', '.join(engine.models)}" if engine.models else "it has no models to choose from"
        raise RequestRefused(f"The engine {request.engine} has no model called {request.model!r}: {choice}.")


def music_s(request: Request, engine: Capabilities, hearings: tuple[Hearing, ...]) -> float:
    """Seconds of music that a request asks for, over all its takes."""
    if request.duration_s is not None:
        one_s = request.duration_s
    elif request.operation in _AS_LONG_AS_THE_CLIP and hearings:
        one_s = min(max(hearing.duration_s for hearing in hearings), engine.max_duration_s)
    else:
        one_s = min(USUAL_LENGTH_S, engine.max_duration_s)
    return one_s * request.num_takes


def too_busy(scope: str, limit: int, minutes: int | None) -> TooBusy:
    """The sentence for a limit that is reached. `scope` as in LimitReached; `minutes` until the line is empty."""
    when = f"in about {minutes} minute{'s' if minutes != 1 else ''}" if minutes is not None else "in a few minutes"
    takes = "one take" if limit == 1 else f"{limit} takes"
    if scope == "person":
        return TooBusy(f"You have {takes} waiting or being made already. Ask again when one of them is here.")
    if scope == "guild":
        return TooBusy(f"This server has {takes} waiting or being made already. Ask again {when}.")
    return TooBusy(f"I'm too busy: {takes} are waiting. The line should be empty {when}; ask again then.")


def cleaned(origin: Origin) -> Origin:
    """Without the one character that PostgreSQL can't keep in a text."""
    return replace(origin, person_name=origin.person_name.replace("\0", ""))


def _no_engine(name: str, engines: Mapping[str, Capabilities]) -> str:
    if not engines:
        return "No engine is ready yet. Ask again in a minute."
    return f"There is no engine called {name!r} here; there are {', '.join(sorted(engines))}."
