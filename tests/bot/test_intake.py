"""Attachments to bytes, over a real socket: limits, what is gone, names that play tricks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import Downloads, display_name
from generation.errors import ClipRefused

LIMIT_BYTES = 100_000


@dataclass
class Attachment:
    """What Discord says of an attachment."""

    url: str
    filename: str = "hum.ogg"
    size: int = 1000


class Cdn:
    """A file server that counts what is asked of it."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.requests = 0

    def url(self, path: str) -> str:
        return str(self.server.make_url(path))


@pytest.fixture
async def cdn() -> AsyncIterator[Cdn]:
    async def serve(request: web.Request) -> web.StreamResponse:
        found.requests += 1
        match request.path:
            case "/gone":
                return web.Response(status=404)
            case "/expired":
                return web.Response(status=403, text="signature expired")
            case "/down":
                return web.Response(status=503)
            case "/moved":
                raise web.HTTPFound("/small")
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                for _ in range(10_000):
                    await response.write(bytes(65536))
                return response
            case "/cut":
                response = web.StreamResponse(headers={"Content-Length": "5000"})
                await response.prepare(request)
                await response.write(bytes(100))
                if request.transport is not None:
                    request.transport.close()
                return response
        return web.Response(body=b"OggS" + bytes(996))

    app = web.Application()
    app.router.add_get("/{name}", serve)
    async with TestServer(app) as server:
        found = Cdn(server)
        yield found


async def read(cdn: Cdn, path: str, **told: object) -> bytes:
    async with Downloads(LIMIT_BYTES) as downloads:
        return await downloads.read(Attachment(cdn.url(path), **told))  # type: ignore[arg-type]


async def test_the_bytes_come_as_they_are(cdn: Cdn) -> None:
    assert await read(cdn, "/small") == b"OggS" + bytes(996)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/gone", "hum.ogg is gone from Discord or its link has expired. Attach it again."),
        ("/expired", "hum.ogg is gone from Discord or its link has expired. Attach it again."),
        ("/down", "Discord can't hand out hum.ogg now (HTTP 503). Try again soon."),
        ("/moved", "Discord can't hand out hum.ogg now (HTTP 302). Try again soon."),
        ("/cut", "hum.ogg could not be fetched from Discord. Try again in a moment."),
    ],
)
async def test_what_cannot_be_had_gets_its_sentence(cdn: Cdn, path: str, sentence: str) -> None:
    with pytest.raises(ClipRefused) as refused:
        await read(cdn, path)
    assert str(refused.value) == sentence


async def test_too_large_by_its_own_word_is_not_even_asked_for(cdn: Cdn) -> None:
    with pytest.raises(ClipRefused, match=r"has 1\.0 MB; at most 0\.1 MB"):
        await read(cdn, "/small", size=1024 * 1024)
    assert cdn.requests == 0


async def test_more_bytes_than_promised_are_not_read_to_the_end(cdn: Cdn) -> None:
    with pytest.raises(ClipRefused, match=r"at most 0\.1 MB"):
        await read(cdn, "/endless", size=1000)


async def test_empty(cdn: Cdn) -> None:
    with pytest.raises(ClipRefused, match="empty"):
        await read(cdn, "/small", size=0)


async def test_nobody_listens() -> None:
    async with Downloads(LIMIT_BYTES) as downloads:
        with pytest.raises(ClipRefused, match="could not be fetched"):
            await downloads.read(Attachment("http://127.0.0.1:9/none"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("hum.ogg", "hum.ogg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\hum.mp3", "hum.mp3"),
        ("\u202egnp.mp3\u0000", "gnp.mp3"),
        ("", "the file"),
        ("..", ".."),
    ],
)
def test_display_names(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text(max_size=300))
def test_a_display_name_is_one_short_visible_line(name: str) -> None:
    shown = display_name(name)
    assert 1 <= len(shown) <= 80 and "/" not in shown and shown.isprintable()
