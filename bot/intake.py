"""Attachment to bytes: the size limit before the download, a bounded read, a sentence for what is gone."""

from __future__ import annotations

import asyncio
import unicodedata
from pathlib import PurePosixPath
from typing import Protocol

import aiohttp

from bot import texts
from generation.errors import ClipRefused

DOWNLOAD_TIMEOUT_S = 30
MAX_DOWNLOADS_AT_ONCE = 4
"""Bounds the memory of uploads that are being read: this many times the size limit."""
_GONE_STATUSES = frozenset({403, 404, 410})
"""What Discord's CDN answers for a deleted file or a signature that has expired."""


class AttachmentLike(Protocol):
    """What intake reads of a discord.Attachment; content type and length are never believed."""

    @property
    def filename(self) -> str:
        """The name it was uploaded with: shown to people, never used as a path."""

    @property
    def size(self) -> int:
        """Bytes, as Discord counted them."""

    @property
    def url(self) -> str:
        """The signed address, good for some hours."""


class Downloads:
    """Reads attachments with one HTTP session. Opened with `async with`."""

    def __init__(self, max_upload_bytes: int) -> None:
        self.max_upload_bytes = max_upload_bytes
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(MAX_DOWNLOADS_AT_ONCE)

    async def __aenter__(self) -> Downloads:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DOWNLOAD_TIMEOUT_S))
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def require_fit(self, attachment: AttachmentLike) -> None:
        """Raises ClipRefused where its own word says that it is too large, or empty."""
        name = display_name(attachment.filename)
        if attachment.size > self.max_upload_bytes:
            raise self._too_large(name, attachment.size)
        if attachment.size == 0:
            raise ClipRefused(f"{name} is empty: it has no bytes. Upload it again.")

    async def read(self, attachment: AttachmentLike) -> bytes:
        """Read an attachment.

        Raises:
            ClipRefused: it is too large (told before anything is read), empty, gone, or can't be read now.
        """
        self.require_fit(attachment)
        async with self._slots:
            return await self._fetch(attachment.url, display_name(attachment.filename))

    async def _fetch(self, url: str, name: str) -> bytes:
        if self._session is None:
            raise RuntimeError("Downloads is not open: use it inside `async with`")
        try:
            # Discord's CDN answers directly; a redirect could lead anywhere, so none is followed.
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status in _GONE_STATUSES:
                    raise ClipRefused(f"{name} is gone from Discord or its link has expired. Attach it again.")
                if response.status != 200:
                    raise ClipRefused(f"Discord can't hand out {name} now (HTTP {response.status}). Try again soon.")
                return await self._read_bounded(response, name)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClipRefused(f"{name} could not be fetched from Discord. Try again in a moment.") from error

    async def _read_bounded(self, response: aiohttp.ClientResponse, name: str) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            data += chunk
            if len(data) > self.max_upload_bytes:
                raise self._too_large(name, len(data))
        return bytes(data)

    def _too_large(self, name: str, num_bytes: int) -> ClipRefused:
        limit = texts.size(self.max_upload_bytes)
        return ClipRefused(f"{name} has {texts.size(num_bytes)}; at most {limit} are taken. Cut or compress it first.")


def display_name(filename: str) -> str:
    """An upload's name as it is shown: the last part, visible characters only, at most 80 of them."""
    last = PurePosixPath(filename.replace("\\", "/")).name
    return texts.plain(unicodedata.normalize("NFC", last), 80) or "the file"
