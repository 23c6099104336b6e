"""Replay: a take is made again by its recipe, and held against what it was."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import structlog

from generation.clip import Clip
from generation.errors import Cancelled, EngineFailed, RequestRefused, TooBusy
from generation.jobs import REPLAYS, Origin
from generation.request import Recipe, Request, Take
from generation.service.rendering import load_take

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.service.facade import Service

log = structlog.get_logger()

ROUNDING_DB = -60.0
"""A difference that lies so far below the music is rounding (another processor adds in another order): unheard."""


class Verdict(StrEnum):
    """How a replay came out."""

    IDENTICAL = "identical"
    ROUNDING = "equal within rounding"
    DIFFERENT = "different"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay. `again` is the new take (None when it could not be made); `difference_db` how far the
    difference lies below the music (None when that is not known or nothing); `changes` are phrases such as "numpy
    2.1.0 then, 2.2.0 now"; `reason` says why it is impossible."""

    take_id: str
    verdict: Verdict
    again: Take | None = None
    difference_db: float | None = None
    changes: tuple[str, ...] = ()
    reason: str = ""

    def sentence(self) -> str:
        """The outcome in a few words, for people."""
        changed = f" Changed since: {'; '.join(self.changes)}." if self.changes else ""
        match self.verdict:
            case Verdict.IDENTICAL:
                return f"Identical, sample for sample.{changed}"
            case Verdict.ROUNDING:
                below_db = -(self.difference_db or 0.0)
                return f"Equal within rounding: the difference lies {below_db:.0f} dB below the music.{changed}"
            case Verdict.DIFFERENT:
                return f"Different.{changed or ' Nothing in its recipe says why.'}"
        return f"It can't be made again: {self.reason}{changed}"


async def replay_take(service: Service, store: AudioStore, take: Take, origin: Origin | None = None) -> Replay:
    """Make a take again, as a job like any other, and compare. `origin`: who asks, for the limits of the line.

    Raises:
        TooBusy: the line is full.
    """
    asker = origin or Origin(REPLAYS, REPLAYS)
    who = Origin(REPLAYS, asker.person_id, asker.person_name, asker.guild_id, asker.channel_id)
    try:
        ticket = await service.submit(request_of(take.recipe), who, key=f"{REPLAYS}:{secrets.token_hex(16)}")
        (again,) = await ticket.takes()
    except TooBusy:  # that is no word about the take: ask again later
        raise
    except (RequestRefused, EngineFailed, Cancelled) as error:
        return Replay(take.take_id, Verdict.IMPOSSIBLE, reason=str(error))
    await service.mark_delivered(ticket.job_id, REPLAYS)
    changes = changes_between(take.recipe, again.recipe)
    if again.samples_digest == take.samples_digest:
        return Replay(take.take_id, Verdict.IDENTICAL, again, changes=changes)
    difference_db = await _difference_db(store, take, again)
    is_rounding = difference_db is not None and difference_db <= ROUNDING_DB
    log.info("a replay differs", take_id=take.take_id, difference_db=difference_db, changes=changes)
    return Replay(
        take.take_id, Verdict.ROUNDING if is_rounding else Verdict.DIFFERENT, again, difference_db, changes
    )  # fmt: skip


def request_of(recipe: Recipe) -> Request:
    """The request that makes a recipe's take alone: its own seed, given and not drawn, and no place in a family."""
    return recipe.request.changed(seed=recipe.seed, num_takes=1, parent_take_ids=())


def changes_between(then: Recipe, now: Recipe) -> tuple[str, ...]:
    """What is not as it was when a take was made, in phrases for people."""
    pairs = [
        ("the engine", then.engine_revision, now.engine_revision),
        ("the precision", then.precision, now.precision),
        ("the device", then.device_kind, now.device_kind),
        ("what was heard in the clips", _heard(then), _heard(now)),
        ("the takes computed at once", *(str(item.details.get("takes_at_once", 1)) for item in (then, now))),
        *_made_with(then, now),
    ]
    names = sorted(then.versions.keys() | now.versions.keys())
    pairs += [(name, then.versions.get(name, "not used"), now.versions.get(name, "not used")) for name in names]
    return tuple(f"{name} ({before} then, {after} now)" for name, before, after in pairs if before != after)


def difference_db(one: Clip, other: Clip) -> float | None:
    """How far the difference of two clips lies below the first, in dB; None for other lengths, rates or channels."""
    if one.samples.shape != other.samples.shape or one.sample_rate_hz != other.sample_rate_hz:
        return None
    music = float(np.square(one.samples, dtype=np.float64).mean())
    apart = float(np.square(one.samples.astype(np.float64) - other.samples).mean())
    return 10 * float(np.log10(max(apart, 1e-20) / max(music, 1e-20)))


async def _difference_db(store: AudioStore, take: Take, again: Take) -> float | None:
    if not await asyncio.to_thread(store.has, take.audio_hash):
        return None  # its audio has expired: the digest alone says that it is not the same
    old, new = await load_take(store, take.audio_hash), await load_take(store, again.audio_hash)
    return await asyncio.to_thread(difference_db, old, new)


def _made_with(then: Recipe, now: Recipe) -> list[tuple[str, str, str]]:
    """Code, clips and levels, as far as both recipes name them (older ones don't)."""
    before, after = (recipe.details.get("made_with", {}) for recipe in (then, now))
    words = {
        "code": "Bandmate's code", "clips": "the clips", "target_lufs": "the loudness", "ceiling_dbfs": "the ceiling",
    }  # fmt: skip
    if then.engine_revision != now.engine_revision:
        del words["code"]  # said already
    return [
        (word, _shown(before[name]), _shown(after[name]))
        for name, word in words.items()
        if name in before and name in after
    ]


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _heard(recipe: Recipe) -> str:
    return " | ".join(str(sentence) for sentence in recipe.details.get("heard", ()))
