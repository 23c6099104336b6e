"""What an order inherits from the room that it is given in: tempo, key, metre, bars, style, engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import texts
from bot.preferences import FRONT_END
from bot.reply import JAM_ROOM_ID
from generation.errors import TakeNotFound
from generation.jam.frame import framed
from generation.jam.room import Room
from generation.jobs import Origin
from generation.request import Operation, Request

if TYPE_CHECKING:
    from bot.client import BandmateClient

IN_FRAME = "jam_in_frame"
"""Set in the extras when the clips of an order are in the room's frame already."""


async def inherit(
    interaction: discord.Interaction[BandmateClient], request: Request, asker: Origin
) -> tuple[Request, list[str]]:
    """The request as its place wants it, and lines that say so; unchanged outside of open rooms.

    Clips are brought to the room's tempo, key and bars. Raises RequestRefused when one can't be.
    """
    if not isinstance(interaction.channel, discord.Thread):
        return request, []
    room = await interaction.client.service.jams.of_thread(FRONT_END, str(interaction.channel_id))
    if room is None or not room.is_open:
        return request, []
    interaction.extras[JAM_ROOM_ID] = room.room_id
    clip_ids, remarks = await _fitted_clips(interaction, room, request, asker)
    within = framed(request.changed(clip_ids=clip_ids), room.frame, _engine(interaction.client, room, request))
    lines = [texts.small(f"In this room: {room.frame.sentence()}"), *(texts.small(remark) for remark in remarks)]
    return within, lines


async def _fitted_clips(
    interaction: discord.Interaction[BandmateClient], room: Room, request: Request, asker: Origin
) -> tuple[tuple[str, ...], list[str]]:
    is_hint = request.operation is Operation.COMPOSE  # its clip gives a hint of tempo and key, which the room has
    is_framed = request.tempo_bpm == room.frame.tempo_bpm or bool(interaction.extras.get(IN_FRAME))
    if is_hint or is_framed or await _was_made_here(interaction.client, room, request):
        return request.clip_ids, []
    clip_ids: list[str] = []
    remarks: list[str] = []
    wanted = request.clip_ids[:2] if request.has_backing else request.clip_ids  # parts of it, fitted apart, don't meet
    for clip_id in wanted:
        check_in, told = await interaction.client.service.jams.fit_clip(room, clip_id, asker, "a clip in the room")
        clip_ids.append(check_in.clip_id)
        remarks += told
    return tuple(clip_ids), remarks


async def _was_made_here(client: BandmateClient, room: Room, request: Request) -> bool:
    """Whether all takes that it builds on were made in this room, and so in its frame."""
    if len(request.parent_take_ids) < max(len(request.clip_ids), 1):
        return False
    for take_id in request.parent_take_ids:
        try:
            origin = await client.service.origin((await client.service.take(take_id)).job_id)
        except TakeNotFound:
            return False
        if origin.channel_id != room.thread_id:
            return False
    return True


def _engine(client: BandmateClient, room: Room, request: Request) -> str | None:
    """The room's engine, where it can do this and the person named no other."""
    wanted = room.frame.engine
    usual = client.engine_for(request.operation)
    if wanted is None or request.engine != usual or wanted not in client.engines_for(request.operation):
        return None
    return wanted
