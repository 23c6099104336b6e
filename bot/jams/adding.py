"""Bringing an upload or a take into a room as a layer."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import discord

from bot import consent, orders, texts
from bot.intake import AttachmentLike
from bot.jams.card import layer_line
from bot.jams.rooms import person_of
from bot.views.access import take_source
from bot.wishes import Source, Wish
from generation.errors import RequestRefused
from generation.jam.layers import require_room
from generation.jam.room import Room
from generation.request import Operation, Take
from generation.service import CheckIn

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def add_attachment(
    interaction: discord.Interaction[BandmateClient], room: Room, attachment: AttachmentLike, name: str | None
) -> str:
    """An attached file as a layer: fetched, listened to, fitted. The words to answer with.

    The interaction is deferred already. Raises BandmateError.
    """
    require_room(room)
    client = interaction.client
    async with client.under_way():
        return await add_clip(interaction, room, await orders.check_in(interaction, attachment), name)


async def add_clip(
    interaction: discord.Interaction[BandmateClient], room: Room, check_in: CheckIn, name: str | None
) -> str:
    """A clip that was let in as a layer. The words to answer with. Raises BandmateError."""
    client = interaction.client
    shown = name or PurePath(check_in.name).stem
    after, remarks = await client.service.jams.add_clip(room.room_id, person_of(interaction), check_in.clip_id, shown)
    client.jams.board.refresh(room.room_id)
    return _told(after, texts.check_in_lines([check_in]), remarks)


async def require_leave(interaction: discord.Interaction[BandmateClient], source: Source) -> None:
    """Raises RequestRefused unless the owner of a file or take lets this person use it without asking."""
    wish = Wish.of(interaction, Operation.COMPOSE, source)
    if await consent.owner_to_ask(interaction.client, wish) is not None:
        raise RequestRefused("Its owner wants to be asked first: they can add it to the jam themselves.")


async def add_take(interaction: discord.Interaction[BandmateClient], room: Room, take: Take, name: str | None) -> str:
    """A take that the person may see as a layer. The words to answer with. Raises BandmateError."""
    require_room(room)
    await require_leave(interaction, await take_source(interaction, take))
    client = interaction.client
    request = take.recipe.request
    async with client.under_way():
        after, remarks = await client.service.jams.add_take(
            room.room_id,
            orders.origin_of(interaction),
            take,
            name or texts.plain(request.prompt, 24) or request.operation.value,
            person_of(interaction),
        )
    client.jams.board.refresh(room.room_id)
    return _told(after, [], remarks)


def _told(room: Room, heard: list[str], remarks: tuple[str, ...]) -> str:
    newest = max(room.layers, key=lambda layer: layer.layer_id)
    return texts.cut([f"Added layer {layer_line(room, newest)}", *heard, *(texts.small(remark) for remark in remarks)])
