"""/take show: a take again, with its recipe and its buttons."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import texts
from bot.posting import MAX_REQUEST_BYTES, picture_name
from bot.views.access import visible_take
from bot.views.takes import takes_view
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

take_group = app_commands.Group(name="take", description="Takes that were made here")


@take_group.command(description="A take again: its file, its recipe, its buttons")
@app_commands.describe(take="The take's id, from the small print under it")
async def show(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """Post a take once more, also one that could not be delivered."""
    found = await visible_take(interaction, take.strip().strip("`"))
    await interaction.response.defer(thinking=True)
    client = interaction.client
    request = found.recipe.request
    limit_bytes = min(interaction.filesize_limit, MAX_REQUEST_BYTES)
    rendered = await client.service.render(found.take_id, request.audio_format, max_bytes=limit_bytes)
    picture = await client.service.waveform_png(found.take_id)
    origin = await client.service.origin(found.job_id)
    await interaction.edit_original_response(
        content=texts.takes_text(texts.headline(request, origin.person_id), [found], [rendered.remark]),
        attachments=[
            discord.File(io.BytesIO(rendered.data), rendered.filename),
            discord.File(io.BytesIO(picture), picture_name(rendered)),
        ],
        view=takes_view([found], client.operations),
    )


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the group."""
    tree.add_command(take_group)
