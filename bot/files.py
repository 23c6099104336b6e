"""Files for Discord: how large they may be where they go, and how discord.py takes them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import discord

from generation.service import Rendered

if TYPE_CHECKING:
    from bot.client import BandmateClient

MAX_REQUEST_BYTES = 24 * 1024**2
"""Discord takes at most 25 MiB in one request; the rest is left to the form around the files."""


def room_in_answer(interaction: discord.Interaction[Any]) -> int:
    """How many bytes the files of an interaction's answer may have, together."""
    return min(interaction.filesize_limit, MAX_REQUEST_BYTES)


def limit_in_guild(client: BandmateClient, guild_id: str | None) -> int:
    """How many bytes each file may have that is posted in a guild, or in direct messages (None)."""
    guild = client.get_guild(int(guild_id or 0))
    return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES


def file_of(rendered: Rendered) -> discord.File:
    """A file to send, once: discord.py closes it then."""
    return discord.File(io.BytesIO(rendered.data), rendered.filename)
