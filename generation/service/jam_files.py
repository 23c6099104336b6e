"""The files that come out of a jam room: the mix, a layer alone, the stems as a zip, a vote's takes, a relay's song."""

from __future__ import annotations

import asyncio
import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from generation.clip import Clip
from generation.errors import BandmateError, RequestRefused
from generation.jam.room import Layer, Room, credit_lines
from generation.jobs import Rendered
from generation.request import AudioFormat, Take
from generation.service.rendering import load_take

if TYPE_CHECKING:
    from generation.audio.store import AudioStore
    from generation.audio.tags import Tags

_MAX_NAME_CHARACTERS = 40
_ZIP_BYTES = 32 * 1024
"""Room for a zip's own tables and the credits."""


async def mix_of(store: AudioStore, room: Room) -> Clip:
    """The audible layers at their gains, finished. Raises RequestRefused when there is nothing to hear."""
    from generation.audio.mixdown import Layer as Track
    from generation.audio.mixdown import mixdown

    if not room.layers:
        raise RequestRefused("There is nothing in this room yet: `/jam add` brings the first layer.")
    if not room.audible_layers:
        raise RequestRefused("All layers are muted: `/jam mute` lets one be heard again.")
    tracks = [Track(await load_take(store, layer.audio_hash), layer.gain_db) for layer in room.audible_layers]
    return await asyncio.to_thread(mixdown, tracks)


async def render_mix(store: AudioStore, room: Room, audio_format: AudioFormat, max_bytes: int | None) -> Rendered:
    """The mix as a tagged file. Raises RequestRefused."""
    name = _plain(room.title) or "jam"
    return await _render(
        store, await mix_of(store, room), f"{name}-mix", audio_format, max_bytes, _tags(room, room.title)
    )


async def render_layer(
    store: AudioStore, room: Room, layer: Layer, audio_format: AudioFormat, max_bytes: int
) -> Rendered:
    """One layer alone."""
    clip = await load_take(store, layer.audio_hash)
    return await _render(store, clip, _stem_name(room, layer), audio_format, max_bytes, _tags(room, layer.name, layer))


async def render_blind(store: AudioStore, take: Take, letter: str, max_bytes: int) -> Rendered:
    """A take of a vote: its file says what it is (generated), not whose."""
    from generation.audio.tags import Tags

    clip = await load_take(store, take.audio_hash)
    return await _render(store, clip, f"take-{letter}", AudioFormat.MP3, max_bytes, Tags(title=f"Take {letter}"))


async def render_relay(
    store: AudioStore, room: Room, takes: Sequence[Take], handed_on_s: float, max_bytes: int
) -> Rendered:
    """The takes of a relay as one song, each going on from the last `handed_on_s` seconds of the one before."""
    from generation.audio.chain import chain

    if not takes:
        raise BandmateError("Nothing was played in this relay.")
    clips = [await load_take(store, take.audio_hash) for take in takes]
    song = await asyncio.to_thread(chain, clips, handed_on_s)
    name = f"{_plain(room.title) or 'jam'}-relay"
    return await _render(store, song, name, AudioFormat.MP3, max_bytes, _tags(room, f"{room.title} (relay)"))


async def stems(store: AudioStore, room: Room, max_bytes: int) -> Rendered | None:
    """All layers whose audio is there in one zip with the credits: flac, else ogg; None when neither fits."""
    for audio_format in (AudioFormat.FLAC, AudioFormat.OGG):
        data = await _zip_of(store, room, audio_format)
        if len(data) <= max_bytes:
            lossy = audio_format is not AudioFormat.FLAC
            remark = "The stems are ogg files: as flac they would not fit here." if lossy else ""
            return Rendered(data, f"{_plain(room.title) or 'jam'}-stems.zip", audio_format, remark)
    return None


async def stem_parts(store: AudioStore, room: Room, max_bytes: int) -> list[Rendered]:
    """All layers in as many zips as it takes for each to fit `max_bytes`, each with the credits: flac, and what is too
    large alone as what fits."""
    packs: list[list[Rendered]] = [[]]
    for layer in room.layers:
        stem = await _stem(store, room, layer, AudioFormat.FLAC, max_bytes - _ZIP_BYTES)
        if packs[-1] and sum(len(file.data) for file in (*packs[-1], stem)) > max_bytes - _ZIP_BYTES:
            packs.append([])
        packs[-1].append(stem)
    name = f"{_plain(room.title) or 'jam'}-stems"
    names = [f"{name}.zip"] if len(packs) == 1 else [f"{name}-{number}.zip" for number in range(1, len(packs) + 1)]
    remarks = [" ".join(dict.fromkeys(stem.remark for stem in pack if stem.remark)) for pack in packs]
    return [
        Rendered(_zipped(room, pack), name, AudioFormat.FLAC, remark)
        for pack, name, remark in zip(packs, names, remarks, strict=True)
    ]


def credits_text(room: Room) -> str:
    """Who gave what, as the text file in the zip says it."""
    lines = [room.title, room.frame.sentence(), "", *credit_lines(room), "", "AI-generated with Bandmate."]
    return "\n".join(lines) + "\n"


async def _zip_of(store: AudioStore, room: Room, audio_format: AudioFormat) -> bytes:
    return _zipped(room, [await _stem(store, room, layer, audio_format, None) for layer in room.layers])


async def _stem(
    store: AudioStore, room: Room, layer: Layer, audio_format: AudioFormat, max_bytes: int | None
) -> Rendered:
    clip = await load_take(store, layer.audio_hash)
    return await _render(store, clip, _stem_name(room, layer), audio_format, max_bytes, _tags(room, layer.name, layer))


def _zipped(room: Room, stems: Sequence[Rendered]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # flac and ogg don't get smaller
        for stem in stems:
            archive.writestr(stem.filename, stem.data)
        archive.writestr("CREDITS.txt", credits_text(room))
    return out.getvalue()


async def _render(
    store: AudioStore, clip: Clip, name: str, audio_format: AudioFormat, max_bytes: int | None, tags: Tags
) -> Rendered:
    from generation.audio.encode import encode_to_fit

    encoded = await encode_to_fit(clip, audio_format, max_bytes, tags, folder=store.scratch)
    return Rendered(encoded.data, f"{name}.{encoded.audio_format.value}", encoded.audio_format, encoded.remark)


def _tags(room: Room, title: str, layer: Layer | None = None) -> Tags:
    from generation.audio.tags import Tags

    of_layers = [layer] if layer is not None else room.audible_layers
    parents = tuple(dict.fromkeys(item.take_id for item in of_layers if item.take_id))
    return Tags(title=title or "Jam", credits=credit_lines(room), parents=parents)


def _stem_name(room: Room, layer: Layer) -> str:
    parts = [f"{layer.layer_id:02d}", _plain(layer.name), _plain(room.name_of(layer.owner_id))]
    return "-".join(part for part in parts if part)


def _plain(words: str) -> str:
    """Plain ASCII for a file's name; accents go, other scripts become nothing."""
    ascii_words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_words).strip("-")[:_MAX_NAME_CHARACTERS].rstrip("-")
