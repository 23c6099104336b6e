"""/jam layers, stems, gain, mute, solo, undo: what is done to the layers of a room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import answers, orders, texts
from bot.jams import mixing
from bot.jams.card import layer_line, layer_lines
from bot.jams.rooms import person_of, room_here
from bot.preferences import FRONT_END
from bot.views import jam as views
from generation.jam import layers as rules
from generation.jam.layers import MAX_GAIN_DB, MIN_GAIN_DB
from generation.jam.room import Person, Room

if TYPE_CHECKING:
    from bot.client import BandmateClient

Decibels = app_commands.Range[float, MIN_GAIN_DB, MAX_GAIN_DB]


@app_commands.command(description="The layers of this room; with a name, that one alone as a file")
@app_commands.describe(layer="The layer to hear alone")
async def layers(interaction: discord.Interaction[BandmateClient], layer: str | None = None) -> None:
    """The layers, or one of them; also of a closed room."""
    room = await room_here(interaction, open_only=False)
    await answers.think(interaction)
    if layer is None:
        await answers.show(interaction, texts.cut(layer_lines(room)))
    else:
        await mixing.post_layer(interaction, room, rules.layer_named(room, layer))


@app_commands.command(description="All layers of this room as files, in as many zips as it takes; only you get them")
async def stems(interaction: discord.Interaction[BandmateClient]) -> None:
    """The layers one by one; also of a closed room."""
    room = await room_here(interaction, open_only=False)
    await answers.think(interaction)
    await mixing.post_stems(interaction, room)


@app_commands.command(description="A layer louder or softer")
@app_commands.describe(layer="Which layer", db="Decibels, -40 to 12; 0 is as it came")
async def gain(interaction: discord.Interaction[BandmateClient], layer: str, db: Decibels) -> None:
    """A layer's gain."""
    await _alter(interaction, layer, lambda room, by, wanted: rules.set_gain(room, by, wanted, db))


@app_commands.command(description="A layer out of the mix, or in it again")
@app_commands.describe(layer="Which layer", on="False lets it be heard again")
async def mute(interaction: discord.Interaction[BandmateClient], layer: str, on: bool = True) -> None:
    """Mute and unmute."""
    await _alter(interaction, layer, lambda room, by, wanted: rules.set_mute(room, by, wanted, on))


@app_commands.command(description="A layer alone (with other solo ones), or among all again")
@app_commands.describe(layer="Which layer", on="False ends its solo")
async def solo(interaction: discord.Interaction[BandmateClient], layer: str, on: bool = True) -> None:
    """Solo and its end."""
    await _alter(interaction, layer, lambda room, by, wanted: rules.set_solo(room, by, wanted, on))


@app_commands.command(description="Take back your newest change of a layer")
@app_commands.describe(anyones="The newest change of all, not only yours (host and moderators)")
async def undo(interaction: discord.Interaction[BandmateClient], anyones: bool = False) -> None:
    """One's own newest change taken back, or as a host anyone's."""
    await views.undo(interaction, await room_here(interaction), anyones=anyones)


async def _alter(
    interaction: discord.Interaction[BandmateClient], named: str, rule: Callable[[Room, Person, int], Room]
) -> None:
    """Change a layer by a rule, bring the card up to date, and say how the layer is now."""
    room = await room_here(interaction)
    by, layer_id = person_of(interaction), rules.layer_named(room, named).layer_id
    await orders.defer(interaction)
    jams = interaction.client.service.jams
    after = await jams.change(room.room_id, lambda newest, now: rule(newest, by, layer_id))
    interaction.client.jams.board.refresh(room.room_id)
    layer = next(layer for layer in after.layers if layer.layer_id == layer_id)
    await answers.show(interaction, layer_line(after, layer))


async def layer_choices(
    interaction: discord.Interaction[BandmateClient], current: str
) -> list[app_commands.Choice[str]]:
    """The layers of this room by name."""
    room = await interaction.client.service.jams.of_thread(FRONT_END, str(interaction.channel_id))
    names = [layer.name for layer in room.layers] if room else []
    return [app_commands.Choice(name=name, value=name) for name in names if current.lower() in name.lower()]


layers.autocomplete("layer")(layer_choices)
gain.autocomplete("layer")(layer_choices)
mute.autocomplete("layer")(layer_choices)
solo.autocomplete("layer")(layer_choices)


def add_to(group: app_commands.Group) -> None:
    """Add the commands to /jam."""
    commands: tuple[app_commands.Command[Any, ..., None], ...] = (layers, stems, gain, mute, solo, undo)
    for command in commands:
        group.add_command(command)
