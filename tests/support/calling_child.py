"""A child process that calls the address it is given and says what came of it."""

from __future__ import annotations

import socket
from urllib.parse import urlparse

from generation.worker.inside import Inside
from generation.worker.messages import Heard


def main() -> None:
    """Wait for the setup and for an address in a Heard; answer with the outcome; end."""
    inside = Inside.open()
    inside.setup()
    (told,) = inside.waiting(limit_s=60.0)
    if not isinstance(told, Heard):
        raise TypeError("an address was expected")
    url = urlparse(told.clip)
    try:
        socket.create_connection((url.hostname or "", url.port or 0), timeout=30).close()
    except OSError as error:
        inside.tell(Heard(told.clip, sentence=type(error).__name__))
    else:
        inside.tell(Heard(told.clip, sentence="connected"))


if __name__ == "__main__":
    main()
