"""What is to be played: a take, the mix of a room, or what is newest in the channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from bot import texts
from bot.preferences import FRONT_END
from bot.reply import IS_PRIVATE
from bot.views.access import named_take, visible_take
from generation.errors import RequestRefused
from generation.jam.room import Room
from generation.jobs import Rendered
from generation.request import AudioFormat, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to play. `title` is ready to be posted; `render` gives it as a WAV file, each time as it is then, and
    raises BandmateError when it may not be had any more. `take_ids` and `person_ids` say what is in it, and whose."""

    title: str
    render: Callable[[], Awaitable[Rendered]]
    take_ids: frozenset[str]
    person_ids: frozenset[str]


async def chosen(interaction: discord.Interaction[BandmateClient], typed: str | None) -> Piece:
    """The take that was typed or chosen; without one the mix of the room of this thread, elsewhere the newest take of
    the channel. Raises BandmateError."""
    if typed:
        return await _of_take(interaction, await named_take(interaction, typed))
    service, channel_id = interaction.client.service, str(interaction.channel_id)
    room = await service.jams.of_thread(FRONT_END, channel_id)
    if room is not None:
        return _of_room(interaction.client, room)
    for member in await service.sharing.newest_in(FRONT_END, channel_id):
        if not member.reply.get(IS_PRIVATE):
            return await _of_take(interaction, await visible_take(interaction, member.take_id))
    raise RequestRefused("Nothing was made in this channel yet: name a take.")


async def _of_take(interaction: discord.Interaction[BandmateClient], take: Take) -> Piece:
    """A take that all in the voice channel may hear: not a private one, not one that was taken back."""
    service = interaction.client.service
    origin = await service.origin(take.job_id)
    if origin.reply.get(IS_PRIVATE):
        raise RequestRefused("This take is private: post it first, then I can play it to others.")

    async def render() -> Rendered:
        await service.sharing.require_standing([take.take_id])
        return await service.render(take.take_id, AudioFormat.WAV)

    await service.sharing.require_standing([take.take_id])
    title = f"{texts.headline(take.recipe.request, origin.person_id)} · `{texts.plain(take.take_id, 80)}`"
    return Piece(title, render, frozenset({take.take_id}), frozenset({origin.person_id}))


def _of_room(client: BandmateClient, room: Room) -> Piece:
    async def render() -> Rendered:
        newest = await client.service.jams.room(room.room_id)
        return await client.service.jams.render_mix(newest, AudioFormat.WAV, None)

    take_ids = frozenset(layer.take_id for layer in room.audible_layers if layer.take_id)
    person_ids = frozenset(layer.owner_id for layer in room.audible_layers)
    return Piece(f"**The mix of {texts.escaped(room.title)}**", render, take_ids, person_ids)
