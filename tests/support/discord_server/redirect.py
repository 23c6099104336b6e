"""Points an unmodified discord.py at this server: in this process, or in one that is started for it.

    python -m tests.support.discord_server.redirect http://127.0.0.1:8080 -- bot.cli serve --some-option
    python -m tests.support.discord_server.redirect --without-zstd http://127.0.0.1:8080 -- bot.cli serve

The second form hides zstandard, so that discord.py falls back to zlib.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def redirected(base_url: str) -> Iterator[None]:
    """Within it discord.py speaks to the server at `base_url` ("http://127.0.0.1:8080"); restored afterwards.

    A plain Client never asks /gateway/bot, so the gateway's address is replaced beside REST's. Voice servers are asked
    for over TLS, which a loopback address does without.
    """
    import yarl
    from discord.asset import Asset
    from discord.gateway import DiscordWebSocket
    from discord.http import HTTPClient, Route

    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    connect = HTTPClient.ws_connect

    async def ws_connect(self: HTTPClient, url: str, *, compress: int = 0) -> Any:
        return await connect(self, url.replace("wss://127.0.0.1", "ws://127.0.0.1"), compress=compress)

    Route.BASE = f"{base_url}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(base_url.replace("http", "ws", 1) + "/gateway")
    Asset.BASE = base_url
    HTTPClient.ws_connect = ws_connect  # type: ignore[method-assign]
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before
        HTTPClient.ws_connect = connect  # type: ignore[method-assign]


def main(arguments: list[str]) -> None:
    """Run a module's main with discord.py redirected. Raises SystemExit for arguments that make no sense."""
    if arguments and arguments[0] == "--without-zstd":
        sys.modules["zstandard"] = None  # type: ignore[assignment]
        sys.modules["compression.zstd"] = None  # type: ignore[assignment]
        arguments = arguments[1:]
    if len(arguments) < 3 or arguments[1] != "--":
        raise SystemExit("usage: redirect [--without-zstd] BASE_URL -- MODULE [ARGUMENT…]")
    base_url, _, module, *rest = arguments
    sys.argv = [module, *rest]
    with redirected(base_url):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
