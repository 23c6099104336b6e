"""What the buttons of a take do. Each begins with a take that the person may see, and answers the interaction."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import discord

from bot import errors, orders
from bot.views import forms
from bot.views.access import require_owner_or_moderator, visible_take
from generation.request import MAX_SEED, Operation, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def again(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The same recipe with a new seed."""
    await orders.defer(interaction)
    request = take.recipe.request.changed(seed=secrets.randbelow(MAX_SEED))
    await orders.reply(interaction, await orders.submit_again(interaction, request))


async def vary(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """A variation of the take."""
    await build_on(interaction, take, Operation.VARY)


async def extend(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The take, going on."""
    await build_on(interaction, take, Operation.EXTEND)


async def build_on(
    interaction: discord.Interaction[BandmateClient], take: Take, operation: Operation, prompt: str | None = None
) -> None:
    """A new take that has this one as its clip."""
    await orders.defer(interaction)
    await orders.reply(interaction, await orders.submit_on_take(interaction, take, operation, prompt))


async def ask_for_words(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The form for the words of a restyle."""
    await interaction.response.send_modal(forms.words_form(interaction, take))


async def on_form(interaction: discord.Interaction[BandmateClient]) -> None:
    """Answer a submitted form of ours; other interactions are none of its business. Errors become sentences."""
    form = forms.filled_form(interaction)
    if form is None:
        return
    async with errors.answering(interaction):
        take = await visible_take(interaction, form.take_id)
        await build_on(interaction, take, Operation.RESTYLE, prompt=form.words)


async def delete(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Take the message with the take out of the channel; the ledger keeps the take."""
    origin = await interaction.client.service.origin(take.job_id)
    require_owner_or_moderator(interaction, origin, "delete")
    await interaction.response.defer()
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        await errors.say(interaction, "It is deleted already.")
