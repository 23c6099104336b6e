"""The form of /jam add: a file to upload, and what the layer is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import answers, orders, preferences
from bot.jams import adding
from bot.jams.rooms import room_by_id
from bot.views import actions, forms
from generation.jam.layers import MAX_NAME_CHARACTERS, require_room
from generation.jam.room import Room

if TYPE_CHECKING:
    from bot.client import BandmateClient

FORM_KIND = "jamupload"
NAME = "name"


async def ask_for_file(interaction: discord.Interaction[BandmateClient], room: Room, name: str) -> None:
    """Show the form, with the name that was said. Raises RequestRefused where nothing may be added."""
    require_room(room)
    await preferences.require_allowed(interaction)
    await answers.ask(interaction, upload_form(interaction, room, name))


def upload_form(interaction: discord.Interaction[BandmateClient], room: Room, name: str) -> discord.ui.Modal:
    """The form for a file and the layer's name."""
    form = forms.new_form(interaction, FORM_KIND, room.room_id, "Add to the jam")
    form.add_item(forms.file_field(forms.FILE, "Which file?", "An audio file, or a video with sound"))
    return form.add_item(
        forms.text_field(
            NAME, "What is the layer called?", default=name, required=False, max_length=MAX_NAME_CHARACTERS
        )
    )


async def _uploaded(interaction: discord.Interaction[BandmateClient], form: forms.FilledForm) -> None:
    """The submitted form: the file becomes a layer of the room that was asked about."""
    room = await room_by_id(interaction, form.about)
    upload = form.file(forms.FILE)
    await orders.defer(interaction)
    told = await adding.add_attachment(interaction, room, upload, form.text(NAME) or None)
    await answers.show(interaction, told)


actions.FORM_ANSWERS[FORM_KIND] = _uploaded
