"""The reception: uploads become clips of the store with what was heard in them; takes become clips to build on."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, NamedTuple

import structlog

from generation.clip import Clip
from generation.config import ServiceConfig
from generation.hearing import Hearing
from generation.jobs import CheckIn, Origin
from generation.request import Take
from generation.service.ears import Ears
from generation.service.in_hand import Incoming, InHand
from generation.service.rendering import load_take
from generation.service.turnstile import Turnstile

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.ledger import Ledger

log = structlog.get_logger()
MAX_NAME_CHARACTERS = 200


class _Sound(NamedTuple):
    """What is written down of a clip whose samples lie in the store."""

    audio_hash: str
    duration_s: float
    sample_rate_hz: int
    num_channels: int


def _sound_of(audio_hash: str, clip: Clip) -> _Sound:
    return _Sound(audio_hash, clip.duration_s, clip.sample_rate_hz, clip.num_channels)


class Reception:
    """Lets clips in."""

    def __init__(self, config: ServiceConfig, ledger: Ledger, store: AudioStore) -> None:
        self._config, self._ledger, self._store = config, ledger, store
        self._in_hand = InHand(max_clips_per_person=config.max_clips_per_person, max_bytes=config.max_held_bytes)
        self._decoding = Turnstile(os.cpu_count() or 1)  # a decoder is a process of up to 100 MB
        self._ears = Ears(config)

    async def open(self) -> None:
        """Start the analysis process."""
        await self._ears.open()

    async def close(self) -> None:
        """End the analysis processes."""
        await self._ears.close()

    async def check_in(self, upload: bytes | Incoming, *, name: str, owner: Origin) -> CheckIn:
        """Fetch, decode, keep and analyse an upload.

        Raises ClipRefused; TooBusy: too many are in hand; BandmateError: the disk is full.
        """
        if isinstance(upload, bytes):
            data = upload
            upload = Incoming(len(data), lambda: _given(data))
        with self._in_hand.clip_of(_person(owner)):
            sound, remarks = await self._take_in(upload, owner)
            return await self._let_in(sound, name=name, owner=owner, remarks=remarks)

    async def clip_of_take(self, take: Take, *, owner: Origin) -> CheckIn:
        """A take as a clip. Raises TakeNotFound when its audio is gone."""
        sound = _sound_of(take.audio_hash, await load_take(self._store, take.audio_hash))
        return await self._let_in(sound, name=f"take {take.take_id}", owner=owner)

    async def let_in(self, clip: Clip, *, name: str, owner: Origin) -> CheckIn:
        """A clip that was made here, such as the end of a take. Raises ClipRefused; BandmateError: the disk is full."""
        return await self._let_in(await asyncio.to_thread(self._keep, clip), name=name, owner=owner)

    async def _take_in(self, upload: Incoming, owner: Origin) -> tuple[_Sound, tuple[str, ...]]:
        """From the first byte to the store. When this returns, neither bytes nor samples are held any more: they are up
        to 140 MB, and many may wait to be listened to."""
        from generation.audio.decode import decode

        async with self._in_hand.room_for(upload.num_bytes):
            data = await upload.fetch()
            async with self._decoding.turn(_person(owner)):
                decoded = await decode(data, self._config.decode_limits)
                return await asyncio.to_thread(self._keep, decoded.clip), decoded.remarks

    def _keep(self, clip: Clip) -> _Sound:
        return _sound_of(self._store.put(clip), clip)

    async def _let_in(self, sound: _Sound, *, name: str, owner: Origin, remarks: tuple[str, ...] = ()) -> CheckIn:
        from generation.ledger import ClipRow

        audio_hash = sound.audio_hash
        hearing = await self._hearing(sound, owner)
        row = ClipRow(audio_hash, audio_hash, sound.duration_s, sound.sample_rate_hz, sound.num_channels, hearing)
        shown = name.replace("\0", "")[:MAX_NAME_CHARACTERS]
        await self._ledger.clips.add(row, owner=owner, name=shown, remarks=remarks)
        log.info("clip let in", clip=audio_hash, seconds=round(sound.duration_s, 2), heard=hearing.sentence())
        return CheckIn(audio_hash, shown, hearing, (*remarks, *hearing.remarks))

    async def _hearing(self, sound: _Sound, owner: Origin) -> Hearing:
        """What is heard, or was heard when the same audio came before."""
        known = await self._ledger.clips.find([sound.audio_hash])
        if sound.audio_hash in known:
            return known[sound.audio_hash].hearing
        return await self._ears.hear(sound.audio_hash, sound.duration_s, _person(owner))


async def _given(data: bytes) -> bytes:
    return data


def _person(owner: Origin) -> str:
    return f"{owner.front_end}:{owner.person_id}"
