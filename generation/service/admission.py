"""Whether a request can be made here at all, how much music it is, and what to say when a limit is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from generation.engines.base import Capabilities
from generation.errors import EngineUnavailable, RequestRefused, TooBusy
from generation.hearing import Hearing
from generation.jobs import Origin
from generation.limits import Resource, Whose
from generation.request import Operation, Request

if TYPE_CHECKING:
    from generation.ledger import BudgetSpent

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
        counted = hearings[:1] if request.has_backing else hearings  # as long as the clip, however long the backing
        one_s = min(max(hearing.duration_s for hearing in counted), engine.max_duration_s)
    else:
        one_s = min(USUAL_LENGTH_S, engine.max_duration_s)
    return one_s * request.num_takes


def least_music_s(request: Request, engine: Capabilities) -> float:
    """Seconds of music that a request asks for at least, while its clips are not listened to; 0 when nobody knows."""
    if request.duration_s is None and request.operation in _AS_LONG_AS_THE_CLIP and request.clip_ids:
        return 0.0
    return music_s(request, engine, ())


def too_busy(scope: str, limit: int, minutes: int | None) -> TooBusy:
    """The sentence for a limit that is reached. `scope` as in LimitReached; `minutes` until there is room: in a guild
    until one of its takes is made, in all until the line is empty."""
    when = f"in about {minutes} minute{'s' if minutes != 1 else ''}" if minutes is not None else "in a few minutes"
    takes = "one take" if limit == 1 else f"{limit} takes"
    if scope == "person":
        return TooBusy(f"You have {takes} waiting or being made already. Ask again when one of them is here.")
    if scope == "guild":
        return TooBusy(f"This server has {takes} waiting or being made already. Ask again {when}.")
    return TooBusy(f"I'm too busy: {takes} are waiting. The line should be empty {when}; ask again then.")


def over_budget(spent: BudgetSpent) -> TooBusy:
    """The sentences for a daily limit: what it is, how much of it is used, when there is room again."""
    limit, used = _span(spent.budget.limit_s), f"{_span(spent.used_s)} went into the last 24 hours."
    if spent.coming_s >= 1:
        used = f"{_span(spent.used_s)} went into the last 24 hours, {_span(spent.coming_s)} waits or is being made."
    sentences = {
        (Whose.PERSON, Resource.MUSIC): f"You may have {limit} of music a day.",
        (Whose.MEMBER, Resource.MUSIC): f"On this server you may have {limit} of music a day.",
        (Whose.GUILD, Resource.MUSIC): f"This server may have {limit} of music a day.",
        (Whose.PERSON, Resource.DEVICE): f"You may have {limit} of computing a day.",
        (Whose.MEMBER, Resource.DEVICE): f"On this server you may have {limit} of computing a day.",
        (Whose.GUILD, Resource.DEVICE): f"This server may have {limit} of computing a day.",
    }
    whose = sentences[spent.budget.whose, spent.budget.what]
    return TooBusy(f"{whose} {used} {_when_there_is_room(spent)}")


def _when_there_is_room(spent: BudgetSpent) -> str:
    if spent.wanted_s > spent.budget.limit_s:
        return f"This asks for {_span(spent.wanted_s)}: ask for less."
    if spent.room_in_s is None:  # by what waits alone
        return "Ask for less, or again tomorrow."
    when = _span(_rounded_up(spent.room_in_s))
    if spent.left_s >= 1:
        return f"{_span(spent.left_s)} is left: ask for less now, or again in about {when}."
    return f"Ask again in about {when}."


def too_soon(cooldown_s: float, wait_s: float) -> TooBusy:
    """The sentence for somebody who has just ordered."""
    return TooBusy(f"There is one order every {_span(cooldown_s)} for each of you. Ask again in {_span(wait_s + 1)}.")


def _rounded_up(seconds: float) -> float:
    """As exact as somebody needs it who waits so long: to a minute, under two minutes to a second."""
    return seconds + 1 if seconds < 120 else 60.0 * (seconds // 60 + 1)


def _span(seconds: float) -> str:
    """A length for people, rounded down: "40 s", "8 min 20 s", "3 h 10 min"."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    named = ((hours, "h"), (minutes, "min"), (0 if hours else rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in named if number) or "0 s"


def cleaned(origin: Origin) -> Origin:
    """Without the one character that PostgreSQL can't keep in a text."""
    return replace(origin, person_name=origin.person_name.replace("\0", ""))


def _no_engine(name: str, engines: Mapping[str, Capabilities]) -> str:
    if not engines:
        return "No engine is ready yet. Ask again in a minute."
    return f"There is no engine called {name!r} here; there are {', '.join(sorted(engines))}."
