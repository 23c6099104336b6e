"""/take show, tree, credits, replay, retract: a take again, and what it has to do with others."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, orders, texts
from bot.commands.options import take_choices
from bot.files import file_of, room_in_answer
from bot.posting import picture_name
from bot.reply import IS_PRIVATE
from bot.views import family
from bot.views.access import named_take, require_owner_or_moderator
from bot.views.takes import takes_view
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

_TAKE = "The take's id, from the small print under it, or one of your newest"
take_group = app_commands.Group(name="take", description="Takes that were made here")


@take_group.command(description="A take again: its file, its recipe, its buttons")
@app_commands.describe(take=_TAKE)
@app_commands.autocomplete(take=take_choices)
async def show(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """Post a take once more, also one that could not be delivered."""
    found = await named_take(interaction, take)
    await interaction.client.service.sharing.require_standing([found.take_id])
    origin = await interaction.client.service.origin(found.job_id)
    await answers.think(interaction, private=bool(origin.reply.get(IS_PRIVATE)))
    client = interaction.client
    request, limit_bytes = found.recipe.request, room_in_answer(interaction)
    rendered = await client.service.render(found.take_id, request.audio_format, max_bytes=limit_bytes)
    picture = await client.service.waveform_png(found.take_id)
    await answers.show(
        interaction,
        texts.takes_text(texts.headline(request, origin.person_id), [found], [rendered.remark]),
        files=[file_of(rendered), discord.File(io.BytesIO(picture), picture_name(rendered))],
        view=takes_view([found], client.operations),
    )


@take_group.command(description="Who made what from what: the take's family as a picture")
@app_commands.describe(take=_TAKE)
@app_commands.autocomplete(take=take_choices)
async def tree(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """The family tree, for everybody in the channel."""
    await family.show_tree(interaction, await named_take(interaction, take), private=False)


@take_group.command(name="credits", description="Everybody who had a part in a take, and with what")
@app_commands.describe(take=_TAKE)
@app_commands.autocomplete(take=take_choices)
async def credits_(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """The take and all that it was made from, with names."""
    found = await named_take(interaction, take)
    await answers.think(interaction)
    await answers.show(interaction, await family.credits_text(interaction, found))


@take_group.command(description="Makes a take again by its recipe and says whether it is the same")
@app_commands.describe(take=_TAKE)
@app_commands.autocomplete(take=take_choices)
async def replay(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """The take once more, compared; nothing is posted but the word about it."""
    found = await named_take(interaction, take)
    await interaction.client.service.sharing.require_standing([found.take_id])
    await orders.defer(interaction, private=True)
    outcome = await interaction.client.service.replay(found.take_id, orders.origin_of(interaction))
    await answers.show(interaction, texts.escaped(outcome.sentence()))


@take_group.command(description="Takes your take back: its audio goes, nobody can build on it any more")
@app_commands.describe(take=_TAKE)
@app_commands.autocomplete(take=take_choices)
async def retract(interaction: discord.Interaction[BandmateClient], take: str) -> None:
    """Its owner or a moderator takes a take back, for good; the question comes before it."""
    found = await named_take(interaction, take)
    origin = await interaction.client.service.origin(found.job_id)
    require_owner_or_moderator(interaction, origin, "retract")
    await family.ask_to_retract(interaction, found)


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the group."""
    tree.add_command(take_group)
