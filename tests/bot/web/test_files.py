"""A take is encoded once, however often and by however many its file is asked for; what was taken back is gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.web.files import EncodedFiles
from generation.errors import EncodingFailed, TakeNotFound
from generation.request import AudioFormat
from generation.service import Rendered

MP3, WAV = AudioFormat.MP3, AudioFormat.WAV


class Encoder:
    """A service whose encoder waits until it is let go; files of 10 bytes."""

    def __init__(self) -> None:
        self.rendered: list[tuple[str, AudioFormat]] = []
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.begun = asyncio.Event()
        self.failure: Exception | None = None
        self.gone: set[str] = set()
        self.retracted: set[str] = set()

        async def is_retracted(take_id: str) -> bool:
            return take_id in self.retracted

        self.sharing = SimpleNamespace(is_retracted=is_retracted)

    async def take(self, take_id: str) -> Any:
        if take_id in self.gone:
            raise TakeNotFound("There is no such take any more.")

    async def render(self, take_id: str, audio_format: AudioFormat) -> Rendered:
        self.rendered.append((take_id, audio_format))
        self.begun.set()
        await self.may_go.wait()
        if self.failure is not None:
            raise self.failure
        return Rendered(b"0123456789", f"{take_id}.{audio_format.value}", audio_format)


def files_of(encoder: Encoder, max_bytes: int = 100) -> EncodedFiles:
    service: Any = encoder
    return EncodedFiles(service, max_bytes)


async def test_ranges_of_one_file_and_two_at_once_encode_it_once() -> None:
    encoder = Encoder()
    files = files_of(encoder)
    encoder.may_go.clear()
    first, second = (asyncio.create_task(files.get("a", MP3)) for _ in range(2))
    await encoder.begun.wait()
    first.cancel()
    encoder.may_go.set()
    assert (await second).data == b"0123456789"
    assert (await files.get("a", MP3)).filename == "a.mp3"
    assert encoder.rendered == [("a", MP3)]
    await files.get("a", WAV)
    assert encoder.rendered == [("a", MP3), ("a", WAV)]


async def test_the_oldest_files_go_when_there_are_too_many_bytes() -> None:
    encoder = Encoder()
    files = files_of(encoder, max_bytes=25)
    for take_id in ("a", "b", "a", "c", "a", "b"):
        await files.get(take_id, MP3)
    assert [take_id for take_id, _ in encoder.rendered] == ["a", "b", "c", "b"]
    await files_of(encoder, max_bytes=5).get("larger than all", MP3)


async def test_what_fails_is_tried_again() -> None:
    encoder = Encoder()
    files = files_of(encoder)
    encoder.failure = EncodingFailed("The disk is full.")
    with pytest.raises(EncodingFailed):
        await files.get("a", MP3)
    encoder.failure = None
    assert (await files.get("a", MP3)).data


async def test_what_was_taken_back_or_forgotten_is_not_handed_out() -> None:
    encoder = Encoder()
    files = files_of(encoder)
    for take_id in ("a", "b"):
        await files.get(take_id, MP3)
    encoder.retracted.add("a")
    encoder.gone.add("b")
    for take_id in ("a", "b"):
        with pytest.raises(TakeNotFound):
            await files.get(take_id, MP3)
    encoder.retracted.clear()
    await files.get("a", MP3)
    assert encoder.rendered.count(("a", MP3)) == 2
    await files.close()
