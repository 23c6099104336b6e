"""/play and /stop: a take or a room's mix in the voice channel of the one who asks."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, orders
from bot.commands.options import take_choices
from bot.voice import buttons, extra, pieces, places
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient


@app_commands.command(description="Play a take or a room's mix in your voice channel, until its end or my next restart")
@app_commands.describe(
    take="Its id, or one of your newest; else the room's mix, or the newest take of this channel",
    loop="Again and again without a gap, until somebody stops it or all have left",
)
@app_commands.autocomplete(take=take_choices)
@app_commands.guild_only()
async def play(interaction: discord.Interaction[BandmateClient], take: str | None = None, loop: bool = False) -> None:
    """Join, play, show the buttons; the desk sees to the rest."""
    extra.require_extra()
    channel = places.channel_of(interaction)
    piece = await pieces.chosen(interaction, take)
    await orders.defer(interaction)
    async with interaction.client.under_way():
        playing = await interaction.client.voice.play(channel, piece, looped=loop)
    text = buttons.playing_text(playing, channel.id, interaction.user.id)
    await answers.show(interaction, text, view=buttons.voice_view(playing))
    message = await interaction.original_response()
    playing.shown_in(message.channel.id, message.id)


@app_commands.command(description="Stop what I play in the voice channel, and leave it")
@app_commands.guild_only()
async def stop(interaction: discord.Interaction[BandmateClient]) -> None:
    """Silence, by somebody who listens or a moderator."""
    extra.require_extra()
    await buttons.stop(interaction)


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add both commands; without the extra they say how it is installed."""
    tree.add_command(play)
    tree.add_command(stop)
