"""The CDN: files on disk, URLs that are signed and expire."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import mimetypes
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from .messages import StoredFile

if TYPE_CHECKING:
    from .server import DiscordServer

# A signed URL is good for a day (reference "CDN Formatting", signed attachment URLs).
DEFAULT_LIFE_S = 24 * 3600.0


class Cdn:
    """Keeps what was uploaded, in a folder of its own that goes when the server goes."""

    def __init__(self, server: DiscordServer, life_s: float) -> None:
        self._server = server
        self.life_s = life_s
        self._secret = f"cdn {server.seed}".encode()
        self._folder = tempfile.TemporaryDirectory(prefix="discord-cdn-")
        self._files: dict[int, StoredFile] = {}
        self.answers = asyncio.Event()  # cleared by a test: downloads wait
        self.answers.set()

    def store(self, channel_id: int, filename: str, data: bytes, content_type: str | None = None) -> StoredFile:
        """Keep one file; its type is guessed from its name where none is given, as Discord does."""
        guessed = content_type or mimetypes.guess_type(filename)[0]
        digest = hashlib.sha256(data).hexdigest()
        file = StoredFile(self._server.ids.next(), channel_id, filename, len(data), digest, guessed)
        if not self._path(file).exists():
            self._path(file).write_bytes(data)
        self._files[file.id] = file
        return file

    def read(self, file: StoredFile) -> bytes:
        return self._path(file).read_bytes()

    def remove(self, file: StoredFile) -> None:
        """The file is gone, its URLs answer 404."""
        self._files.pop(file.id, None)

    def url(self, file: StoredFile) -> str:
        """A URL signed now."""
        path = f"/attachments/{file.channel_id}/{file.id}/{quote(file.filename)}"
        issued = int(self._server.clock.now_s())
        expires = int(issued + self.life_s)
        return f"{self._server.base_url}{path}?ex={expires:x}&is={issued:x}&hm={self._sign(file.id, expires, issued)}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """404 for what is gone or expired, 403 for a signature that is not ours."""
        self._server.downloads.append(request.path)
        await self.answers.wait()
        file = self._files.get(int(request.match_info["attachment_id"]))
        expires, issued = (int(request.query.get(key, "0"), 16) for key in ("ex", "is"))
        if request.query.get("hm") != self._sign(int(request.match_info["attachment_id"]), expires, issued):
            return web.Response(status=403, text="This content is no longer available.")
        if file is None or self._server.clock.now_s() > expires:
            return web.Response(status=404, text="This content is no longer available.")
        content_type = file.content_type or "application/octet-stream"
        return web.Response(body=self.read(file), headers={"Content-Type": content_type})

    def close(self) -> None:
        self._folder.cleanup()

    def _path(self, file: StoredFile) -> Path:
        return Path(self._folder.name) / file.sha256  # the same bytes are kept once

    def _sign(self, file_id: int, expires: int, issued: int) -> str:
        return hmac.new(self._secret, f"{file_id} {expires} {issued}".encode(), hashlib.sha256).hexdigest()
