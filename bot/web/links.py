"""Links to files that are too large for Discord: signed, for some days; nobody can guess one."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from generation.errors import BandmateError, RequestRefused

LIFETIME_S = 7 * 86_400.0
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and until when (seconds since the epoch) it leads somewhere."""

    url: str
    ends_at: float


class Links:
    """Makes the links and checks them: the signature (HMAC-SHA256, RFC 2104) covers what is linked and the end.

    `public_url` is where the page's server can be reached from outside, without a slash at its end.
    """

    def __init__(self, public_url: str, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._public_url, self._secret, self._clock = public_url.rstrip("/"), secret, clock

    def to_stems(self, room_id: str) -> Link:
        """To all layers of a room."""
        ends_at = self._clock() + LIFETIME_S
        query = urlencode({"until": f"{ends_at:.0f}", "key": self._signature(room_id, f"{ends_at:.0f}")})
        return Link(f"{self._public_url}/shared/rooms/{room_id}/stems.zip?{query}", ends_at)

    def require_right(self, room_id: str, until: str, key: str) -> None:
        """Raises RequestRefused for a link that has ended or that is not ours."""
        is_ours = hmac.compare_digest(self._signature(room_id, until).encode(), key.encode())
        if not is_ours or not until.isdecimal() or float(until) < self._clock():
            raise RequestRefused("This link has ended or is not whole. /jam stems in the room gives the files.")

    def _signature(self, room_id: str, until: str) -> str:
        return hmac.new(self._secret, f"stems {room_id} {until}".encode(), hashlib.sha256).hexdigest()


def kept_secret(path: Path) -> bytes:
    """The secret in a file that only its owner can read; made when it is not there. Raises BandmateError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(SECRET_BYTES))
        except FileExistsError:
            pass
        secret = path.read_bytes()
    except OSError as error:
        raise BandmateError(f"{path} can't be kept: {error.strerror}.") from error
    if len(secret) != SECRET_BYTES:
        raise BandmateError(f"{path} is damaged: remove it, and a new one is made; links that are out there end.")
    return secret
