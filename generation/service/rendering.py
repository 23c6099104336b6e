"""From a take in the store to a file that can be sent, and to its picture; the work is done in threads."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from generation.clip import Clip
from generation.errors import TakeNotFound
from generation.jobs import Rendered
from generation.request import AudioFormat, Operation, Take

if TYPE_CHECKING:
    from pathlib import Path

    from generation.audio.store import AudioStore
    from generation.audio.tags import Tags

_MAX_NAME_CHARACTERS = 40


async def load_take(store: AudioStore, audio_hash: str) -> Clip:
    """A take's audio. Raises TakeNotFound when it was removed."""
    if not await asyncio.to_thread(store.has, audio_hash):
        raise TakeNotFound("The audio of this take is gone: it was deleted or has expired.")
    return await asyncio.to_thread(store.get, audio_hash)


async def render_take(
    store: AudioStore,
    take: Take,
    audio_format: AudioFormat,
    *,
    max_bytes: int | None,
    stem: str | None,
    ffmpeg: Path | None,
    tags: Tags,
) -> Rendered:
    """A take, or one of its stems, as a file with these tags that fits `max_bytes`. Raises TakeNotFound."""
    from generation.audio.encode import encode_to_fit

    clip = await load_take(store, _audio_hash(take, stem))
    encoded = await encode_to_fit(clip, audio_format, max_bytes, tags, ffmpeg=ffmpeg, folder=store.scratch)
    filename = f"{file_stem(take, stem)}.{encoded.audio_format.value}"
    remarks = (encoded.remark, _gap_remark(take, encoded.audio_format))
    return Rendered(encoded.data, filename, encoded.audio_format, " ".join(remark for remark in remarks if remark))


def _gap_remark(take: Take, audio_format: AudioFormat) -> str:
    """What to say of a loop in a format that can't repeat it; nothing if the take itself says it already."""
    from generation.audio.loop import NOT_GAPLESS

    is_loop = take.recipe.request.operation is Operation.LOOP
    return NOT_GAPLESS if is_loop and audio_format is AudioFormat.MP3 and NOT_GAPLESS not in take.remarks else ""


async def take_waveform_png(store: AudioStore, take: Take) -> bytes:
    """A picture of a take's waveform. Raises TakeNotFound."""
    from generation.audio.picture import waveform_png

    return await asyncio.to_thread(waveform_png, await load_take(store, take.audio_hash))


async def take_voice_waveform(store: AudioStore, take: Take) -> bytes:
    """A take's outline for a voice message: at most 256 bytes. Raises TakeNotFound."""
    from generation.audio.picture import voice_waveform

    return await asyncio.to_thread(voice_waveform, await load_take(store, take.audio_hash))


async def take_midi(store: AudioStore, take: Take) -> bytes:
    """A take's notes as a MIDI file. Raises TakeNotFound when its engine wrote none."""
    if take.midi_hash is None:
        raise TakeNotFound("This take has no MIDI: only the arranger writes its notes down.")
    return await asyncio.to_thread(store.get_blob, take.midi_hash)


def tags_of(take: Take, stem: str | None = None, credits: tuple[str, ...] = ()) -> Tags:
    """What a take's file says of itself: credits, recipe, licence, parents, and that it was generated."""
    from generation.audio.tags import Tags

    request = take.recipe.request
    title = request.prompt.strip() or request.operation.value
    return Tags(
        title=f"{title} ({stem})" if stem else title,
        engine=request.engine,
        licence=take.recipe.licence,
        credits=credits,
        take_id=take.take_id,
        parents=take.parents,
        recipe=take.recipe.to_json(),
    )


def file_stem(take: Take, stem: str | None = None) -> str:
    """A file's name without its extension: operation, words of the prompt and the take's id, plain ASCII."""
    request = take.recipe.request
    words = re.sub(r"[^a-z0-9]+", "-", request.prompt.lower()).strip("-")[:_MAX_NAME_CHARACTERS].rstrip("-")
    part = re.sub(r"[^a-z0-9]+", "-", (stem or "").lower()).strip("-")
    return "-".join(item for item in (request.operation.value, words, part, take.take_id) if item)


def _audio_hash(take: Take, stem: str | None) -> str:
    if stem is None:
        return take.audio_hash
    if stem not in take.stem_hashes:
        there = f"it has {', '.join(sorted(take.stem_hashes))}" if take.stem_hashes else "it has none"
        raise TakeNotFound(f"This take has no stem called {stem!r}: {there}.")
    return take.stem_hashes[stem]
