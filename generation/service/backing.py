"""A take as the backing of an accompaniment: its clip, and its drums apart where it is to be transposed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from generation.audio.together import moved_to
from generation.clip import Clip
from generation.errors import TakeNotFound
from generation.hearing import Hearing
from generation.jobs import CheckIn, Origin
from generation.keys import key_asked
from generation.request import Operation, Take
from generation.service.rendering import load_take

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.service.reception import Reception

DRUMS = "drums"
WHOLE_IN_STEMS = frozenset({Operation.COMPOSE, Operation.RESTYLE, Operation.VARY})
"""The operations whose stems are all of the take from its first sample on, and nothing else."""
SAME_LENGTH_S = 0.001


class Backings:
    """Lets in what a take that was let in itself (Service.clip_of_take) further needs as a backing."""

    def __init__(self, store: AudioStore, reception: Reception) -> None:
        self._store, self._reception = store, reception

    async def parts_of(
        self, take: Take, whole: CheckIn, *, owner: Origin, under: Hearing, key: str | None = None
    ) -> tuple[CheckIn, ...]:
        """What follows `whole`, the take as a clip, in Request.clip_ids: where it has to be moved to another key and
        its stems are here, its drums and the rest, else nothing. `under`: what was heard in the clip it goes under."""
        wanted = key_asked(key)
        if not round(moved_to(under, whole.hearing, wanted)) or take.recipe.request.operation not in WHOLE_IN_STEMS:
            return ()
        parts = await self._parts(take)
        if parts is None:
            return ()
        names = (f"the drums of take {take.take_id}", f"take {take.take_id} without drums")
        let_in = [
            await self._reception.let_in(part, name=name, owner=owner) for part, name in zip(parts, names, strict=True)
        ]
        return tuple(let_in)

    async def _parts(self, take: Take) -> tuple[Clip, Clip] | None:
        """The drums, and the sum of the other stems; None where they are not known or not here any more."""
        if DRUMS not in take.stem_hashes or len(take.stem_hashes) < 2:
            return None
        try:
            stems = {name: await load_take(self._store, digest) for name, digest in take.stem_hashes.items()}
        except TakeNotFound:
            return None
        drums = stems.pop(DRUMS)
        alike = {(stem.num_frames, stem.num_channels, stem.sample_rate_hz) for stem in (drums, *stems.values())}
        if len(alike) > 1 or abs(drums.duration_s - take.duration_s) > SAME_LENGTH_S:
            return None
        return await asyncio.to_thread(_beside_the_rest, drums, list(stems.values()))


def _beside_the_rest(drums: Clip, others: list[Clip]) -> tuple[Clip, Clip]:
    """The drums and the sum of the others, both turned down where that passes full scale: the mix sets the level."""
    rest = np.asarray(np.sum([stem.samples for stem in others], axis=0), np.float32)
    room = np.float32(1 / max(float(np.abs(rest).max()), 1.0))
    return Clip(drums.samples * room, drums.sample_rate_hz), Clip(rest * room, drums.sample_rate_hz)
