"""Shared files: only with the whole link, only until it ends, only from /shared/, and only where it was set up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.web import WebConfig, serve_page
from bot.web.links import LIFETIME_S, Links, kept_secret
from generation.errors import BandmateError, RequestRefused
from generation.request import AudioFormat
from generation.service import Rendered
from tests.support.jam_rooms import room_of, with_layers

PUBLIC = "https://music.example.org"
FROM_OUTSIDE = {"Host": "music.example.org"}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def service() -> Any:
    """A service with one room, whose stems are a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("01-drums.flac", b"fLaC")

    async def room(room_id: str) -> Any:
        if room_id != "room":
            raise RequestRefused("There is no such room any more.")
        return with_layers(room_of(), "drums")

    async def stems(found: Any, max_bytes: int) -> Rendered:
        return Rendered(out.getvalue(), "den-stems.zip", AudioFormat.FLAC)

    async def finished(front_end: str) -> AsyncIterator[Any]:
        return
        yield

    return SimpleNamespace(jams=SimpleNamespace(room=room, stems=stems), finished=finished, engines={})


@asynccontextmanager
async def outsider(links: Links | None) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who comes through the operator's proxy."""
    async with (
        serve_page(service(), WebConfig(port=0, links=links)) as address,
        aiohttp.ClientSession(base_url=address, headers=FROM_OUTSIDE) as http,
    ):
        yield http


def path_of(url: str) -> str:
    assert url.startswith(f"{PUBLIC}/shared/rooms/room/stems.zip?")
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def test_a_link_gives_the_zip_to_whoever_has_it_until_it_ends() -> None:
    clock = Clock()
    links = Links(f"{PUBLIC}/", b"s" * 32, clock)
    link = links.to_stems("room")
    assert link.ends_at == clock.now + LIFETIME_S
    async with outsider(links) as http:
        async with http.get(path_of(link.url)) as response:
            assert response.status == 200 and response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Disposition"] == 'attachment; filename="den-stems.zip"'
            with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
                assert archive.namelist() == ["01-drums.flac"]
        clock.now = link.ends_at + 1
        async with http.get(path_of(link.url)) as response:
            assert response.status == 422 and "/jam stems" in (await response.json())["error"]


async def test_no_part_of_a_link_can_be_changed() -> None:
    links = Links(PUBLIC, b"s" * 32, Clock())
    path = path_of(links.to_stems("room").url)
    longer = path.replace("until=1", "until=9")
    other_room, no_key = path.replace("/room/", "/other/"), path.partition("&key=")[0]
    elsewhere = path_of(Links(PUBLIC, b"t" * 32, Clock()).to_stems("room").url)
    async with outsider(links) as http:
        for wrong in (longer, other_room, no_key, f"{path}0", elsewhere, f"{no_key}&key=%C3%A4"):
            async with http.get(wrong) as response:
                assert response.status == 422, wrong


async def test_nothing_else_is_open_to_the_outside() -> None:
    async with outsider(Links(PUBLIC, b"s" * 32)) as http:
        for path in ("/", "/api/engines", "/static/page.js", "/shared/../api/engines"):
            async with http.get(path) as response:
                assert response.status in (403, 404), path
        async with http.post("/shared/rooms/room/stems.zip") as response:
            assert response.status == 403
    async with outsider(None) as http, http.get(path_of(Links(PUBLIC, b"s" * 32).to_stems("room").url)) as response:
        assert response.status == 404


def test_the_secret_is_kept_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "links.key"
    secret = kept_secret(path)
    assert len(secret) == 32 and kept_secret(path) == secret and path.stat().st_mode & 0o077 == 0
    assert kept_secret(tmp_path / "other.key") != secret
    path.write_bytes(b"short")
    with pytest.raises(BandmateError, match="is damaged"):
        kept_secret(path)
