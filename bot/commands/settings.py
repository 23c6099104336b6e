"""/settings me, channel, guild, service: what is set, where it comes from, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers
from bot.preferences import Scope
from bot.views.settings import require_right, settings_view
from bot.views.settings_text import settings_text
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

settings_group = app_commands.Group(name="settings", description="Your defaults, and those of a channel or the server")


@settings_group.command(description="Your defaults, and who may build on your clips")
async def me(interaction: discord.Interaction[BandmateClient]) -> None:
    """One's own settings."""
    await _show(interaction, Scope.PERSON)


@settings_group.command(description="The defaults and limits of this channel, for those who may manage it")
@app_commands.guild_only()
async def channel(interaction: discord.Interaction[BandmateClient]) -> None:
    """A channel's settings."""
    await _show(interaction, Scope.CHANNEL)


@settings_group.command(description="The server's defaults, limits, channels, roles and block list, for its managers")
@app_commands.guild_only()
async def guild(interaction: discord.Interaction[BandmateClient]) -> None:
    """A server's settings."""
    await _show(interaction, Scope.GUILD)


@settings_group.command(description="How much the whole service gives, for the operators of this bot")
async def service(interaction: discord.Interaction[BandmateClient]) -> None:
    """The service's limits."""
    await _show(interaction, Scope.SERVICE)


async def _show(interaction: discord.Interaction[BandmateClient], scope: Scope) -> None:
    require_right(interaction, scope)
    await answers.respond(interaction, await settings_text(interaction, scope), view=settings_view(scope))


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the group."""
    tree.add_command(settings_group)
