"""What may pass when Discord or the line to it stumbles, and trying again where trying twice does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

T = TypeVar("T")

STUMBLES = (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordServerError, discord.RateLimited)
"""Discord fails (5xx) or can't be reached: the same may go well a little later. Whether it was done is unknown."""
MAX_ATTEMPTS = 4
FIRST_PAUSE_S = 0.5


def may_pass(error: BaseException) -> bool:
    """Whether the same may go well a little later."""
    return isinstance(error, STUMBLES) or (isinstance(error, discord.HTTPException) and error.status == 429)


async def insisting(call: Callable[[], Awaitable[T]]) -> T:
    """The call's result; tried up to MAX_ATTEMPTS times over some seconds while it stumbles.

    Only for calls that leave the same behind when they are made twice: edits, acknowledgements. Raises the last error.
    """
    pause_s = FIRST_PAUSE_S
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return await call()
        except (discord.HTTPException, *STUMBLES) as error:
            if not may_pass(error):
                raise
        await asyncio.sleep(pause_s)
        pause_s *= 2
    return await call()
