"""The menu of a message in a room: Add to the jam. Uploads, voice messages, videos with sound, takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, orders, preferences
from bot.jams import adding
from bot.jams.rooms import room_here
from bot.views import actions, forms, wish_forms
from bot.views.access import sources_of, visible_take
from bot.wishes import Source, Wish
from generation.jam.layers import require_room
from generation.jam.room import Room
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

FORM_KIND = "jamadd"


@app_commands.context_menu(name="Add to the jam")
@app_commands.guild_only()
async def add_to_the_jam(interaction: discord.Interaction[BandmateClient], message: discord.Message) -> None:
    """A message's audio as a layer of this thread's room; a form where several files are to choose from."""
    room = await room_here(interaction)
    require_room(room)
    sources = await sources_of(interaction, message)
    if len(sources) == 1:
        await _add(interaction, room, sources[0])
    else:
        await _ask_which(interaction, sources)


async def _add(interaction: discord.Interaction[BandmateClient], room: Room, source: Source) -> None:
    """A take or a file, if its owner lets others build on it."""
    await adding.require_leave(interaction, source)
    take = None if source.take_id is None else await visible_take(interaction, source.take_id)
    await orders.defer(interaction)
    if take is not None:
        told = await adding.add_take(interaction, room, take, None)
    else:
        told = await adding.add_attachment(interaction, room, source, None)
    await answers.show(interaction, told)


async def _ask_which(interaction: discord.Interaction[BandmateClient], sources: Sequence[Source]) -> None:
    """Show the form."""
    await preferences.require_allowed(interaction)
    wish_id = await wish_forms.keep(interaction, Wish.of(interaction, Operation.COMPOSE, *sources))
    await answers.ask(interaction, which_form(interaction, wish_id, sources))


def which_form(
    interaction: discord.Interaction[BandmateClient], wish_id: str, sources: Sequence[Source]
) -> discord.ui.Modal:
    """The form that asks which file of a message it shall be."""
    form = forms.new_form(interaction, FORM_KIND, wish_id, "Add to the jam")
    return form.add_item(wish_forms.file_choice(sources))


async def _chosen(interaction: discord.Interaction[BandmateClient], form: forms.FilledForm) -> None:
    """The submitted form: the file that was chosen."""
    _, source = await wish_forms.chosen(interaction, form)
    await _add(interaction, await room_here(interaction), source)


actions.FORM_ANSWERS[FORM_KIND] = _chosen


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the menu."""
    tree.add_command(add_to_the_jam)
