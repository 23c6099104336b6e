"""The menus of a message, on anything with audio: Remix this, Extend this."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, consent, preferences
from bot.views import wish_forms
from bot.views.access import sources_of
from bot.wishes import Source, Wish
from generation.errors import RequestRefused
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient


@app_commands.context_menu(name="Remix this")
async def remix_this(interaction: discord.Interaction[BandmateClient], message: discord.Message) -> None:
    """The message's audio in the words of a form."""
    operations = [operation for operation in wish_forms.REMIXES if operation in interaction.client.operations]
    if not operations:
        raise RequestRefused("No engine that runs here can remix.")
    await preferences.require_allowed(interaction)
    await _ask(interaction, "Remix this", await sources_of(interaction, message), operations)


@app_commands.context_menu(name="Extend this")
async def extend_this(interaction: discord.Interaction[BandmateClient], message: discord.Message) -> None:
    """The message's audio, going on; a form where several files are to choose from."""
    sources = await sources_of(interaction, message)
    if len(sources) == 1:
        await consent.fulfil(interaction, Wish.of(interaction, Operation.EXTEND, sources[0]))
        return
    await preferences.require_allowed(interaction)
    await _ask(interaction, "Extend this", sources, [Operation.EXTEND])


async def _ask(
    interaction: discord.Interaction[BandmateClient],
    title: str,
    sources: Sequence[Source],
    operations: Sequence[Operation],
) -> None:
    """Show the form."""
    wish_id = await wish_forms.keep(interaction, Wish.of(interaction, operations[0], *sources))
    await answers.ask(interaction, wish_forms.remix_form(interaction, wish_id, title, sources, operations))


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the menus of what some engine here can do."""
    if set(wish_forms.REMIXES) & set(operations):
        tree.add_command(remix_this)
    if Operation.EXTEND in operations:
        tree.add_command(extend_this)
