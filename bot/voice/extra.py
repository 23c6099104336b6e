"""Whether the extra `[voice]` is there, and what it lets the bot ask Discord for."""

from __future__ import annotations

import discord
from discord import voice_client, voice_state

from generation.errors import RequestRefused

INSTALL = "pip install 'bandmate[voice]'"
PERMISSIONS = discord.Permissions(connect=True, speak=True)
"""What the invite link asks for besides, where the extra is there."""


def missing_packages() -> list[str]:
    """The packages that discord.py needs for voice and has not found, by their names on PyPI.

    PyNaCl encrypts the way to Discord's voice server; davey does the end-to-end encryption (DAVE) without which
    Discord has let nobody into a voice channel since March 2026 (close code 4017).
    """
    found = {"PyNaCl": voice_client.has_nacl, "davey": voice_state.has_dave}
    return [name for name, is_there in found.items() if not is_there]


def is_there() -> bool:
    """Whether the bot can play in voice channels."""
    return not missing_packages()


def invite_permissions() -> discord.Permissions:
    """What voice adds to the invite link: nothing where it can't be used."""
    return PERMISSIONS if is_there() else discord.Permissions.none()


def prepare(intents: discord.Intents, cache: discord.MemberCacheFlags) -> None:
    """Ask for voice states where they are of use: who sits in which voice channel. The intent is not privileged."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it would warn at every start
    intents.voice_states = is_there()
    cache.voice = is_there()


def require_extra() -> None:
    """Raises RequestRefused where the extra is not installed."""
    if not is_there():
        raise RequestRefused(f"Playing in voice channels is not installed here: my operator can add it with {INSTALL}.")
