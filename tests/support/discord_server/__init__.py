"""A wire-level Discord server for tests: the unmodified discord.py talks to it over sockets.

Names are looked up when they are asked for, so that `redirect` can run a bot without loading any of this.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "DiscordServer": "server",
    "Attachment": "messages",
    "Message": "messages",
    "StoredFile": "messages",
    "Interaction": "interactions",
    "Channel": "places",
    "Guild": "places",
    "User": "people",
    "Role": "people",
    "NotPossible": "options",
    "Fault": "faults",
    "faults": "",
    "LIKE_DISCORD": "ratelimits",
    "GENEROUS": "ratelimits",
    "Rule": "ratelimits",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(name)
    if not _PUBLIC[name]:
        return import_module(f".{name}", __name__)
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
